"""The catalogue of surfaces, one row each.

Critical points are those inside the domain. They were found by Newton's method from a dense grid
and agree with the published values except where an entry says otherwise.
"""

from itertools import product
from types import MappingProxyType

from gdviz_core.surface import Surface


def _mirrored(*octant):
    """All images of points under the symmetries of the square, for 0 <= y <= x."""
    images = set()
    for x, y in octant:
        for a, b in ((x, y), (y, x)):
            images |= {(s * a + 0.0, t * b + 0.0) for s in (1, -1) for t in (1, -1)}
    return tuple(sorted(images, key=lambda p: (p[0] ** 2 + p[1] ** 2, p)))


def _both_signs(*points):
    """Points and their reflections through the origin."""
    return tuple(image for x, y in points for image in ((x, y), (-x + 0.0, -y + 0.0)))


def _pairs(xs, ys):
    """The products of critical points of two one-dimensional functions, the innermost first."""
    return tuple(sorted(product(xs, ys), key=lambda p: (round(p[0] ** 2 + p[1] ** 2, 9), p)))


# Rastrigin along one axis: where x + 10 pi sin(2 pi x) = 0.
_HALF_WELLS = (0.0, 0.9949586376523348, 1.9899122337085495, 2.984855701039481, 3.979783860300754,
          4.974691390895051)  # fmt: skip
_WELLS = tuple(sorted({s * x + 0.0 for x in _HALF_WELLS for s in (1, -1)}))
_HALF_CRESTS = (0.5025460365546747, 1.5076407318703584, 2.512743318200085, 3.5178591381704414,
           4.522993659584519)  # fmt: skip
_CRESTS = tuple(sorted({s * x for x in _HALF_CRESTS for s in (1, -1)}))

_ENTRIES = (
    Surface(
        name="himmelblau",
        title="Himmelblau",
        formula="(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        domain=(-6, 6, -6, 6),
        start=(-0.35, -0.9),
        minima=((3, 2), (3.58442834033049, -1.8481265269644),
                (-3.77931025337775, -3.28318599128617),
                (-2.80511808695274, 3.13131251825057)),
        saddles=((3.38515418360702, 0.07385187983775), (0.0866775045554, 2.88425470117478),
                 (-3.07302575076439, -0.08135304428797), (-0.12796134673068, -1.95371498024458)),
        maxima=((-0.27084459066735, -0.92303855647998),),
        source="Himmelblau 1972, Applied Nonlinear Programming, McGraw-Hill",
    ),
    Surface(
        name="rosenbrock",
        title="Rosenbrock",
        formula="(1 - x)^2 + 100*(y - x^2)^2",
        domain=(-2, 2, -1, 3),
        start=(-1.2, 1),
        minima=((1, 1),),
        source="Rosenbrock 1960, doi:10.1093/comjnl/3.3.175",
    ),
    Surface(
        name="beale",
        title="Beale",
        # A valley runs to infinity along y = 1, where the loss falls to 0.4520; runs escape in it.
        formula="(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
        domain=(-4.5, 4.5, -4.5, 4.5),
        start=(1, 1.5),
        minima=((3, 0.5),),
        saddles=((0, 1), (0.10053793732416, -2.64451358502312)),
        source="Beale 1958, On an iterative method for finding a local minimum, Princeton",
    ),
    Surface(
        name="rastrigin",
        title="Rastrigin",
        formula="20 + x^2 + y^2 - 10*(cos(2*pi*x) + cos(2*pi*y))",
        domain=(-5.12, 5.12, -5.12, 5.12),
        start=(3.4, -2.6),
        minima=_pairs(_WELLS, _WELLS),
        saddles=_pairs(_WELLS, _CRESTS) + _pairs(_CRESTS, _WELLS),
        maxima=_pairs(_CRESTS, _CRESTS),
        source="Rastrigin 1974, Systems of Extremal Control; Rudolph 1990",
    ),
    Surface(
        name="ackley",
        title="Ackley",
        # A cone at 0, slope 2.8284: its gradient at the tip is taken as 0.
        formula="20 + e - 20*exp(-0.2*sqrt((x^2 + y^2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)",
        domain=(-5, 5, -5, 5),
        start=(-2.4, 3.3),
        minima=((0.0, 0.0), *_mirrored(
            (0.95216654595017, 0.0), (0.96847765870772, 0.96847765870772),
            (1.95891971812172, 0.0), (1.96461666286299, 0.98241603507914),
            (1.97445198648412, 1.97445198648412), (2.96461944311205, 0.0),
            (2.96725952876256, 0.98915418648166), (2.97313941992438, 1.98213995038148),
            (3.96946674335176, 0.0), (3.97091831506428, 0.99276720617004),
            (2.97922395469114, 2.97922395469114), (3.9745401784682, 1.9873106146275),
            (4.97361125799699, 0.0), (3.97892475076819, 2.98421373812724),
            (4.97449772217698, 0.99492037382184), (4.9768438493301, 1.99076487573553),
            (3.98306769968976, 3.98306769968976), (4.97995793948682, 2.98799505885284),
            (4.98319889676088, 3.98656809795395), (4.98618045699788, 4.98618045699788),
        )),
        saddles=_mirrored(
            (0.62578061685646, 0.0), (0.87476203887534, 0.57741253527821),
            (1.61029602055373, 0.0), (1.59502892407286, 0.94589849270153),
            (1.85597670897491, 0.53649723811199), (1.91616684899713, 1.56745025286241),
            (2.59659463441222, 0.0), (2.58954937697874, 0.96804823039839),
            (2.88511185152923, 0.5189618497904), (2.57334837517901, 1.9454283817824),
            (2.91160828021309, 1.54513590201479), (3.58448324581964, 0.0),
            (3.58053420763512, 0.9788488878373), (2.93527287750516, 2.55596840989503),
            (3.90624433777271, 0.51159124048221), (3.57049061129117, 1.96216060206467),
            (3.91877359298735, 1.53055246184313), (4.57379829938943, 0.0),
            (3.55802651526457, 2.95219783422376), (4.5713326703419, 0.98511573619823),
            (3.93455947298696, 2.54156153173835), (4.56473497638369, 1.97265538513786),
            (4.92183077870306, 0.50774683734899), (4.92857018991555, 1.52138083207835),
            (3.94851710693312, 3.54607437452536), (4.55584197754518, 2.96410564579808),
            (4.93871226001698, 2.53082867336932), (4.5464816048201, 3.95966034593907),
            (4.94919313315926, 3.53599198831629), (4.9585622271421, 4.53785077278987),
        ),
        maxima=_mirrored(
            (0.67309652011074, 0.67309652011074), (1.77344514870847, 0.54958581442292),
            (1.65184814620142, 1.65184814620142), (2.74159553541057, 0.53097644628430),
            (2.68614088319306, 1.59183871310951), (2.63217210940240, 2.63217210940240),
            (3.71145822365667, 0.52179057342300), (3.68349344749707, 1.56340208611838),
            (3.64649941688578, 2.59586698012668), (4.68573668868941, 0.51614931423810),
            (4.66978455841577, 1.54683676852656), (3.61404944182256, 3.61404944182256),
            (4.64524572076995, 2.57216500648654), (4.61984356957121, 3.58914167643006),
            (4.59753475035542, 4.59753475035542),
        ),
        source="Ackley 1987, A Connectionist Machine for Genetic Hillclimbing, Kluwer",
    ),
    Surface(
        name="six_hump_camel",
        title="Six-hump camel",
        formula="(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2",
        domain=(-3, 3, -2, 2),
        start=(-0.6, 1.6),
        minima=_both_signs((0.08984201310032, -0.71265640302074),
                           (1.70360671496998, -0.79608356867263),
                           (1.6071047529202, 0.56865145488413)),
        saddles=((0, 0), *_both_signs((1.10920533680479, -0.76826809250954),
                                      (1.63806798418978, 0.22867406904439),
                                      (1.29607026716711, 0.60508438803866))),
        maxima=_both_signs((1.23022987651665, 0.16233458445899)),
        source="Dixon and Szego 1978, Towards Global Optimisation 2, North-Holland",
    ),
    Surface(
        name="styblinski_tang",
        title="Styblinski-Tang",
        # The value at the minimum, -78.3323314, is often misprinted as -78.33198.
        formula="(x^4 - 16*x^2 + 5*x + y^4 - 16*y^2 + 5*y)/2",
        domain=(-5, 5, -5, 5),
        start=(0.5, 1.2),
        minima=((-2.90353402777118, -2.90353402777118), (-2.90353402777118, 2.74680277099084),
                (2.74680277099084, -2.90353402777118), (2.74680277099084, 2.74680277099084)),
        saddles=((-2.90353402777118, 0.15673125678034), (0.15673125678034, -2.90353402777118),
                 (0.15673125678034, 2.74680277099084), (2.74680277099084, 0.15673125678034)),
        maxima=((0.15673125678034, 0.15673125678034),),
        source="Styblinski and Tang 1990, doi:10.1016/0893-6080(90)90029-K",
    ),
    Surface(
        name="peaks",
        title="Peaks",
        formula=(
            "3*(1 - x)^2*exp(-x^2 - (y + 1)^2) - 10*(x/5 - x^3 - y^5)*exp(-x^2 - y^2)"
            " - exp(-(x + 1)^2 - y^2)/3"
        ),
        domain=(-3, 3, -3, 3),
        start=(-0.1, 1.2),
        minima=((0.22827892055637, -1.6255349575), (-1.34739624436821, 0.20451886609701),
                (0.29644555384683, 0.32019624766683)),
        saddles=((0.41632332167851, -0.39414509840242), (-0.26593755683725, 0.46673999372627),
                 (1.09827283433509, 0.85446097952475)),
        maxima=((-0.00931758195995, 1.581367962939), (-0.46002451803439, -0.6291965087168),
                (1.2856846972413, -0.00484755907559)),
        source="MathWorks, MATLAB function peaks",
    ),
    Surface(
        name="zirilli",
        title="Zirilli double well",
        formula="x^4/4 - x^2/2 + x/10 + y^2/2",
        domain=(-2, 2, -1.5, 1.5),
        start=(1.6, 1.1),
        minima=((-1.0466805318046, 0), (0.94564927392359, 0)),
        saddles=((0.10103125788101, 0),),
        source="Aluffi-Pentini, Parisi and Zirilli 1985, doi:10.1007/BF00941312",
    ),
    Surface(
        name="hyperbolic_paraboloid",
        title="Hyperbolic paraboloid",
        formula="x^2 - y^2",
        domain=(-2, 2, -2, 2),
        start=(-1.6, 0.001),
        saddles=((0, 0),),
        source="the plainest saddle; unbounded below",
    ),
    Surface(
        name="monkey_saddle",
        title="Monkey saddle",
        # The Hessian at 0 is zero: a degenerate critical point, with three ways down.
        formula="x^3 - 3*x*y^2",
        domain=(-2, 2, -2, 2),
        start=(1.5, 0.02),
        degenerate=((0, 0),),
        source="Hilbert and Cohn-Vossen 1932, Anschauliche Geometrie",
    ),
    Surface(
        name="ellipse",
        title="Ill-conditioned ellipse",
        formula="x^2 + 50*y^2",
        domain=(-2, 2, -1.5, 1.5),
        start=(-1.8, 0.9),
        minima=((0, 0),),
        source="a quadratic of condition number 50; see Goh 2017, doi:10.23915/distill.00006",
    ),
)  # fmt: skip

SURFACES = MappingProxyType({surface.name: surface for surface in _ENTRIES})
