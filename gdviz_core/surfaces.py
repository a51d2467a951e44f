"""The catalogue of surfaces, one row each.

Critical points are those inside the domain, found by `critical_points` and in agreement with the
published values except where a remark says otherwise. Where there are more than two dozen they are
in landmarks.json.
"""

import json
from math import pi
from pathlib import Path
from types import MappingProxyType

from gdviz_core.parameter import Parameter
from gdviz_core.surface import Surface

_LANDMARKS = json.loads((Path(__file__).parent / "landmarks.json").read_text())


def _listed(name):
    """The critical points of a surface that has many of them."""
    found = _LANDMARKS.get(name, {})
    return {kind: tuple(map(tuple, points)) for kind, points in found.items()}


def _term(name, centre):
    return f"({name} - {centre})^6".replace("- -", "+ ")


_HOLES = (-32, -16, 0, 16, 32)
_FOXHOLES = "1/(0.002 + {})".format(
    " + ".join(
        f"1/({5 * row + column + 1} + {_term('x', a)} + {_term('y', b)})"
        for row, b in enumerate(_HOLES)
        for column, a in enumerate(_HOLES)
    )
)

_ENTRIES = (
    Surface(
        name="himmelblau",
        title="Himmelblau",
        formula="(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        domain=(-6, 6, -6, 6),
        start=(-0.35, -0.9),
        minima=(
            (3, 2),
            (3.58442834033049, -1.8481265269644),
            (-3.77931025337775, -3.28318599128617),
            (-2.80511808695274, 3.13131251825057),
        ),
        saddles=(
            (3.38515418360702, 0.0738518798377493),
            (0.0866775045553963, 2.88425470117478),
            (-3.07302575076439, -0.0813530442879675),
            (-0.12796134673068, -1.95371498024458),
        ),
        maxima=((-0.270844590667348, -0.923038556479981),),
        tags=("multimodal", "saddle"),
        source="Himmelblau 1972, Applied Nonlinear Programming, McGraw-Hill",
    ),
    Surface(
        name="rosenbrock",
        title="Rosenbrock",
        formula="(a - x)^2 + b*(y - x^2)^2",
        domain=(-2, 2, -1, 3),
        start=(-1.2, 1),
        minima=((1, 1),),
        parameters=(
            Parameter("a", 1.0, -1.4, 1.4, meaning="where along the valley the minimum lies"),
            Parameter("b", 100.0, 1.0, 1000.0, log=True, meaning="steepness of its walls"),
        ),
        tags=("valley",),
        source="Rosenbrock 1960, doi:10.1093/comjnl/3.3.175",
    ),
    Surface(
        name="beale",
        title="Beale",
        formula="(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
        domain=(-4.5, 4.5, -4.5, 4.5),
        start=(1, 1.5),
        minima=((3, 0.5),),
        saddles=((0.100537937324158, -2.64451358502312), (0, 1)),
        tags=("valley", "saddle"),
        source="Beale 1958, On an iterative method for finding a local minimum, Princeton",
        remark=(
            "A valley runs to infinity along y = 1, where the loss falls to 0.4520; runs escape"
            " in it."
        ),
    ),
    Surface(
        name="rastrigin",
        title="Rastrigin",
        formula="2*a + x^2 + y^2 - a*(cos(2*pi*x) + cos(2*pi*y))",
        domain=(-5.12, 5.12, -5.12, 5.12),
        start=(3.4, -2.6),
        **_listed("rastrigin"),
        parameters=(Parameter("a", 10.0, 1.0, 40.0, meaning="height of the ripples"),),
        tags=("multimodal", "saddle"),
        source="Rastrigin 1974, Systems of Extremal Control; Rudolph 1990",
    ),
    Surface(
        name="ackley",
        title="Ackley",
        formula="20 + e - 20*exp(-0.2*sqrt((x^2 + y^2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)",
        domain=(-5, 5, -5, 5),
        start=(-2.4, 3.3),
        **_listed("ackley"),
        lr=0.01,
        tags=("multimodal", "saddle", "non-smooth"),
        source="Ackley 1987, A Connectionist Machine for Genetic Hillclimbing, Kluwer",
        remark=(
            "A cone at 0, slope 2.8284: its gradient at the tip is taken as 0. A survey prints"
            " -0.02 for -0.2."
        ),
    ),
    Surface(
        name="six_hump_camel",
        title="Six-hump camel",
        formula="(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2",
        domain=(-3, 3, -2, 2),
        start=(-0.6, 1.6),
        minima=(
            (-0.0898420131003181, 0.71265640302074),
            (0.0898420131003181, -0.71265640302074),
            (-1.70360671496998, 0.796083568672625),
            (1.70360671496998, -0.796083568672625),
            (1.6071047529202, 0.568651454884131),
            (-1.6071047529202, -0.568651454884131),
        ),
        saddles=(
            (0, 0),
            (-1.10920533680479, 0.76826809250954),
            (1.10920533680479, -0.76826809250954),
            (-1.63806798418978, -0.228674069044394),
            (1.63806798418978, 0.228674069044394),
            (-1.29607026716711, -0.605084388038658),
            (1.29607026716711, 0.605084388038658),
        ),
        maxima=((-1.23022987651665, -0.162334584458995), (1.23022987651665, 0.162334584458995)),
        tags=("multimodal", "saddle"),
        source="Dixon and Szego 1978, Towards Global Optimisation 2, North-Holland",
    ),
    Surface(
        name="styblinski_tang",
        title="Styblinski-Tang",
        formula="(x^4 - 16*x^2 + 5*x + y^4 - 16*y^2 + 5*y)/2",
        domain=(-5, 5, -5, 5),
        start=(0.5, 1.2),
        minima=(
            (-2.90353402777118, -2.90353402777118),
            (-2.90353402777118, 2.74680277099084),
            (2.74680277099084, -2.90353402777118),
            (2.74680277099084, 2.74680277099084),
        ),
        saddles=(
            (-2.90353402777118, 0.15673125678034),
            (0.15673125678034, -2.90353402777118),
            (0.15673125678034, 2.74680277099084),
            (2.74680277099084, 0.15673125678034),
        ),
        maxima=((0.15673125678034, 0.15673125678034),),
        tags=("multimodal", "saddle"),
        source="Styblinski and Tang 1990, doi:10.1016/0893-6080(90)90029-K",
        remark="The value at the minimum is -78.3323314; it is often misprinted as -78.33198.",
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
        minima=(
            (0.228278920556369, -1.6255349575),
            (-1.34739624436821, 0.204518866097005),
            (0.296445553846832, 0.320196247666834),
        ),
        saddles=(
            (0.416323321678508, -0.394145098402425),
            (-0.265937556837246, 0.466739993726269),
            (1.09827283433509, 0.854460979524752),
        ),
        maxima=(
            (1.2856846972413, -0.00484755907559368),
            (-0.460024518034387, -0.629196508716801),
            (-0.00931758195995411, 1.581367962939),
        ),
        tags=("multimodal", "saddle", "plateau"),
        source="MathWorks, MATLAB function peaks",
        remark="Tends to 0 far out, where no method finds a way back.",
    ),
    Surface(
        name="zirilli",
        title="Zirilli double well",
        formula="x^4/4 - x^2/2 + x/10 + y^2/2",
        domain=(-2, 2, -1.5, 1.5),
        start=(1.6, 1.1),
        minima=((-1.0466805318046, 0), (0.945649273923591, 0)),
        saddles=((0.101031257881011, 0),),
        tags=("multimodal", "saddle"),
        source="Aluffi-Pentini, Parisi and Zirilli 1985, doi:10.1007/BF00941312",
    ),
    Surface(
        name="hyperbolic_paraboloid",
        title="Hyperbolic paraboloid",
        formula="x^2 - y^2",
        domain=(-2, 2, -2, 2),
        start=(-1.6, 0.001),
        saddles=((0, 0),),
        tags=("saddle", "unbounded"),
        source="the plainest saddle; unbounded below",
    ),
    Surface(
        name="monkey_saddle",
        title="Monkey saddle",
        formula="x^3 - 3*x*y^2",
        domain=(-2, 2, -2, 2),
        start=(1.5, 0.02),
        degenerate=((0, 0),),
        tags=("saddle", "unbounded"),
        source="Hilbert and Cohn-Vossen 1932, Anschauliche Geometrie",
        remark=(
            "The Hessian at 0 is zero: a degenerate critical point with three ways down, at"
            " which Newton's method fails."
        ),
    ),
    Surface(
        name="ellipse",
        title="Ill-conditioned ellipse",
        formula="x^2 + k*y^2",
        domain=(-2, 2, -1.5, 1.5),
        start=(-1.8, 0.9),
        minima=((0, 0),),
        parameters=(Parameter("k", 50.0, 1.0, 10_000.0, log=True, meaning="condition number"),),
        tags=("valley",),
        source="a quadratic of condition number k; see Goh 2017, doi:10.23915/distill.00006",
    ),
    Surface(
        name="sphere",
        title="Sphere",
        formula="x^2 + y^2",
        domain=(-5.12, 5.12, -5.12, 5.12),
        start=(-4, 3),
        minima=((0, 0),),
        source=(
            "De Jong 1975, An Analysis of the Behavior of a Class of Genetic Adaptive Systems,"
            " Michigan"
        ),
    ),
    Surface(
        name="booth",
        title="Booth",
        formula="(x + 2*y - 7)^2 + (2*x + y - 5)^2",
        domain=(-10, 10, -10, 10),
        start=(-8, 6),
        minima=((1, 3),),
        tags=("valley",),
        source="Jamil and Yang 2013, arXiv:1308.4008, number 17",
    ),
    Surface(
        name="matyas",
        title="Matyas",
        formula="0.26*(x^2 + y^2) - 0.48*x*y",
        domain=(-10, 10, -10, 10),
        start=(-8, -5),
        minima=((0, 0),),
        tags=("valley",),
        source="Jamil and Yang 2013, arXiv:1308.4008, number 71",
        remark="A convex quadratic of condition number 25; some lists call it multimodal.",
    ),
    Surface(
        name="goldstein_price",
        title="Goldstein-Price",
        formula=(
            "(1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))"
            "*(30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))"
        ),
        domain=(-2, 2, -2, 2),
        start=(-1, 0.6),
        minima=((0, -1), (-0.6, -0.4), (1.79999999999999, 0.199999999999992), (1.2, 0.8)),
        saddles=((-0.4, -0.6), (1.19999999999999, -0.200000000000004), (1.4, 0.6), (0.6, 0.4)),
        maxima=((0.8, 0.2),),
        lr=2e-05,
        tags=("multimodal", "saddle"),
        source="Goldstein and Price 1971, doi:10.1090/S0025-5718-1971-0312705-6",
        remark="Spans six orders of magnitude: best seen in logarithmic colours.",
    ),
    Surface(
        name="three_hump_camel",
        title="Three-hump camel",
        formula="2*x^2 - 1.05*x^4 + x^6/6 + x*y + y^2",
        domain=(-5, 5, -5, 5),
        start=(-2.2, 3.5),
        minima=(
            (0, 0),
            (-1.74755234583029, 0.873776172915145),
            (1.74755234583029, -0.873776172915145),
        ),
        saddles=((-1.07054229182366, 0.53527114591183), (1.07054229182366, -0.53527114591183)),
        lr=0.01,
        tags=("multimodal", "saddle"),
        source=(
            "Branin 1972, doi:10.1147/rd.165.0504; Jamil and Yang 2013, arXiv:1308.4008, number 29"
        ),
    ),
    Surface(
        name="branin",
        title="Branin",
        formula="(y - 5.1*x^2/(4*pi^2) + 5*x/pi - 6)^2 + 10*(1 - 1/(8*pi))*cos(x) + 10",
        domain=(-5, 10, 0, 15),
        start=(5.5, 10.5),
        minima=((-3.14159265358979, 12.275), (3.14159265358979, 2.275), (9.42477796076938, 2.475)),
        saddles=((0, 6), (6.28318530717959, 1.1)),
        tags=("multimodal", "saddle"),
        source="Branin 1972, doi:10.1147/rd.165.0504",
        remark="Outside the box there are infinitely many minima more, all as deep.",
    ),
    Surface(
        name="mccormick",
        title="McCormick",
        formula="sin(x + y) + (x - y)^2 - 1.5*x + 2.5*y + 1",
        domain=(-1.5, 4, -3, 4),
        start=(3.5, -0.5),
        minima=((-0.547197551196598, -1.5471975511966), (2.5943951023932, 1.5943951023932)),
        saddles=((1.5471975511966, 0.547197551196598),),
        tags=("multimodal", "saddle", "unbounded"),
        source="McCormick 1976, doi:10.1007/BF01580665",
        remark=(
            "The least value in the box is -sqrt(3)/2 - pi/3 = -1.91322296, often misprinted as"
            " -1.9133; further out there are deeper ones."
        ),
    ),
    Surface(
        name="griewank",
        title="Griewank",
        formula="1 + (x^2 + y^2)/k - cos(x)*cos(y/sqrt(2))",
        domain=(-10, 10, -10, 10),
        start=(7.5, -6),
        **_listed("griewank"),
        parameters=(
            Parameter("k", 4000.0, 10.0, 10_000.0, log=True, meaning="width of the bowl below"),
        ),
        tags=("multimodal", "saddle"),
        source="Griewank 1981, doi:10.1007/BF00933356",
    ),
    Surface(
        name="levy_n13",
        title="Levy N. 13",
        formula="sin(3*pi*x)^2 + (x - 1)^2*(1 + sin(3*pi*y)^2) + (y - 1)^2*(1 + sin(2*pi*y)^2)",
        domain=(-10, 10, -10, 10),
        start=(-4.3, 5.2),
        **_listed("levy_n13"),
        tags=("multimodal", "saddle"),
        source="Levy and Montalvo 1985, doi:10.1137/0906002",
    ),
    Surface(
        name="easom",
        title="Easom",
        formula="-cos(x)*cos(y)*exp(-(x - pi)^2 - (y - pi)^2)",
        domain=(-2, 8, -2, 8),
        start=(1.6, 4.2),
        **_listed("easom"),
        tags=("plateau", "saddle", "multimodal"),
        source="Easom 1990, A survey of global optimization techniques, Louisville",
        remark="The gradient at (0, 0) is 1.7e-8: whoever starts far away is blind.",
    ),
    Surface(
        name="bohachevsky",
        title="Bohachevsky 1",
        formula="x^2 + 2*y^2 - 0.3*cos(3*pi*x) - 0.4*cos(4*pi*y) + 0.7",
        domain=(-2, 2, -2, 2),
        start=(-1.55, 1.3),
        **_listed("bohachevsky"),
        tags=("multimodal", "saddle"),
        source="Bohachevsky, Johnson and Stein 1986, doi:10.1080/00401706.1986.10488128",
    ),
    Surface(
        name="egg_crate",
        title="Egg crate",
        formula="x^2 + y^2 + 25*(sin(x)^2 + sin(y)^2)",
        domain=(-5, 5, -5, 5),
        start=(-3.9, 2.1),
        **_listed("egg_crate"),
        tags=("multimodal", "saddle"),
        source="Jamil and Yang 2013, arXiv:1308.4008, number 54",
    ),
    Surface(
        name="eggholder",
        title="Eggholder",
        formula="-(y + 47)*sin(sqrt(abs(y + x/2 + 47))) - x*sin(sqrt(abs(x - y - 47)))",
        domain=(-512, 512, -512, 512),
        start=(398, 385),
        **_listed("eggholder"),
        lr=0.3,
        tags=("multimodal", "saddle", "non-smooth", "unbounded"),
        source="Whitley et al. 1996, doi:10.1016/0004-3702(95)00124-7",
        remark=(
            "The least value in the box, -959.6407, lies on its edge at (512, 404.2318): no"
            " gradient vanishes there. Listed is the best inside, -956.9182. Where an argument"
            " of a root is 0 the slope of the root is taken as 0."
        ),
    ),
    Surface(
        name="holder_table",
        title="Hölder table",
        formula="-abs(sin(x)*cos(y)*exp(abs(1 - sqrt(x^2 + y^2)/pi)))",
        domain=(-10, 10, -10, 10),
        start=(6.6, -7.6),
        **_listed("holder_table"),
        tags=("multimodal", "saddle", "non-smooth", "unbounded"),
        source="Mishra 2006, MPRA paper 2718",
        remark=(
            "Creases where a factor is 0 and on the circle of radius pi; |u| has slope 0 at 0."
        ),
    ),
    Surface(
        name="cross_in_tray",
        title="Cross in tray",
        formula="-0.0001*(abs(sin(x)*sin(y)*exp(abs(100 - sqrt(x^2 + y^2)/pi))) + 1)^0.1",
        domain=(-10, 10, -10, 10),
        start=(5.5, -6.6),
        **_listed("cross_in_tray"),
        tags=("multimodal", "non-smooth"),
        source="Mishra 2006, MPRA paper 2718",
        remark="Ridges along the lines on which a sine is 0; |u| has slope 0 at 0.",
    ),
    Surface(
        name="drop_wave",
        title="Drop wave",
        formula=(
            "-(1 + where(x^2 + y^2 < 1e-7, 1 - 72*(x^2 + y^2) + 864*(x^2 + y^2)^2,"
            " cos(12*sqrt(x^2 + y^2))))/((x^2 + y^2)/2 + 2)"
        ),
        domain=(-5.12, 5.12, -5.12, 5.12),
        start=(-1.9, 1.3),
        minima=((0, 0),),
        tags=("multimodal", "saddle"),
        source="Molga and Smutnicki 2005, Test functions for optimization needs",
        remark=(
            "Rings of minima and of maxima around 0, on which the Hessian is singular. The least"
            " value is -1. Near 0 the cosine is its series, whose second derivatives exist there."
        ),
    ),
    Surface(
        name="schaffer_n2",
        title="Schaffer N. 2",
        formula="0.5 + (sin(x^2 - y^2)^2 - 0.5)/(1 + 0.001*(x^2 + y^2))^2",
        domain=(-4, 4, -4, 4),
        start=(-2.2, 1.1),
        **_listed("schaffer_n2"),
        lr=0.05,
        tags=("multimodal", "saddle", "plateau"),
        source="Schaffer et al. 1989, A study of control parameters, ICGA 3",
        remark="Nearly flat along the diagonals: the larger curvature at 0 is only 0.002.",
    ),
    Surface(
        name="schaffer_n4",
        title="Schaffer N. 4",
        formula="0.5 + (cos(sin(abs(x^2 - y^2)))^2 - 0.5)/(1 + 0.001*(x^2 + y^2))^2",
        domain=(-4, 4, -4, 4),
        start=(-1.1, 2.7),
        **_listed("schaffer_n4"),
        lr=0.05,
        tags=("multimodal", "saddle"),
        source="Schaffer et al. 1989, A study of control parameters, ICGA 3",
        remark=(
            "The minimum is 0.2925786 at (0, 1.2531318) and its mirror images; lists give"
            " 1.253115, which is that of another function."
        ),
    ),
    Surface(
        name="bukin_n6",
        title="Bukin N. 6",
        formula="100*sqrt(abs(y - 0.01*x^2)) + 0.01*abs(x + 10)",
        domain=(-15, -5, -3, 3),
        start=(-13, 2.2),
        minima=((-10, 1),),
        lr=1e-05,
        tags=("valley", "non-smooth"),
        source="Bukin 1997, New minimization strategies for non-smooth functions, Novosibirsk",
        remark=(
            "Along the crease y = x^2/100 the slope grows without bound and is taken as 0 on it:"
            " all gradient methods chatter."
        ),
    ),
    Surface(
        name="schwefel",
        title="Schwefel 2.26",
        formula="837.96577454486741 - x*sin(sqrt(abs(x))) - y*sin(sqrt(abs(y)))",
        domain=(-500, 500, -500, 500),
        start=(250, -410),
        **_listed("schwefel"),
        tags=("multimodal", "saddle", "unbounded"),
        source="Schwefel 1981, Numerical Optimization of Computer Models, Wiley",
        remark="The constant is 2*418.98288727243371; the usual 418.9829 leaves 2.5e-5.",
    ),
    Surface(
        name="michalewicz",
        title="Michalewicz",
        formula="-(sin(x)*sin(x^2/pi)^20 + sin(y)*sin(2*y^2/pi)^20)",
        domain=(0, pi, 0, pi),
        start=(1.75, 2.1),
        minima=((2.20290552017261, 1.5707963267949), (2.20290552017261, 2.71157148384301)),
        degenerate=(
            (0.00067162497947128, 1.5707963267949),
            (2.20290552017261, 0.000671624979469522),
            (2.20290552017261, 2.2214011080706),
            (0.00067162497947128, 2.71157148384301),
        ),
        lr=0.005,
        tags=("multimodal", "plateau", "valley"),
        source=(
            "Michalewicz 1992, Genetic Algorithms + Data Structures = Evolution Programs, Springer"
        ),
        remark=(
            "With m = 10. The minimum is at (2.2029, pi/2); at the usual (2.20, 1.57) the value"
            " is -1.8011, not -1.8013."
        ),
    ),
    Surface(
        name="shubert",
        title="Shubert",
        formula=(
            "(cos(2*x + 1) + 2*cos(3*x + 2) + 3*cos(4*x + 3) + 4*cos(5*x + 4) + 5*cos(6*x + 5))"
            "*(cos(2*y + 1) + 2*cos(3*y + 2) + 3*cos(4*y + 3) + 4*cos(5*y + 4) + 5*cos(6*y + 5))"
        ),
        domain=(-10, 10, -10, 10),
        start=(-3.1, 2.2),
        **_listed("shubert"),
        tags=("multimodal", "saddle"),
        source="Shubert 1972, doi:10.1137/0709036",
        remark=(
            "18 global minima, 722 minima in all; lists say 760, which counts points on the edge."
        ),
    ),
    Surface(
        name="de_jong_5",
        title="De Jong 5",
        formula=_FOXHOLES,
        domain=(-65.536, 65.536, -65.536, 65.536),
        start=(-21, -39),
        **_listed("de_jong_5"),
        lr=0.02,
        tags=("multimodal", "saddle", "plateau"),
        source=(
            "De Jong 1975, An Analysis of the Behavior of a Class of Genetic Adaptive Systems,"
            " Michigan"
        ),
        remark=(
            "Shekel's foxholes: 25 holes in a plain. The deepest lies at (-31.9783, -31.9783),"
            " not at (-32, -32)."
        ),
    ),
    Surface(
        name="zakharov",
        title="Zakharov",
        formula="x^2 + y^2 + (x/2 + y)^2 + (x/2 + y)^4",
        domain=(-5, 10, -5, 10),
        start=(6, 0.5),
        minima=((0, 0),),
        lr=0.0005,
        tags=("valley",),
        source="Jamil and Yang 2013, arXiv:1308.4008, number 173",
    ),
    Surface(
        name="dixon_price",
        title="Dixon-Price",
        formula="(x - 1)^2 + 2*(2*y^2 - x)^2",
        domain=(-10, 10, -10, 10),
        start=(-6, 5),
        minima=((1, -0.707106781186548), (1, 0.707106781186547)),
        saddles=((0.333333333333333, 0),),
        lr=0.0002,
        tags=("multimodal", "saddle", "valley"),
        source="Dixon and Price 1989, doi:10.1007/BF00939369",
        remark="Two global minima, at both signs of y; lists usually give one.",
    ),
    Surface(
        name="trid",
        title="Trid",
        formula="(x - 1)^2 + (y - 1)^2 - x*y",
        domain=(-4, 7, -4, 7),
        start=(-3, 1.5),
        minima=((2, 2),),
        source="Neumaier 2003, test functions; Jamil and Yang 2013, arXiv:1308.4008, number 150",
    ),
    Surface(
        name="bird",
        title="Bird",
        formula="sin(x)*exp((1 - cos(y))^2) + cos(y)*exp((1 - sin(x))^2) + (x - y)^2",
        domain=(-2 * pi, 2 * pi, -2 * pi, 2 * pi),
        start=(-4.6, 1.2),
        minima=(
            (4.70104313024955, 3.15293850372493),
            (-1.58214217693003, -3.13024680345466),
            (-1.5366624718468, 3.1074587986417),
            (4.65517139942728, -3.08437507263238),
            (0.66527762794792, 0.905518698846976),
            (-5.61790767923167, -5.37766660833261),
        ),
        saddles=(
            (-0.0519144189823015, 1.6227107457772),
            (-3.83864095080476, -4.76432130793498),
            (0.0519323275502933, -0.873748029579929),
            (2.44454435637483, 1.5188639992446),
            (-5.82903754719633, -2.0194268112343),
            (-2.69296216915039, 1.11664856681164),
            (0.454147759983254, 4.26375849594529),
            (3.48815789440792, -1.91736156761302),
            (2.71290369716383, -4.04256299706216),
            (5.61335932385706, -1.14210737036893),
            (-5.84253823379837, 3.88573659649188),
        ),
        maxima=(
            (-4.77275722066054, -3.12641009037392),
            (-1.58597889001077, 0.0603682402758466),
            (1.51042808651905, 3.15677521680567),
            (1.75349936495018, -3.18807093815578),
            (4.75886726495068, -0.182703038155279),
            (-5.02282899723112, 3.22255377699249),
        ),
        tags=("multimodal", "saddle"),
        source="Mishra 2006, MPRA paper 2718",
        remark="The minimum is at y = 3.15293850; some lists print 3.15204.",
    ),
    Surface(
        name="adjiman",
        title="Adjiman",
        formula="cos(x)*sin(y) - x/(y^2 + 1)",
        domain=(-1, 2, -1, 1),
        start=(-0.6, 0.7),
        saddles=((0.79457332929742, -0.893508131747063), (-0.794573329297421, 0.893508131747063)),
        lr=0.05,
        tags=("saddle", "unbounded"),
        source="Adjiman et al. 1998, doi:10.1016/S0098-1354(98)00027-1",
        remark=(
            "No minimum inside: the least value in the box, -2.02181, lies on its edge at (2,"
            " 0.10578)."
        ),
    ),
    Surface(
        name="freudenstein_roth",
        title="Freudenstein-Roth",
        formula="(x - 13 + ((5 - y)*y - 2)*y)^2 + (x - 29 + ((y + 1)*y - 14)*y)^2",
        domain=(-5, 20, -6, 6),
        start=(0.5, -2),
        minima=((5, 4), (11.4127789869021, -0.896805253274477)),
        tags=("multimodal", "valley"),
        source="Freudenstein and Roth 1963, doi:10.1145/321186.321200",
        remark="The local minimum, 48.98425, lies at x = 11.41, outside the usual box of 10.",
    ),
    Surface(
        name="leon",
        title="Leon",
        formula="100*(y - x^3)^2 + (1 - x)^2",
        domain=(-1.5, 1.5, -1.5, 1.5),
        start=(-1.2, -0.6),
        minima=((1, 1),),
        tags=("valley",),
        source="Leon 1966, A comparison among eight known optimizing procedures",
    ),
    Surface(
        name="deckkers_aarts",
        title="Deckkers-Aarts",
        formula="100000*x^2 + y^2 - (x^2 + y^2)^2 + 0.00001*(x^2 + y^2)^4",
        domain=(-20, 20, -20, 20),
        start=(9, 4),
        minima=((0, -14.945112151892), (0, 14.945112151892), (0, 0)),
        saddles=((0, -0.707108548977808), (0, 0.707108548977808)),
        tags=("multimodal", "saddle", "valley"),
        source="Dekkers and Aarts 1991, doi:10.1007/BF01594945",
        remark="The minima are at y = 14.9451121519; some lists print 14.9451209.",
    ),
    Surface(
        name="treccani",
        title="Treccani",
        formula="x^4 + 4*x^3 + 4*x^2 + y^2",
        domain=(-3.5, 1.5, -2.5, 2.5),
        start=(-1.1, 1.9),
        minima=((-2, 0), (0, 0)),
        saddles=((-1, 0),),
        tags=("multimodal", "saddle"),
        source="Jamil and Yang 2013, arXiv:1308.4008, number 149",
    ),
    Surface(
        name="ursem",
        title="Ursem 1",
        formula="-(sin(2*x - pi/2) + 3*cos(y) + x/2)",
        domain=(-2.5, 3, -2, 2),
        start=(-0.35, 1.6),
        minima=((1.69713645436594, 0), (-1.44445619922386, 0)),
        saddles=((-0.126340127571039, 0),),
        tags=("multimodal", "saddle", "unbounded"),
        source=(
            "Rönkkönen 2009, Continuous Multimodal Global Optimization, Lappeenranta; Jamil and"
            " Yang 2013, arXiv:1308.4008, number 151"
        ),
    ),
    Surface(
        name="hosaki",
        title="Hosaki",
        formula="(1 - 8*x + 7*x^2 - 7*x^3/3 + x^4/4)*y^2*exp(-y)",
        domain=(0, 5, 0, 6),
        start=(2.3, 3.6),
        minima=((4, 2), (0.999999999999999, 2)),
        saddles=((2, 2),),
        tags=("multimodal", "saddle", "plateau", "unbounded"),
        source="Bekey and Ung 1974, doi:10.1109/TSMC.1974.5408536",
        remark=(
            "On y = 0 it is 0 with slope 0: a line of degenerate critical points on the edge of"
            " the box."
        ),
    ),
    Surface(
        name="mueller_brown",
        title="Müller-Brown potential",
        formula=(
            "-200*exp(-(x - 1)^2 - 10*y^2) - 100*exp(-x^2 - 10*(y - 0.5)^2)"
            " - 170*exp(-6.5*(x + 0.5)^2 + 11*(x + 0.5)*(y - 1.5) - 6.5*(y - 1.5)^2)"
            " + 15*exp(0.7*(x + 1)^2 + 0.6*(x + 1)*(y - 1) + 0.7*(y - 1)^2)"
        ),
        domain=(-1.5, 1.2, -0.2, 2),
        start=(0.3, 1.3),
        minima=(
            (-0.558223634633024, 1.44172584180467),
            (0.623499404930877, 0.0280377585286857),
            (-0.0500108229982061, 0.466694104871972),
        ),
        saddles=((0.212486582000662, 0.292988325107368), (-0.822001558732732, 0.624312802814871)),
        tags=("multimodal", "saddle", "valley"),
        source="Müller and Brown 1979, doi:10.1007/BF00547608",
    ),
    Surface(
        name="parsopoulos",
        title="Parsopoulos",
        formula="cos(x)^2 + sin(y)^2",
        domain=(-5, 5, -5, 5),
        start=(0.3, 1.2),
        **_listed("parsopoulos"),
        tags=("multimodal", "saddle"),
        source="Parsopoulos and Vrahatis 2002, doi:10.1023/A:1016568309421",
    ),
    Surface(
        name="bounded_saddle",
        title="Bounded saddle",
        formula="x^2 - y^2 + y^4/20",
        domain=(-6, 6, -5, 5),
        start=(-4, 0.001),
        minima=((0, -3.16227766016838), (0, 3.16227766016838)),
        saddles=((0, 0),),
        tags=("multimodal", "saddle"),
        source="a saddle between two minima, after Batra, optimization notes",
    ),
    Surface(
        name="double_well",
        title="Double well",
        formula="(x^2 - 1)^2 + y^2",
        domain=(-2, 2, -2, 2),
        start=(0.05, 1.6),
        minima=((-1, 0), (1, 0)),
        saddles=((0, 0),),
        tags=("multimodal", "saddle"),
        source="the quartic double well; Landau 1937",
    ),
    Surface(
        name="two_gaussian_bowl",
        title="Bowl with two wells",
        formula="x^2 + y^2 - 2*exp(-((x - 1)^2 + y^2)/0.2) - 3*exp(-((x + 1)^2 + y^2)/0.2)",
        domain=(-2, 2, -2, 2),
        start=(0.35, 1.7),
        minima=((-0.936300634010919, 0), (0.905317899160115, 0)),
        saddles=((0.0686024367080965, 0),),
        tags=("multimodal", "saddle"),
        source="Dupont 2018, Interactive visualization of optimization algorithms",
    ),
    Surface(
        name="local_minimum",
        title="Shallow and deep well",
        formula=(
            "x^2 + (1.4*y)^2 - 2*exp(-((x - 1)^2 + (1.4*y)^2)/0.2) - 6*exp(-((x + 1)^2 +"
            " (1.4*y)^2)/0.2)"
        ),
        domain=(-2, 2, -2, 2),
        start=(1.4, 1.3),
        minima=((-0.96757744645546, 0), (0.905317860600848, 0)),
        saddles=((0.120250364059422, 0),),
        tags=("multimodal", "saddle"),
        source="Jiang 2020, Gradient Descent Viz: local minimum",
    ),
    Surface(
        name="sine_valley",
        title="Sine valley",
        formula="sin(x) + y^2",
        domain=(-4, 4, -3, 3),
        start=(1.5, 1.3),
        minima=((-1.5707963267949, 0),),
        saddles=((1.5707963267949, 0),),
        tags=("saddle",),
        source="Jiang 2020, Gradient Descent Viz: saddle point",
    ),
    Surface(
        name="ecliptic_bowl",
        title="Ecliptic bowl",
        formula="-exp(-((x/2)^2 + 5*(y/2)^2)) + (x/2)^2 + 0.5*(y/2)^2",
        domain=(-2, 2, -2, 2),
        start=(-1.8, 1.5),
        minima=((0, 0),),
        tags=("valley",),
        source="Jiang 2020, Gradient Descent Viz: ecliptic bowl",
    ),
    Surface(
        name="hills",
        title="Hills",
        formula=(
            "2*exp(-((x - 1)^2 + (1.4*y)^2)/0.2) + 6*exp(-((x + 1)^2 + (1.4*y)^2)/0.2)"
            " - 2*exp(-((x - 1)^2 + (1.4*y + 1)^2)/0.2) + x^2 + (1.4*y)^2"
        ),
        domain=(-2, 2, -2, 2),
        start=(-1.1, 0.55),
        minima=(
            (0.900306522299307, -0.653401158303949),
            (0.0415071256995617, -0.000640377637654304),
        ),
        saddles=(
            (0.458292973723011, -0.449980756161554),
            (1.48524586365252, 0.00656119169345562),
            (-1.71027297234088, 0),
        ),
        maxima=((1.12154607750562, 0.00506038566353971), (-1.03469818837831, 1.70929773034267e-12)),
        tags=("multimodal", "saddle"),
        source="Jiang 2020, Gradient Descent Viz: hills",
    ),
    Surface(
        name="plateau",
        title="Rippled plateau",
        formula=(
            "0.01*(10*sqrt(x^2 + y^2) + 0.01)^2 - sin(10*sqrt(x^2 + y^2) + 0.01)/(10*sqrt(x^2 +"
            " y^2) + 0.01)"
        ),
        domain=(-2, 2, -2, 2),
        start=(-1.3, 1),
        minima=((0, 0),),
        lr=0.005,
        tags=("multimodal", "plateau", "non-smooth"),
        source="Jiang 2020, Gradient Descent Viz: plateau",
        remark=(
            "A tip of slope 0.031 at 0, where the gradient is taken as 0, and a ring of minima"
            " around it."
        ),
    ),
    Surface(
        name="tiny_net",
        title="Tiny network",
        formula=(
            "((tanh(y*tanh(x)) - 0.8)^2 + (tanh(-y*tanh(x)) + 0.8)^2 + (tanh(y*tanh(2*x)) -"
            " 0.9)^2)/3"
        ),
        domain=(-4, 4, -4, 4),
        start=(-0.4, 1.2),
        minima=((0.870745984112517, 1.56552571917566), (-0.870745984112518, -1.56552571917566)),
        saddles=((0, 0),),
        lr=0.1,
        tags=("multimodal", "saddle", "plateau"),
        source="a network of one weight in each of two layers on three points",
        remark=(
            "x and y are the weights. Changing both signs changes nothing: hence two global"
            " minima and a saddle at 0."
        ),
    ),
    Surface(
        name="linear_regression",
        title="Linear regression",
        formula="(m^2 + s^2)*(x - 1)^2 + 2*m*(x - 1)*y + y^2",
        domain=(-1, 3, -2, 2),
        start=(-0.6, 1.4),
        minima=((1, 0),),
        parameters=(
            Parameter("m", 1.5, -20.0, 20.0, meaning="mean of the input"),
            Parameter("s", 1.0, 0.05, 20.0, log=True, meaning="its standard deviation"),
        ),
        tags=("valley",),
        source="the mean squared error of slope x and intercept y; Legendre 1805",
        remark=(
            "For data on the line of slope 1 through 0. Standardised inputs (m = 0, s = 1) make"
            " it round, raw ones a ravine."
        ),
    ),
    Surface(
        name="sharp_trap",
        title="Sharp trap",
        formula="1 - exp(-(100*x^2 + y^2)) + 0.1*((x - 2)^2 + (y - 2)^2)",
        domain=(-1.5, 4, -1.5, 4),
        start=(-1.2, 1.4),
        minima=((0.00207054342206216, 0.187805771924843), (2, 2)),
        saddles=((0.107097106179592, 1.69960153232484),),
        lr=0.1,
        tags=("multimodal", "saddle"),
        source="after Batra, optimization notes",
        remark=(
            "The narrow well at (0.0021, 0.1878) is the global minimum, 0.7626; the wide one at"
            " (2, 2) has 1."
        ),
    ),
)

SURFACES = MappingProxyType({surface.name: surface for surface in _ENTRIES})
