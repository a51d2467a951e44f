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
        minima=((3, 2), (3.584428340333, -1.848126526997), (-3.779310253378, -3.283185991286),
                (-2.805118086953, 3.131312518251)),
        saddles=((3.385154183607, 0.073851879838), (0.086677504555, 2.884254701175),
                 (-3.073025750764, -0.081353044288), (-0.127961346725, -1.953714980281)),
        maxima=((-0.27084459066, -0.92303855648),),
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
        saddles=((0, 1), (0.100537937324, -2.644513585023)),
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
            (0.95216654595, 0.0), (0.968477658708, 0.968477658708), (1.958919718122, 0.0),
            (1.964616662863, 0.982416035079), (1.974451986484, 1.974451986484),
            (2.964619443112, 0.0), (2.967259528763, 0.989154186482),
            (2.973139419924, 1.982139950381), (3.969466743352, 0.0),
            (3.970918315064, 0.99276720617), (2.979223954691, 2.979223954691),
            (3.974540178468, 1.987310614627), (4.973611257997, 0.0),
            (3.978924750768, 2.984213738127), (4.974497722177, 0.994920373822),
            (4.97684384933, 1.990764875736), (3.98306769969, 3.98306769969),
            (4.979957939487, 2.987995058853), (4.983198896761, 3.986568097954),
            (4.986180456998, 4.986180456998),
        )),
        saddles=_mirrored(
            (0.625780616856, 0.0), (0.874762038875, 0.577412535278), (1.610296020554, 0.0),
            (1.595028924073, 0.945898492702), (1.855976708975, 0.536497238112),
            (1.916166848997, 1.567450252862), (2.596594634412, 0.0),
            (2.589549376979, 0.968048230398), (2.885111851529, 0.51896184979),
            (2.573348375179, 1.945428381782), (2.911608280213, 1.545135902015),
            (3.58448324582, 0.0), (3.580534207635, 0.978848887837),
            (2.935272877505, 2.555968409895), (3.906244337773, 0.511591240482),
            (3.570490611291, 1.962160602065), (3.918773592987, 1.530552461843),
            (4.573798299389, 0.0), (3.558026515265, 2.952197834224),
            (4.571332670342, 0.985115736198), (3.934559472987, 2.541561531738),
            (4.564734976384, 1.972655385138), (4.921830778703, 0.507746837349),
            (4.928570189916, 1.521380832078), (3.948517106933, 3.546074374525),
            (4.555841977545, 2.964105645798), (4.938712260017, 2.530828673369),
            (4.54648160482, 3.959660345939), (4.949193133159, 3.535991988316),
            (4.958562227142, 4.53785077279),
        ),
        source="Ackley 1987, A Connectionist Machine for Genetic Hillclimbing, Kluwer",
    ),
    Surface(
        name="six_hump_camel",
        title="Six-hump camel",
        formula="(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2",
        domain=(-3, 3, -2, 2),
        start=(-0.6, 1.6),
        minima=_both_signs((0.0898420131, -0.712656403021), (1.70360671497, -0.796083568673),
                           (1.60710475292, 0.568651454884)),
        saddles=((0, 0), *_both_signs((1.109205336805, -0.76826809251),
                                      (1.63806798419, 0.228674069044),
                                      (1.296070267167, 0.605084388039))),
        maxima=_both_signs((1.230229876517, 0.162334584459)),
        source="Dixon and Szego 1978, Towards Global Optimisation 2, North-Holland",
    ),
    Surface(
        name="styblinski_tang",
        title="Styblinski-Tang",
        # The value at the minimum, -78.3323314, is often misprinted as -78.33198.
        formula="(x^4 - 16*x^2 + 5*x + y^4 - 16*y^2 + 5*y)/2",
        domain=(-5, 5, -5, 5),
        start=(0.5, 1.2),
        minima=((-2.903534027771, -2.903534027771), (-2.903534027771, 2.746802770991),
                (2.746802770991, -2.903534027771), (2.746802770991, 2.746802770991)),
        saddles=((-2.903534027771, 0.15673125678), (0.15673125678, -2.903534027771),
                 (0.15673125678, 2.746802770991), (2.746802770991, 0.15673125678)),
        maxima=((0.15673125678, 0.15673125678),),
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
        minima=((0.228278920556, -1.6255349575), (-1.347396244368, 0.204518866097),
                (0.296445553847, 0.320196247667)),
        saddles=((0.416323321679, -0.394145098402), (-0.265937556837, 0.466739993726),
                 (1.098272834335, 0.854460979525)),
        maxima=((-0.00931758196, 1.581367962939), (-0.460024518034, -0.629196508717),
                (1.285684697241, -0.004847559076)),
        source="MathWorks, MATLAB function peaks",
    ),
    Surface(
        name="zirilli",
        title="Zirilli double well",
        formula="x^4/4 - x^2/2 + x/10 + y^2/2",
        domain=(-2, 2, -1.5, 1.5),
        start=(1.6, 1.1),
        minima=((-1.046680531805, 0), (0.945649273924, 0)),
        saddles=((0.101031257881, 0),),
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
        saddles=((0, 0),),
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
