"""The program: its window, what opens beside it, and pictures of it in files."""

from gdviz.window.program import make_window, run

__all__ = ["make_window", "run"]
