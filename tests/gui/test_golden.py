"""Pictures whose look is the behaviour, against ones that were looked at.

GDVIZ_GOLDEN=1 in the environment writes them anew; then look at them.
"""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor, QImage, QPainter

from gdviz import compute
from gdviz.app.balls import Balls, Starts
from gdviz.app.canvas import Viewport, image_of
from gdviz.app.draped import Threads
from gdviz.app.internals import draw_internals
from gdviz.app.pictures import (
    Landscape,
    contour_lines,
    critical_marks,
    draw_critical_points,
    draw_heat,
)
from gdviz.app.relief import draw_scene
from gdviz.app.theme import DARK, LIGHT
from gdviz.app.trails import Trails
from gdviz.display import Camera
from gdviz.experiment import Experiment, enter
from gdviz.inspection import step_of
from gdviz_core import critical_points

FOLDER = Path(__file__).parent / "golden"
SIZE = (260, 200)


def race_on(surface, starts, **fields):
    experiment = Experiment(surface, starts=starts, steps=120, **fields)
    for name in ("gd", "momentum"):
        experiment = replace(experiment, racers=(*experiment.racers, enter(experiment, name)))
    return compute.finish(compute.race(experiment))


def relief(theme, race, camera, index=60):
    """A surface in 3-D with trails and balls."""
    surface, index = race.experiment.resolved(), min(index, race.last)
    scene = draw_scene(surface, "log", camera, True, False, SIZE, 1.0, theme)
    picture = QImage(*SIZE, QImage.Format.Format_RGB32)
    picture.fill(QColor(theme.card))
    painter = QPainter(picture)
    painter.drawImage(QPointF(0, 0), image_of(scene.pixels))
    threads = Threads()
    while not threads.draw(painter, race, index, scene, 1.0, theme, (2.2, 4.4), True):
        time.sleep(0.001)
    x, y = race.x[:, index], race.y[:, index]
    px, py, seen = scene.project(x, y, scene.relief.heights(surface.value(x, y)))
    opacity = np.where(seen == 1, 1.0, 0.38)
    Balls().draw_at(painter, race, index, px, py, opacity, scene.pixels.shape, 1.0, theme)
    painter.end()
    return picture


def chart(theme, race, index=60, internals=(), fade=False):
    """A map with everything on it."""
    surface, index = race.experiment.resolved(), min(index, race.last)
    viewport = Viewport(*surface.domain, *SIZE)
    values = surface.grid(*viewport.centres())
    landscape = Landscape(surface, viewport, 1, values)
    picture = QImage(*SIZE, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(picture)
    draw_heat(painter, landscape, theme)
    painter.drawImage(QPointF(0, 0), image_of(contour_lines(landscape, landscape.scale, theme)))
    marks = critical_marks(surface, critical_points(surface))
    draw_critical_points(painter, marks, viewport, theme)
    trails = Trails()
    while not trails.draw(painter, race, index, viewport, theme, fade):
        time.sleep(0.001)
    painter.setOpacity(1.0)
    Starts().draw(painter, race.experiment.starts, 0, viewport, theme)
    Balls().draw(painter, race, index, viewport, theme)
    if internals:
        step = step_of(race, 0, index)
        draw_internals(painter, step, surface, internals, "", viewport, theme.racer(0), theme)
    painter.end()
    return picture


PICTURES = {
    "relief-dark": lambda: relief(DARK, race_on("himmelblau", ((-0.35, -0.9),)), Camera()),
    "relief-light": lambda: relief(LIGHT, race_on("himmelblau", ((-0.35, -0.9),)), Camera()),
    "ghost": lambda: relief(
        DARK, race_on("exp(-8*x^2) + 0.2*(x + 0.9)^2", ((0.15, 0.3),), domain=(-1.2, 1.2, -1, 1)),
        Camera(0.0, 16.0), 90,
    ),
    "hole": lambda: relief(
        DARK, race_on("sqrt(x + 0.5) + y^2", ((0.8, 0.7),), domain=(-1, 1, -1, 1)), Camera()
    ),
    "map-dark": lambda: chart(DARK, race_on("six_hump_camel", ((1.9, 0.9),))),
    "map-light": lambda: chart(LIGHT, race_on("six_hump_camel", ((1.9, 0.9),))),
    "map-hole": lambda: chart(
        DARK, race_on("log(x + 1) + y^2", ((0.8, 0.7),), domain=(-2, 2, -1.5, 1.5)), 20
    ),
    "map-fade": lambda: chart(DARK, race_on("himmelblau", ((-0.35, -0.9),)), 45, fade=True),
    "map-arrows": lambda: chart(
        LIGHT, race_on("himmelblau", ((-0.35, -0.9),)), 12, ("gradient", "step", "model"),
    ),
}  # fmt: skip


def pixels(image):
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = image.constBits().asarray(image.sizeInBytes())
    return np.array(data, np.uint8).reshape(image.height(), -1, 4)[:, :, :3].astype(int)


@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_as_it_did_when_it_was_looked_at(qapp, name):
    from gdviz.app.theme import load_fonts

    load_fonts()
    drawn = PICTURES[name]()
    path = FOLDER / f"{name}.png"
    if os.environ.get("GDVIZ_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        drawn.save(str(path))
    golden = QImage(str(path))
    assert golden.size() == drawn.size()
    apart = np.abs(pixels(golden) - pixels(drawn)).max(axis=2)
    assert apart.mean() < 2.0
    assert (apart > 48).mean() < 0.01
