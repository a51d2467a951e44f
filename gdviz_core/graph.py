"""The computational graph: nodes with constants folded and equal sub-expressions shared."""

import math

from gdviz_core.operation import OPERATIONS

_COMMUTES = {"add", "mul", "eq"}
# The same quantity of the other coordinate, and the gradient at another point: only the engine
# knows them.
_OF_A_RULE = {"other", "grad"}


class Graph:
    """A growing list of nodes; a node is a tuple of an operation and its operands.

    Operands are indices of earlier nodes, so index order is an order of evaluation. Building the
    same node twice gives the same index. Simplifications keep infinities and NaN, so `0*x` stays
    as it is; they may change the last digit (constant factors are multiplied together) and the
    sign of a zero.
    """

    def __init__(self):
        self.nodes = []
        self._index = {}
        self.one = self.constant(1.0)
        self.minus_one = self.constant(-1.0)

    def _node(self, key, node):
        if key not in self._index:
            self._index[key] = len(self.nodes)
            self.nodes.append(node)
        return self._index[key]

    def constant(self, value):
        """The node of a number."""
        value = float(value)
        return self._node(("constant", repr(value)), ("constant", value))

    def variable(self, name):
        """The node of a named input."""
        return self._node(("variable", name), ("variable", name))

    def value(self, node):
        """The number of a constant node, None for any other."""
        return self.nodes[node][1] if self.nodes[node][0] == "constant" else None

    def find(self, name, *operands):
        """The node of an operation if the graph has it, else None."""
        return self._index.get((name, *operands))

    def operands(self, node):
        """The indices that a node reads."""
        name, *rest = self.nodes[node]
        return () if name in ("constant", "variable") else tuple(rest)

    def apply(self, name, *operands):
        """The node of an operation on nodes, simplified."""
        simplify = getattr(self, name, None) if name in _SIMPLIFIED else None
        return simplify(*operands) if simplify else self._apply(name, *operands)

    def _apply(self, name, *operands):
        values = [self.value(operand) for operand in operands]
        if None not in values and name not in _OF_A_RULE:
            return self.constant(OPERATIONS[name].value(*values))
        if name in _COMMUTES:
            operands = tuple(sorted(operands))
        node = (name, *operands)
        return self._node(node, node)

    def add(self, a, b):
        if self.value(a) == 0:
            return b
        if self.value(b) == 0:
            return a
        if self.nodes[b][0] == "neg":
            return self.sub(a, self.nodes[b][1])
        if self.nodes[a][0] == "neg":
            return self.sub(b, self.nodes[a][1])
        if a == b:
            return self.mul(self.constant(2.0), a)
        return self._apply("add", a, b)

    def sub(self, a, b):
        if self.value(b) == 0:
            return a
        if self.value(a) == 0:
            return self.neg(b)
        if self.nodes[b][0] == "neg":
            return self.add(a, self.nodes[b][1])
        return self._apply("sub", a, b)

    def neg(self, a):
        if self.value(a) is None:
            if self.nodes[a][0] == "neg":
                return self.nodes[a][1]
            factor, rest = self._scaled(a)
            if factor is not None:
                return self.mul(self.constant(-factor), rest)
        return self._apply("neg", a)

    def mul(self, a, b):
        if self.value(a) is None:
            a, b = b, a
        factor = self.value(a)
        if factor is None:
            return self._mul_nodes(a, b)
        if self.value(b) is None:
            if factor == 1:
                return b
            if factor == -1:
                return self.neg(b)
            if self.nodes[b][0] == "neg":
                return self.mul(self.constant(-factor), self.nodes[b][1])
            inner, rest = self._scaled(b)
            if inner is not None and _safe(factor * inner):
                return self.mul(self.constant(factor * inner), rest)
        return self._apply("mul", a, b)

    def _mul_nodes(self, a, b):
        for p, q in ((a, b), (b, a)):
            if self.nodes[p][0] == "neg":
                return self.neg(self.mul(self.nodes[p][1], q))
        return self._apply("mul", a, b)

    def _scaled(self, node):
        """(c, rest) of a node c*rest with c constant, else (None, node)."""
        if self.nodes[node][0] == "mul":
            _, p, q = self.nodes[node]
            for factor, rest in ((p, q), (q, p)):
                if self.value(factor) is not None:
                    return self.value(factor), rest
        return None, node

    def div(self, a, b):
        divisor = self.value(b)
        if divisor is not None and self.value(a) is None:
            if divisor == 1:
                return a
            # Only powers of two have exact reciprocals.
            if divisor != 0 and _safe(divisor) and abs(math.frexp(divisor)[0]) == 0.5:
                return self.mul(self.constant(1.0 / divisor), a)
        return self._apply("div", a, b)

    def pow(self, a, b):
        exponent = self.value(b)
        if exponent is None or self.value(a) is not None:
            return self._apply("pow", a, b)
        if exponent == 0.5:
            return self._apply("sqrt", a)
        if exponent != math.floor(exponent) or abs(exponent) > 64:
            return self._apply("pow", a, b)
        result = self._integer_power(a, int(abs(exponent)))
        return self.div(self.one, result) if exponent < 0 else result

    def _integer_power(self, a, n):
        if n == 0:
            return self.one
        result, square = None, a
        while n:
            if n & 1:
                result = square if result is None else self.mul(result, square)
            n >>= 1
            if n:
                square = self.mul(square, square)
        return result

    def where(self, condition, a, b):
        if a == b:
            return a
        known = self.value(condition)
        if known is not None:
            return a if known != 0 else b
        return self._apply("where", condition, a, b)

    def reach(self, outputs):
        """The nodes that the outputs need, in order of evaluation."""
        seen, stack = set(), list(outputs)
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(self.operands(node))
        return sorted(seen)

    def rewrite(self, outputs, replaced, into=None):
        """Build the outputs anew in the graph `into`, or in this one, nodes of `replaced` first.

        `replaced` maps nodes to nodes of the new graph, or is a function of (node, new operands)
        that gives the new node or None. Returns a dictionary from old nodes to new ones.
        """
        into = self if into is None else into
        choose = replaced if callable(replaced) else lambda node, operands: replaced.get(node)
        made: dict[int, int] = {}
        for node in self.reach(outputs):
            name, *rest = self.nodes[node]
            operands = tuple(made[operand] for operand in self.operands(node))
            new = choose(node, operands)
            if new is None:
                if name == "constant":
                    new = into.constant(rest[0])
                elif name == "variable":
                    new = into.variable(rest[0])
                elif into is self and operands == tuple(rest):
                    new = node
                else:
                    new = into.apply(name, *operands)
            made[node] = new
        return made

    def listing(self, outputs):
        """The graph as text, one node a line: `n4 = mul n2 n3`."""
        lines = []
        for node in self.reach(outputs):
            name, *rest = self.nodes[node]
            if name in ("constant", "variable"):
                lines.append(f"n{node} = {rest[0]}")
            else:
                lines.append(f"n{node} = {name} " + " ".join(f"n{operand}" for operand in rest))
        return "\n".join(lines)


_SIMPLIFIED = {"add", "sub", "neg", "mul", "div", "pow", "where"}


def _safe(value):
    """Whether a folded factor is neither infinite nor subnormal, so that folding loses nothing."""
    return 1e-290 < abs(value) < 1e290
