"""C for the kernels, written when the package is built: the cases of the interpreter."""

import re

from gdviz_core.operation import OPERATIONS
from gdviz_core.program import INSTRUCTIONS, OPCODES

# The two that are no expression over one lane.
_WHOLE = {
    "other": "OTHER",
    "sincos": "WAVE(vm_sincos(a[j], &d[j], &b[j]), d[j] = sin(a[j]); b[j] = cos(a[j]))",
}


def instructions_header():
    """The text of instructions.h: one `case` for each instruction of a program."""
    lines = ["/* Written by gdviz_core/emit.py from the tables of operations and instructions. */"]
    for name, code in INSTRUCTIONS.items():
        lines.append(f"case {OPCODES[name]}: /* {name} */ {_WHOLE.get(name) or _loop(name, code)}")
    return "\n".join(lines) + "\n"


def _loop(name, code):
    operation = OPERATIONS.get(name.removesuffix("_k"))
    if operation and operation.wide:
        return f"WAVE(d[j] = {_indexed(code)}, d[j] = {_indexed(operation.wide)})"
    loop = "EACH" if operation and not operation.vectorizes else "LOOP"
    return f"{loop}(d[j] = {_indexed(code)})"


def _indexed(code):
    """Operands a, b and c as those of lane j."""
    return re.sub(r"\b([abc])\b(?!\()", r"\1[j]", code)
