"""Makes the pictures of the window in this folder: make screenshots"""

import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtWidgets import QApplication

from gdviz.app import theme
from gdviz.experiment import first_experiment
from gdviz.window import make_window

FOLDER = Path(__file__).parent


def main() -> None:
    app = QApplication([])
    window = make_window()
    window.show()

    def take(name: str, now: theme.Theme, index: int, size: tuple[int, int] = (1440, 900)) -> None:
        window.resize(*size)
        window.set_theme(now)
        window.player.go(index)
        for _ in range(10):
            app.processEvents()
            time.sleep(0.01)
        window.grab().save(str(FOLDER / f"{name}.png"))

    take("window-dark", theme.DARK, 26)
    take("window-light", theme.LIGHT, 26)
    several = replace(
        first_experiment().on_surface("rastrigin"),
        starts=((3.4, -2.6), (-2.3, 3.6), (-3.4, -3.2)),
    )
    window.document.show("Rastrigin", several)
    take("rastrigin-dark", theme.DARK, 10_000)
    window.close()


if __name__ == "__main__":
    main()
