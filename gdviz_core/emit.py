"""C for the kernels, written when the package is built: the cases of the interpreter."""

import re

from gdviz_core.operation import OPERATIONS
from gdviz_core.program import INSTRUCTIONS, OPCODES

_LIBM = {name for name, operation in OPERATIONS.items() if not operation.vectorizes}


def instructions_header():
    """The text of instructions.h: one `case` for each instruction of a program."""
    lines = ["/* Written by gdviz_core/emit.py from the tables of operations and instructions. */"]
    for name, code in INSTRUCTIONS.items():
        case = f"case {OPCODES[name]}: /* {name} */ "
        if name in ("sin", "cos"):
            lines.append(case + f"WAVE(d[j] = vm_{name}(a[j]), d[j] = {name}(a[j]))")
        elif name == "sincos":
            lines.append(
                case + "WAVE(vm_sincos(a[j], &d[j], &b[j]), d[j] = sin(a[j]); b[j] = cos(a[j]))"
            )
        elif name == "other":
            lines.append(case + "OTHER")
        else:
            loop = "EACH" if name.removesuffix("_k") in _LIBM else "LOOP"
            indexed = re.sub(r"\b([abc])\b(?!\()", r"\1[j]", code)
            lines.append(case + f"{loop}(d[j] = {indexed})")
    return "\n".join(lines) + "\n"
