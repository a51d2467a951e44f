"""Differentiation, graph to graph: forward mode, reverse mode and second derivatives.

Both modes use the same local derivatives (`Operation.partials`) and differ in the direction in
which they multiply them together. Every derivative is a node of the same graph, so common
sub-expressions of value, gradient and Hessian are computed once.
"""

from gdviz_core.operation import OPERATIONS

_SELECTIONS = {"min", "max", "where"}


def _selection(graph, node):
    """(condition, first, second) of a node that takes the value of one of two operands."""
    name, *rest = graph.nodes[node]
    if name == "where":
        return tuple(rest)
    a, b = rest
    # At a tie both choose the second operand, as their values do.
    return (graph.apply("lt", a, b) if name == "min" else graph.apply("lt", b, a)), a, b


def _partials(graph, node):
    name = graph.nodes[node][0]
    return OPERATIONS[name].partials(graph, node, *graph.operands(node))


def forward(graph, output, variable):
    """The derivative of one node with respect to one variable, by dual numbers."""
    return tangents(graph, output, variable).get(output, graph.constant(0.0))


def tangents(graph, output, variable):
    """The tangent of every node on the way to the output: its derivative by the variable.

    Walks from the inputs to the output. What does not depend on the variable is left out.
    """
    zero = graph.constant(0.0)
    tangent = {graph.variable(variable): graph.one}
    for node in graph.reach([output]):
        operands = graph.operands(node)
        if not operands:
            continue
        if graph.nodes[node][0] in _SELECTIONS:
            condition, a, b = _selection(graph, node)
            if a in tangent or b in tangent:
                tangent[node] = graph.where(condition, tangent.get(a, zero), tangent.get(b, zero))
            continue
        total = None
        for operand, partial in zip(operands, _partials(graph, node), strict=True):
            if operand in tangent and partial is not None:
                term = graph.mul(partial, tangent[operand])
                total = term if total is None else graph.add(total, term)
        if total is not None:
            tangent[node] = total
    return tangent


def gradient(graph, output, variables):
    """The derivatives of one node with respect to several variables, by reverse mode.

    Walks once from the output back to the inputs and collects the adjoint of every node.
    """
    zero = graph.constant(0.0)
    found = _reverse(graph, output, tuple(variables), {})
    return [zero if node is None else node for node in found]


def adjoints(graph, output):
    """The adjoint of every node on the way: the derivative of the output by that node.

    What `gradient` computes on its way, for those who want to see it. Here min, max and where hand
    an adjoint of 0 to the branch that is not taken.
    """
    zero = graph.constant(0.0)
    adjoint = {output: graph.one}
    for node in reversed(graph.reach([output])):
        weight = adjoint.get(node)
        if weight is None or not graph.operands(node):
            continue
        if graph.nodes[node][0] in _SELECTIONS:
            condition, a, b = _selection(graph, node)
            terms = [(a, graph.where(condition, weight, zero)),
                     (b, graph.where(condition, zero, weight))]  # fmt: skip
        else:
            partials = zip(graph.operands(node), _partials(graph, node), strict=True)
            terms = [(part, graph.mul(weight, slope)) for part, slope in partials
                     if slope is not None]  # fmt: skip
        for part, term in terms:
            adjoint[part] = graph.add(adjoint[part], term) if part in adjoint else term
    return adjoint


def _reverse(graph, output, variables, known):
    if output in known:
        return known[output]
    zero = graph.constant(0.0)
    inputs = {graph.variable(name): i for i, name in enumerate(variables)}
    totals: list = [None] * len(variables)
    adjoint = {output: graph.one}

    def accumulate(store, key, term):
        store[key] = term if store[key] is None else graph.add(store[key], term)

    for node in reversed(graph.reach([output])):
        weight = adjoint.get(node)
        if weight is None:
            continue
        if node in inputs:
            accumulate(totals, inputs[node], weight)
        elif graph.nodes[node][0] in _SELECTIONS:
            # Choosing between the finished derivatives of the two branches, instead of sending
            # an adjoint of 0 into the branch that is not taken, keeps 0 * inf out.
            condition, a, b = _selection(graph, node)
            first = _reverse(graph, a, variables, known)
            second = _reverse(graph, b, variables, known)
            for i, (da, db) in enumerate(zip(first, second, strict=True)):
                if da is not None or db is not None:
                    terms = [zero if d is None else graph.mul(weight, d) for d in (da, db)]
                    accumulate(totals, i, graph.where(condition, *terms))
        elif graph.operands(node):
            for operand, partial in zip(graph.operands(node), _partials(graph, node), strict=True):
                if partial is not None:
                    adjoint.setdefault(operand, None)
                    accumulate(adjoint, operand, graph.mul(weight, partial))
    known[output] = totals
    return totals


def hessian(graph, output, names=("x", "y")):
    """(hxx, hxy, hyy) of a node over two variables: forward mode over reverse mode."""
    x, y = names
    gx, gy = gradient(graph, output, names)
    return forward(graph, gx, x), forward(graph, gx, y), forward(graph, gy, y)
