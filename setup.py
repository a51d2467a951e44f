"""Builds the compiled core; everything else about the package is in pyproject.toml."""

import os
import sys
from pathlib import Path
from types import ModuleType

from Cython.Build import cythonize
from setuptools import Extension, setup

here = Path(__file__).resolve().parent
os.chdir(here)

# The emitter is pure Python and runs before anything is built, so the package's __init__, which
# imports the compiled engine, must stay out of it.
package = ModuleType("gdviz_core")
package.__path__ = [str(here / "gdviz_core")]
sys.modules["gdviz_core"] = package

from gdviz_core.emit import emitted_programs, instructions_header  # noqa: E402

generated = ("instructions.h", "emitted.h", "emitted.inc")
for name, text in zip(generated, (instructions_header(), *emitted_programs()), strict=True):
    header = Path("gdviz_core") / name
    if not header.exists() or header.read_text() != text:
        header.write_text(text)

# Infinities and NaN must survive (they are how divergence is seen), and every build must give the
# same bits: hence no -ffast-math and no contraction.
flags = ["/O2"] if sys.platform == "win32" else [
    "-O3", "-g0", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]  # fmt: skip

links = []
if os.environ.get("GDVIZ_SANITIZE"):  # see the Makefile
    links = ["-fsanitize=address,undefined"]
    flags = [*flags, "-O1", "-g1", "-fno-sanitize-recover=all", *links]

headers = ("kernels.h", "kernels.inc", "vmath.h", *generated)
kernels = ("baseline", "avx2", "avx512")
extensions = [
    Extension(
        f"gdviz_core.{name}",
        sources=[f"gdviz_core/{name}.pyx"],
        depends=["setup.py", *(f"gdviz_core/{header}" for header in (*headers, f"{name}.h"))]
        if name in kernels
        else ["setup.py", "gdviz_core/vmath.h", "gdviz_core/kernels.h", "gdviz_core/emitted.h"],
        include_dirs=["gdviz_core"],
        extra_compile_args=flags,
        extra_link_args=links,
    )
    for name in (*kernels, "engine", "rows", "iteration", "raster")
]

setup(
    ext_modules=cythonize(extensions),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)
