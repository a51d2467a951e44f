"""Who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("core", "model", "app", "views", "window")


def layer(module):
    """The layer a module of ours belongs to; None for cli and check, which only start them."""
    parts = module.split(".")
    if parts[0] == "gdviz_core":
        return "core"
    if parts[0] != "gdviz" or module in ("gdviz.cli", "gdviz.check", "gdviz.__main__"):
        return None
    if len(parts) > 1 and parts[1] in ("app", "views", "window"):
        return parts[1]
    return "model"


class Module(str):
    """A module's name; its syntax tree stays out of the test's name."""

    tree: ast.Module


def modules():
    for path in [*ROOT.glob("gdviz/**/*.py"), *ROOT.glob("gdviz_core/*.py")]:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        module = Module(name)
        module.tree = ast.parse(path.read_text(encoding="utf-8"))
        yield module


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", list(modules()), ids=str)
def test_imports_point_one_way(name):
    here = layer(name)
    for imported in imports(name.tree):
        there = layer(imported)
        if here and there:
            assert LAYERS.index(there) <= LAYERS.index(here), f"{name} imports {imported}"
        if here in ("core", "model", None):
            assert not imported.startswith(("PyQt6", "pyqtgraph")), f"{name} imports {imported}"
        if name.startswith("gdviz.views.") and imported.startswith("gdviz.views."):
            assert imported.startswith("gdviz.views.view"), f"{name} imports {imported}"


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("gdviz_core", ["gdviz", "PyQt6", "contourpy", "msgspec", "scipy"]),
        ("gdviz.cli", ["PyQt6", "numpy", "gdviz_core"]),
        ("gdviz.compute", ["PyQt6", "pyqtgraph"]),
        ("gdviz.session", ["PyQt6", "pyqtgraph"]),
        ("gdviz.export", ["PyQt6", "pyqtgraph"]),
    ],
)
def test_importing_brings_nothing_heavier(module, forbidden):
    code = f"import sys, {module}; print([m for m in {forbidden} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_what_the_build_runs_is_pure_python():
    code = """
import sys, types
package = types.ModuleType("gdviz_core"); package.__path__ = ["gdviz_core"]
sys.modules["gdviz_core"] = package
import gdviz_core.emit, gdviz_core.expression, gdviz_core.derivative, gdviz_core.rule
print([m for m in sys.modules if m.startswith("numpy")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
