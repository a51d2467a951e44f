"""Graph to program: ordered instructions over registers, each register a block of lanes.

A program reads its inputs from the first registers and leaves every output in the register the
caller names. Values that are the same in all lanes (`uniform`: hyper-parameters, the step number
and what follows from them alone) form a small program of their own; their results become constant
operands (`Patch`) of the main program, so a step pays for them once and not once a lane.
"""

import hashlib
from dataclasses import dataclass

from gdviz_core.operation import OPERATIONS

# Instructions beyond the plain operations: constant operands k1, k2 and fused products. There is
# no fused rounding: a*b + c rounds twice, so fusing never changes a result.
FUSED = {
    "copy": "a",
    "fill": "k1",
    "add_k": "a + k1",
    "k_sub": "k1 - a",
    "mul_k": "a * k1",
    "div_k": "a / k1",
    "k_div": "k1 / a",
    "pow_k": "pow(a, k1)",
    "min_k": "a < k1 || a != a ? a : k1",
    "max_k": "a > k1 || a != a ? a : k1",
    "square": "a * a",
    "mul_k_add_k": "a * k1 + k2",
    "mul_k_add": "a * k1 + b",
    "mul_k_add_mul_k": "a * k1 + b * k2",
    "mul_add": "a * b + c",
    "mul_sub": "a * b - c",
    "sub_mul": "c - a * b",
    "square_add": "a * a + b",
    "where_k": "k1 != 0.0 ? a : b",
    "sincos": "",  # two results, d and b; emit.py has its code
}
PLAIN = {name: operation.code for name, operation in OPERATIONS.items()}
INSTRUCTIONS = {**PLAIN, **FUSED}
OPCODES = {name: i for i, name in enumerate(INSTRUCTIONS)}

# The result may not share a register with an operand: these read an operand after writing.
_APART = {"other", "sincos"}


@dataclass(frozen=True)
class Instruction:
    """`d = name(a, b, c, k1, k2)`; a, b, c and d are registers."""

    name: str
    d: int
    a: int = 0
    b: int = 0
    c: int = 0
    k1: float = 0.0
    k2: float = 0.0


@dataclass(frozen=True)
class Patch:
    """Constant k1 or k2 (`which`) of an instruction is the uniform program's register `source`."""

    instruction: int
    which: int
    source: int


@dataclass(frozen=True)
class Program:
    """Instructions over `registers` registers, the first of which hold the inputs in order.

    `outputs` are the registers of the results; the others are worth nothing after a run.
    """

    inputs: tuple
    instructions: tuple
    registers: int
    uniform: "Program | None" = None
    patches: tuple = ()
    outputs: tuple = ()

    def digest(self):
        """A name for what the program does, the same wherever it was compiled."""
        constants = {(patch.instruction, patch.which) for patch in self.patches}
        lines = [f"{len(self.inputs)} {self.outputs}"]
        for i, step in enumerate(self.instructions):
            k1, k2 = ("patched" if (i, n) in constants else k.hex()
                      for n, k in ((1, step.k1), (2, step.k2)))  # fmt: skip
            lines.append(f"{step.name} {step.d} {step.a} {step.b} {step.c} {k1} {k2}")
        return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def compile_program(graph, outputs, inputs, uniforms=(), keep=()):
    """The Program that computes `outputs`, a list of pairs (node, register).

    Input i comes in register i. An output register below len(inputs) replaces that input in place;
    the others follow the inputs without a gap. Names in `uniforms` are inputs of the uniform
    program instead; `keep` are pairs (node, register) that it shall compute besides.
    """
    return _Compiler(graph, outputs, tuple(inputs), tuple(uniforms), tuple(keep)).program()


@dataclass(frozen=True)
class _Draft:
    """An instruction over nodes, before registers are assigned."""

    name: str
    results: tuple
    operands: tuple = ()
    constants: tuple = ()


class _Compiler:
    def __init__(self, graph, outputs, inputs, uniforms, keep):
        self.graph, self.inputs, self.uniforms, self.keep = graph, inputs, uniforms, keep
        self.outputs = self._without_idle_swaps(outputs)
        outputs = self.outputs
        self.order = graph.reach([node for node, _ in outputs])
        self.needed = set(self.order)
        self.scalars = self._find_scalars()
        self.drafts = []
        self.done = set()  # nodes that an earlier instruction computed or swallowed

    def program(self):
        self._select()
        target = self._place_outputs()
        instructions, registers, pending = self._assign(target)
        uniform, patches = self._uniform(pending)
        places = tuple(register for _, register in self.outputs)
        return Program(self.inputs, tuple(instructions), registers, uniform, patches, places)

    # which instructions

    def _without_idle_swaps(self, outputs):
        """The outputs with other(s) replaced by s where s is the same in all lanes."""
        graph = self.graph
        same = {graph.variable(name) for name in self.uniforms}

        def becomes(node, operands):
            new = node if node in same or not graph.operands(node) else None
            if new is None and graph.nodes[node][0] == "other" and operands[0] in same:
                new = operands[0]
            if new is None and operands != graph.operands(node):
                new = graph.apply(graph.nodes[node][0], *operands)
            new = node if new is None else new
            if graph.value(new) is not None or (operands and same.issuperset(operands)):
                same.add(new)
            return new

        made = graph.rewrite([node for node, _ in outputs], becomes)
        return [(made[node], register) for node, register in outputs]

    def _find_scalars(self):
        """Nodes that are the same in all lanes: constants and what follows from uniforms."""
        uniform = {self.graph.variable(name) for name in self.uniforms}
        found = set()
        for node in self.order:
            operands = self.graph.operands(node)
            if (
                self.graph.value(node) is not None
                or node in uniform
                or (operands and all(operand in found for operand in operands))
            ):
                found.add(node)
        return found

    def _select(self):
        self.uses: dict[int, int] = {}
        for node in self.order:
            for operand in self.graph.operands(node):
                self.uses[operand] = self.uses.get(operand, 0) + 1
        for node, _ in self.outputs:
            self.uses[node] = self.uses.get(node, 0) + 2
        lanes = [n for n in self.order if n not in self.scalars and self.graph.operands(n)]
        sums = (n for n in lanes if self.graph.nodes[n][0] in ("add", "sub"))
        fused = {node: draft for node in sums if (draft := self._fuse(node))}
        for node in lanes:
            if node not in self.done:
                self._emit(fused.get(node) or self._plain(node))

    def _emit(self, draft):
        for operand in draft.operands:
            if operand in self.scalars and operand not in self.done:
                self.done.add(operand)
                self.drafts.append(_Draft("fill", (operand,), (), (operand,)))
        self.drafts.append(draft)

    def _product(self, node):
        """The factors of a product used only once, the scalar one last; else None."""
        if node in self.scalars or self.graph.nodes[node][0] != "mul":
            return None
        if self.uses[node] != 1 or node in self.done:
            return None
        p, q = self.graph.operands(node)
        return (q, p) if p in self.scalars else (p, q)

    def _fuse(self, node):
        """One instruction for a sum and the product in it; None where there is none."""
        name, a, b = self.graph.nodes[node]
        return self._fuse_add(node, a, b) if name == "add" else self._fuse_sub(node, a, b)

    def _fuse_add(self, node, a, b):
        scalar = self.scalars.__contains__
        first, second = self._product(a), self._product(b)
        if first and second and scalar(first[1]) and scalar(second[1]):
            self.done |= {a, b}
            return _Draft("mul_k_add_mul_k", (node,), (first[0], second[0]), (first[1], second[1]))
        for product, source, rest in ((first, a, b), (second, b, a)):
            if not product or (scalar(rest) and not scalar(product[1])):
                continue
            self.done.add(source)
            u, v = product
            if scalar(v) and scalar(rest):
                return _Draft("mul_k_add_k", (node,), (u,), (v, rest))
            if scalar(v):
                return _Draft("mul_k_add", (node,), (u, rest), (v,))
            if u == v:
                return _Draft("square_add", (node,), (u, rest))
            return _Draft("mul_add", (node,), (u, v, rest))
        return None

    def _fuse_sub(self, node, a, b):
        scalar = self.scalars.__contains__
        product = self._product(b)
        if product and scalar(product[1]):
            self.done.add(b)
            k = self._negated(product[1])  # a - u*k is u*(-k) + a to the bit
            if scalar(a):
                return _Draft("mul_k_add_k", (node,), product[:1], (k, a))
            return _Draft("mul_k_add", (node,), (product[0], a), (k,))
        if product and not scalar(a):
            self.done.add(b)
            return _Draft("sub_mul", (node,), (*product, a))
        product = self._product(a)
        if product and not scalar(product[1]) and not scalar(b):
            self.done.add(a)
            return _Draft("mul_sub", (node,), (*product, b))
        return None

    def _negated(self, scalar):
        node = self.graph.neg(scalar)
        self.scalars.add(node)
        return node

    def _plain(self, node):
        name, *operands = self.graph.nodes[node]
        draft = None
        if name in ("sin", "cos"):
            draft = self._wave(node, name, operands[0])
        elif name == "where" and operands[0] in self.scalars:
            draft = _Draft("where_k", (node,), tuple(operands[1:]), (operands[0],))
        elif name == "mul" and operands[0] == operands[1]:
            draft = _Draft("square", (node,), (operands[0],))
        elif len(operands) == 2 and not self.scalars.isdisjoint(operands):
            draft = self._with_constant(node, name, *operands)
        return draft or _Draft(name, (node,), tuple(operands))

    def _wave(self, node, name, angle):
        """sin and cos of the same angle in one instruction, when both are needed."""
        partner = self.graph.find("cos" if name == "sin" else "sin", angle)
        if partner not in self.needed:
            return None
        self.done.add(partner)
        return _Draft("sincos", (node, partner) if name == "sin" else (partner, node), (angle,))

    def _with_constant(self, node, name, a, b):
        first = a in self.scalars
        lane, k = (b, a) if first else (a, b)
        if name == "sub":
            name, k = ("k_sub", k) if first else ("add_k", self._negated(k))
        elif name == "div":
            name = "k_div" if first else "div_k"
        elif name in ("add", "mul", "min", "max") or (name == "pow" and not first):
            name = f"{name}_k"
        else:
            return None
        return _Draft(name, (node,), (lane,), (k,))

    # which registers

    def _place_outputs(self):
        """Let results land in their output registers where that is safe; copy the others last."""
        inputs = {self.graph.variable(name): i for i, name in enumerate(self.inputs)}
        overwritten = {register for _, register in self.outputs}
        made = {node: i for i, draft in enumerate(self.drafts) for node in draft.results}
        read = {}
        for i, draft in enumerate(self.drafts):
            for operand in draft.operands:
                if operand in inputs:
                    read[inputs[operand]] = i + (draft.name in _APART)
        target, saved, copies = {}, [], []
        for node, register in self.outputs:
            if node in made and node not in target and read.get(register, -1) <= made[node]:
                target[node] = register
            elif inputs.get(node) != register:
                result, source = ("output", register), node
                target[result] = register
                if inputs.get(node) in overwritten:
                    source = ("saved", node)
                    saved.append(_Draft("copy", (source,), (node,)))
                if node in self.scalars:
                    copies.append(_Draft("fill", (result,), (), (node,)))
                else:
                    copies.append(_Draft("copy", (result,), (source,)))
        self.drafts = saved + self.drafts + copies
        return target

    def _assign(self, target):
        """Reuse registers as soon as their value is dead: a block stays in the nearest cache."""
        place = {self.graph.variable(name): i for i, name in enumerate(self.inputs)}
        count = fixed = len(set(range(len(self.inputs))) | {r for _, r in self.outputs})
        last = {node: i for i, draft in enumerate(self.drafts) for node in draft.operands}
        instructions: list[Instruction] = []
        pending: list[tuple] = []
        free: list[int] = []
        for i, draft in enumerate(self.drafts):
            sources = [place[operand] for operand in draft.operands]
            dying = {place[node] for node in draft.operands if last[node] == i}
            dead = sorted(register for register in dying if register >= fixed)
            if draft.name not in _APART:
                free += dead
            for node in draft.results:
                if node in target:
                    place[node] = target[node]
                elif free:
                    place[node] = free.pop()
                else:
                    place[node], count = count, count + 1
            if draft.name in _APART:
                free += dead
            results = [place[node] for node in draft.results]
            constants = [
                self._constant(node, i, which, pending)
                for which, node in enumerate(draft.constants, 1)
            ]
            a, b, c, *_ = (*sources, *results[1:], 0, 0, 0)
            k1, k2, *_ = (*constants, 0.0, 0.0)
            instructions.append(Instruction(draft.name, results[0], a, b, c, k1, k2))
        return instructions, count, pending

    def _constant(self, node, instruction, which, pending):
        value = self.graph.value(node)
        if value is None:
            pending.append((instruction, which, node))
            return 0.0
        return value

    def _uniform(self, pending):
        if not pending and not self.keep:
            return None, ()
        place = {self.graph.variable(name): i for i, name in enumerate(self.uniforms)}
        kept = dict(self.keep)
        nodes = sorted({node for _, _, node in pending} - set(place) - set(kept))
        outputs = [(node, len(self.uniforms) + i) for i, node in enumerate(nodes)]
        program = compile_program(self.graph, [*self.keep, *outputs], self.uniforms)
        register = {**place, **kept, **dict(outputs)}
        return program, tuple(Patch(i, which, register[node]) for i, which, node in pending)
