"""All ways of differentiating agree, and the graph that is shown is the one that runs."""

import threading
from dataclasses import replace

import numpy as np
import pytest

import gdviz_core as core
from gdviz import laboratory
from gdviz_core import Surface, engine, symbolic
from gdviz_core.derivative import adjoints, gradient, tangents
from gdviz_core.expression import parse
from gdviz_core.graph import Graph
from gdviz_core.notation import build, notation
from gdviz_core.program import compile_program

SURFACES = pytest.mark.parametrize("surface", core.SURFACES.values(), ids=lambda s: s.name)


def points(surface, count=12):
    rng = np.random.default_rng(11)
    x0, x1, y0, y1 = surface.domain
    for x, y in zip(rng.uniform(x0, x1, count), rng.uniform(y0, y1, count), strict=True):
        if np.isfinite([surface.value(x, y), *surface.gradient(x, y)]).all():
            yield float(x), float(y)


def sizes(surface, x, y):
    """The length of the gradient, and that of what may cancel in it."""
    curvature = max(abs(float(h)) for h in surface.hessian(x, y))
    curvature = curvature if np.isfinite(curvature) else 0.0
    return np.hypot(*surface.gradient(x, y)) + 1e-300, curvature * (abs(x) + abs(y) + 1)


@SURFACES
def test_forward_and_reverse_mode_agree_with_the_exact_gradient(surface):
    for x, y in points(surface):
        walk = laboratory.walk(surface, x, y)
        exact = np.array(surface.gradient(x, y))
        names = [node.name for node in walk.nodes]
        back = [walk.adjoints[names.index(n)] if n in names else 0.0 for n in "xy"]
        length, _ = sizes(surface, x, y)
        assert np.abs(np.array(back) - exact).max() == 0.0  # the engine's own
        assert np.abs(walk.tangents[:, -1] - exact).max() / length < 1e-12
        assert walk.loss == surface.value(x, y)
        assert walk.adjoints[-1] == 1.0


@SURFACES
def test_the_symbolic_derivative_agrees_with_the_exact_gradient(surface):
    found = symbolic.differentiate(surface.formula)
    graph, names = Graph(), tuple(surface.values)
    nodes = [build(graph, term) for term in (found.dx, found.dy)]
    program = compile_program(graph, [(nodes[0], 2), (nodes[1], 3)], ("x", "y"), names)
    tape, out = engine.Tape(program, tuple(surface.values.values())), np.empty((2, 1))
    finite = 0
    for x, y in points(surface):
        engine.evaluate(tape, np.array([[x], [y]]), out)
        length, terms = sizes(surface, x, y)
        off = np.abs(out[:, 0] - surface.gradient(x, y)).max()
        if np.isfinite(off):  # as SymPy writes it, it may overflow where ours does not
            finite += 1
            assert off / (length + terms) < 1e-12
    assert finite > 6


@SURFACES
def test_differences_have_their_v_and_the_complex_step_has_none(surface):
    best = {way: [] for way in ("forward difference", "central difference", "complex step")}
    for x, y in points(surface, 6):
        differences = laboratory.differences(surface, x, y)
        for way, found in best.items():
            found.append(differences.best(way)[1])
    assert np.median(best["complex step"]) < 1e-13
    assert np.median(best["central difference"]) < 1e-5
    assert np.median(best["complex step"]) <= np.median(best["central difference"])


def test_the_best_steps_are_where_theory_puts_them():
    found = laboratory.differences(core.SURFACES["himmelblau"], 1.3, -0.4)
    # sqrt(eps) and the cube root of eps, times what the third derivative makes of them
    assert 1e-9 < found.best("forward difference")[0] < 1e-6
    assert 1e-6 < found.best("central difference")[0] < 1e-3
    assert found.errors["complex step"][-1] < 1e-15
    assert found.errors["forward difference"][-1] > 1e-3  # only rounding is left of it


@SURFACES
def test_the_adjoints_that_are_shown_are_nodes_of_the_gradient_that_runs(surface):
    graph, loss = parse(surface.formula, ("x", "y", *surface.values))
    chooses = {"min", "max", "where"} & {graph.nodes[n][0] for n in graph.reach([loss])}
    found = gradient(graph, loss, ("x", "y"))
    shown = adjoints(graph, loss)
    if not chooses:
        assert [shown.get(graph.variable(n), graph.constant(0.0)) for n in "xy"] == found
    assert tangents(graph, loss, "x").get(loss, graph.constant(0.0)) is not None


@SURFACES
def test_every_part_of_the_formula_finds_its_node(surface):
    walk = laboratory.walk(surface, *surface.start)
    terms = laboratory.terms(surface.formula, tuple(surface.values))
    assert terms[notation(surface.formula)] == walk.nodes[-1].number
    shown = {node.number for node in walk.nodes}
    assert len(shown & set(terms.values())) > 0.5 * len(shown)


def test_a_graph_is_told_node_by_node():
    surface = core.Surface.from_formula("x*y + sin(x)")
    walk = laboratory.walk(surface, 2.0, 3.0)
    assert [node.text for node in walk.nodes] == ["x", "y", "x · y", "sin(x)", "v1 + v2"]
    assert list(walk.values) == [2.0, 3.0, 6.0, surface.value(2.0, 0.0), surface.value(2.0, 3.0)]
    assert list(walk.tangents[1]) == [0.0, 1.0, 2.0, 0.0, 2.0]
    assert list(walk.adjoints[1:]) == [2.0, 1.0, 1.0, 1.0]
    assert [node.kept for node in walk.nodes] == [False] * 5  # only x and y are needed again
    text = laboratory.dot(walk)
    assert text.count("->") == 5
    assert "v2 = sin(x)" in text


def test_reverse_mode_costs_the_same_for_any_number_of_variables():
    costs = laboratory.growth()
    ratios = {n: cost.reverse / cost.value for n, cost in costs.items()}
    assert max(ratios.values()) < 3
    assert costs[32].forward * 32 / costs[32].value > 30


def test_symbolic_derivatives_swell_and_the_graph_does_not():
    swell = symbolic.swell()
    assert swell.derivative[-1] > 100 * swell.graph[-1]
    steps = np.diff(swell.graph)
    assert (steps == steps[0]).all()
    # Baydin et al. 2018, table 1: l_1 = x, l_2 = 4 x (1 - x), whose derivative is 4 - 8 x
    assert swell.formula[0] == 3


@pytest.mark.parametrize("formula", ["3", "x", "0*x", "where(x < y, 1, 2)", "floor(x)", "y^2",
                                     "sign(x)*y", "min(x, y, 2)", "mod(x, y)", "x^0.5^9",
                                     "x^y/(x - x)", "0^x", "x*2^300", "(x - x)^-y",
                                     "log(0*x)", "atan2(0, x)", "1e300*x^200"])  # fmt: skip
def test_formulas_at_the_edge_have_a_graph_too(formula):
    surface = core.Surface.from_formula(formula)
    walk = laboratory.walk(surface, 0.7, 0.3)
    assert np.array_equal(walk.loss, surface.value(0.7, 0.3), equal_nan=True)
    exact = np.array(surface.gradient(0.7, 0.3))
    with np.errstate(all="ignore"):
        near = np.abs(walk.tangents[:, -1] - exact) <= 1e-12 * np.abs(exact)
    assert (near | ~np.isfinite(exact)).all()
    laboratory.differences(surface, 0.7, 0.3)
    found = symbolic.differentiate(formula)
    for term in (found.dx, found.dy):  # every part can be set
        assert _constants(term)


def _constants(term):
    values = [term.value] if term.kind == "constant" else []
    assert all(isinstance(value, float) for value in values)
    return [term, *(part for inner in term.parts for part in _constants(inner))]


def test_parameters_are_names_in_the_symbolic_derivative():
    found = symbolic.differentiate("k*x^2")
    assert found.dx.variables() == ["k", "x"]


def test_a_derivative_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(symbolic.SYMPY, "longest", 0.05)
    symbolic.SYMPY.close()  # so that the process has to load SymPy first
    with pytest.raises(RuntimeError, match=r"longer than 0\.05 seconds"):
        symbolic.differentiate("x^2*sin(x*y) + 17")
    monkeypatch.undo()
    assert symbolic.differentiate("x^2*sin(x*y) + 17").operations > 3


def test_nobody_waits_for_sympy_but_who_asked(monkeypatch):
    """Another surface can be made and evaluated meanwhile."""
    begun, go_on, real = threading.Event(), threading.Event(), symbolic.SYMPY.ask

    def slow(*arguments):
        begun.set()
        assert go_on.wait(20)
        return real(*arguments)

    monkeypatch.setattr(symbolic.SYMPY, "ask", slow)
    surface = replace(Surface.from_formula("x^2*cos(y) + 1.234*x"), way="symbolic")
    asker = threading.Thread(target=surface.gradient, args=(1.0, 2.0))
    asker.start()
    try:
        assert begun.wait(20)
        assert Surface.from_formula("x^2 + 4.321*y").value(1.0, 1.0) == 5.321
        assert asker.is_alive()
    finally:
        go_on.set()
        asker.join()
