"""C for the kernels, written when the package is built.

`instructions_header` writes the cases of the interpreter, `emitted_programs` one function for
every program of the two catalogues. Both compute the same expressions from the same tables in the
same order, so their results agree bit for bit.
"""

import re

from gdviz_core.operation import OPERATIONS
from gdviz_core.program import INSTRUCTIONS, OPCODES

_SINCOS = "WAVE(vm_sincos(a[j], &d[j], &b[j]), d[j] = sin(a[j]); b[j] = cos(a[j]))"


def instructions_header():
    """The text of instructions.h: one `case` for each instruction of a program."""
    lines = ["/* Written by gdviz_core/emit.py from the tables of operations and instructions. */"]
    for name in INSTRUCTIONS:
        lines.append(f"case {OPCODES[name]}: /* {name} */ {_block(name)}")
    return "\n".join(lines) + "\n"


def _operation(name):
    return OPERATIONS.get(name.removesuffix("_k"))


def _block(name):
    """One instruction over a whole block; d, a, b and c are its registers."""
    if name == "other":
        return "OTHER"
    if name == "sincos":
        return _SINCOS
    operation, code = _operation(name), _named(INSTRUCTIONS[name], "abc", "{}[j]")
    if operation and operation.wide:
        return f"WAVE(d[j] = {code}, d[j] = {_named(operation.wide, 'abc', '{}[j]')})"
    loop = "EACH" if operation and not operation.vectorizes else "LOOP"
    return f"{loop}(d[j] = {code})"


def _named(code, names, pattern):
    """A C expression with its operands called otherwise; functions keep their names."""
    return re.sub(rf"\b([{names}])\b(?!\()", lambda match: pattern.format(match.group(1)), code)


def _is_wave(name):
    operation = _operation(name)
    return name == "sincos" or bool(operation and operation.wide)


def _is_whole(name):
    """Whether an instruction needs a loop of its own: it mixes lanes, or calls libm for each."""
    operation = _operation(name)
    return name == "other" or bool(operation and not operation.vectorizes)


def catalogue():
    """Every program of the catalogues, by digest."""
    from gdviz_core.optimizers import OPTIMIZERS
    from gdviz_core.surfaces import SURFACES

    programs = []
    for surface in SURFACES.values():
        programs += [surface.program(kind) for kind in ("value", "gradient", "slope", "hessian")]
    for optimizer in OPTIMIZERS.values():
        names = tuple(h.name for h in optimizer.hyperparameters)
        for lanes in ((), names):
            programs += optimizer.programs(lanes).programs
    found = {}
    for program in programs:
        found[program.digest()] = (program, False)
        if program.uniform is not None:
            found[program.uniform.digest() + " uniform"] = (program.uniform, True)
    return found


def emitted_programs():
    """(emitted.h, emitted.inc): the digests of the catalogues' programs, and their functions."""
    found = catalogue()
    functions = [_function(f"emitted_{i}", *entry) for i, entry in enumerate(found.values())]
    names = ", ".join(f"emitted_{i}" for i in range(len(functions)))
    digests = ",\n    ".join(f'"{digest}"' for digest in found)
    head = "/* Written by gdviz_core/emit.py from the catalogues. */\n"
    header = f"{head}static const char *const gdv_digests[] = {{\n    {digests}, 0\n}};\n"
    body = "\n".join(functions)
    return header, f"{head}{body}\nstatic const gdv_run emitted[] = {{{names}}};\n"


def _function(name, program, uniform):
    writer = _Writer(program, uniform)
    body = "\n".join(writer.lines())
    count = "enum { n = 1 };" if uniform else "const long n = lanes & -(long)GDV_PAD;"
    return (
        f"static void {name}(const gdv_tape *tape, long lanes, double *const *registers)\n"
        f"{{\n    {count}\n    (void)tape; (void)lanes;\n{body}\n}}"
    )


class _Writer:
    """Writes a program as loops over lanes, each with as many instructions as possible."""

    def __init__(self, program, uniform):
        self.program, self.uniform = program, uniform
        self.patched = {(patch.instruction, patch.which) for patch in program.patches}
        # Where no input is overwritten, a block with angles out of range is simply run again.
        self.again = not uniform and min(program.outputs, default=0) >= len(program.inputs)

    def lines(self):
        lines = ["    long wide = 0;"] if self._reruns() else []
        for step, which in sorted(self.patched):
            lines.append(f"    const double k{which}_{step} = tape->first[{step}].k{which};")
        segments = self._segments()
        for i, segment in enumerate(segments):
            after = [step for later in segments[i + 1 :] for step in later]
            lines += self._segment(segment, self._live(after))
        if self._reruns():
            lines.append("    if (wide) interpret(tape, lanes, registers);")
        return lines

    def _reruns(self):
        return self.again and any(_is_wave(step.name) for step in self.program.instructions)

    def _alone(self, name):
        return not self.uniform and (_is_whole(name) or (_is_wave(name) and not self.again))

    def _segments(self):
        segments: list[list] = []
        for i, step in enumerate(self.program.instructions):
            if self._alone(step.name) or not segments or self._alone(segments[-1][-1][1].name):
                segments.append([])
            segments[-1].append((i, step))
        return segments

    def _live(self, after):
        """The registers that later instructions, or the caller, still read."""
        live = set(self.program.outputs)
        for _, step in reversed(after):
            live -= set(_written(step))
            live |= set(_read(step))
        return live

    def _segment(self, segment, live):
        first = segment[0][1]
        if self._alone(first.name):
            return [
                f"    do {{ double *d = registers[{first.d}], *a = registers[{first.a}], "
                f"*b = registers[{first.b}]; (void)a; (void)b; "
                f"{self._constants(segment[0][0], first, _block(first.name))} }} while (0);"
            ]
        variables: dict[int, str] = {}
        body: list[str] = []
        written: dict[int, str] = {}
        for i, step in segment:
            operands = []
            for register in _read(step):
                if register not in variables:
                    variables[register] = f"r{register}"
                    body.insert(0, f"const double r{register} = registers[{register}][j];")
                operands.append(variables[register])
            body += self._statement(i, step, operands)
            for register, suffix in zip(_written(step), ("", "_b"), strict=False):
                variables[register] = written[register] = f"t{i}{suffix}"
        body += [f"registers[{r}][j] = {name};" for r, name in written.items() if r in live]
        registers = sorted(
            {int(r) for line in body for r in re.findall(r"registers\[(\d+)\]", line)}
        )
        pointers = [f"    double *const p{r} = registers[{r}];" for r in registers]
        code = [re.sub(r"registers\[(\d+)\]", r"p\1", line) for line in body]
        loop = "enum { j = 0 };" if self.uniform else "SEGMENT {"
        end = [] if self.uniform else ["    }"]
        inner = [f"        {line}" for line in code]
        return ["    {", *pointers, f"    {loop}", *inner, *end, "    }"]

    def _statement(self, i, step, operands):
        named = dict(zip("abc", operands, strict=False))
        if step.name == "sincos":
            a = named["a"]
            lines = [f"double t{i}, t{i}_b;"]
            exact = f"if (!(fabs({a}) <= VM_WAVE_LIMIT)) {{ t{i} = sin({a}); t{i}_b = cos({a}); }}"
            lines.append(f"vm_sincos({a}, &t{i}, &t{i}_b);")
        else:
            code = self._code(INSTRUCTIONS[step.name], named)
            lines = [f"double t{i} = {self._constants(i, step, code)};"]
            exact = ""
            if _is_wave(step.name):
                wide = self._code(_operation(step.name).wide, named)
                exact = f"if (!(fabs({named['a']}) <= VM_WAVE_LIMIT)) t{i} = {wide};"
        if _is_wave(step.name):
            lines.append(exact if self.uniform else
                         f"wide |= !(fabs({named['a']}) <= VM_WAVE_LIMIT);")  # fmt: skip
        return lines

    def _code(self, code, named):
        return re.sub(r"\b([abc])\b(?!\()", lambda match: named[match.group(1)], code)

    def _constants(self, i, step, code):
        values = {"k1": step.k1, "k2": step.k2}

        def value(match):
            which = match.group()
            if (i, int(which[1])) in self.patched:
                return f"{which}_{i}"
            return _literal(values[which])

        return re.sub(r"\bk[12]\b", value, code)


def _read(step):
    code = INSTRUCTIONS[step.name]
    if step.name in ("sincos", "other"):
        return (step.a,)
    operands = {"a": step.a, "b": step.b, "c": step.c}
    last = max((i for i, name in enumerate("abc") if re.search(rf"\b{name}\b(?!\()", code)),
               default=-1)  # fmt: skip
    return tuple(operands[name] for name in "abc"[: last + 1])


def _written(step):
    return (step.d, step.b) if step.name == "sincos" else (step.d,)


def _literal(value):
    if value != value:
        return "NAN"
    if value in (float("inf"), float("-inf")):
        return "INFINITY" if value > 0 else "(-INFINITY)"
    text = value.hex()
    return f"({text})" if value < 0 or text.startswith("-") else text
