"""A real window, driven by real mouse and key events."""

import gc

import pytest
from PyQt6.QtCore import QEvent, QObject, QPoint, QPointF, QSettings, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QDialog

from gdviz.app.document import Origin
from gdviz.window import make_window

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


class Driver:
    """Does to a window what a user does."""

    def __init__(self, qtbot, window):
        self.qtbot, self.window = qtbot, window
        self.document, self.player = window.document, window.player

    def settle(self, milliseconds=30):
        self.qtbot.wait(milliseconds)
        self.qtbot.waitUntil(lambda: not self.window.appearance.turns.busy)

    def raced(self):
        """The race of the current experiment, once it is there."""
        self.qtbot.waitUntil(lambda: self.document.race.experiment is self.document.experiment)
        return self.document.race

    def spot(self, canvas, x, y):
        """The pixel of a canvas' viewport at a point of the plane."""
        return canvas.to_widget(x, y).toPoint()

    def click(self, x, y, button=LEFT):
        canvas = self.window.map.canvas
        QTest.mouseClick(canvas.viewport(), button, NONE, self.spot(canvas, x, y))
        self.settle()

    def drag(self, begin, end, steps=6, button=LEFT, release=True):
        canvas = self.window.map.canvas
        a, b = (QPointF(self.spot(canvas, *point)) for point in (begin, end))
        viewport = canvas.viewport()
        QTest.mousePress(viewport, button, NONE, a.toPoint())
        for i in range(1, steps + 1):
            QTest.mouseMove(viewport, (a + (b - a) * i / steps).toPoint())
            self.settle(5)
        if release:
            QTest.mouseRelease(viewport, button, NONE, b.toPoint())
            self.settle()

    def type(self, field, text, enter=True):
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        if enter:
            QTest.keyClick(field, Qt.Key.Key_Return)
        self.settle()

    def paste(self, field, text):
        field.setFocus()
        field.setText(text)
        field.setModified(True)
        QTest.keyClick(field, Qt.Key.Key_Return)
        self.settle()

    def key(self, key, modifier=NONE):
        QTest.keyClick(self.window.windowHandle(), key, modifier)
        self.settle()

    def press(self, button):
        QTest.mouseClick(button, LEFT, NONE, QPoint(button.width() // 2, button.height() // 2))
        self.settle()

    def dialog(self):
        """The dialog that is open."""
        self.settle()
        (found,) = [d for d in self.window.findChildren(QDialog) if d.isVisible()]
        return found

    def pixel(self, x, y):
        """The colour on the map at a point of the plane."""
        canvas = self.window.map.canvas
        picture = canvas.grab()
        at = canvas.to_widget(x, y) * picture.devicePixelRatio()
        return picture.toImage().pixelColor(at.toPoint())


class Painted(QObject):
    """Counts how often a widget is painted on the screen."""

    def __init__(self, widget):
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _, event):
        self.count += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture(scope="session", autouse=True)
def frozen():
    """Keep what tests before these left behind out of the collections that follow every window."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def unasked(monkeypatch):
    """A question that no test expects is a failure; without this it would wait for an answer."""

    def asked(box):
        raise AssertionError(f"the program asks: {box.text()}")

    monkeypatch.setattr("PyQt6.QtWidgets.QMessageBox.exec", asked)


@pytest.fixture
def user(qtbot, tmp_path, monkeypatch):
    """A Driver of a fresh window of 1440 by 900."""
    QSettings().clear()
    QSettings().setValue("toured", "yes")
    window = make_window()
    window.appearance.choose("dark")
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    driver = Driver(qtbot, window)
    driver.settle(80)
    yield driver
    window.document.settle(Origin(window.document.experiment))  # nobody is asked
    window.close()
    window.deleteLater()
    # what deleteLater left behind is only deleted when it is asked for by name
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()
    gc.collect()
