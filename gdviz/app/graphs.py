"""The computational graph as a drawing: to be zoomed, dragged, pointed at and exported."""

from dataclasses import dataclass

from PyQt6.QtCore import QBuffer, QEvent, QIODevice, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QWheelEvent,
)
from PyQt6.QtSvg import QSvgGenerator
from PyQt6.QtWidgets import QWidget

from gdviz.app.canvas import painted
from gdviz.app.theme import DARK, Theme, font
from gdviz.laboratory import Node

WIDTH, HEIGHT = 92.0, 50.0  # of a node
ACROSS, DOWN = 132.0, 66.0  # from one to the next
READABLE = 0.62  # below this scale the numbers are left out
SMALLEST, LARGEST = 0.05, 4.0


@dataclass(frozen=True)
class Numbers:
    """What stands in a node: "" for what is not known yet."""

    value: str = ""
    slope: str = ""


def places(nodes: tuple[Node, ...]) -> dict[int, QPointF]:
    """Where each node stands: inputs at the left, each behind all it reads.

    Sugiyama's method, by igraph, finds the order in which few lines cross.
    """
    import igraph  # not before the first graph is drawn

    index = {node.number: at for at, node in enumerate(nodes)}
    layer: dict[int, int] = {}
    for node in nodes:
        layer[node.number] = 1 + max((layer[part] for part in node.parts), default=-1)
    edges = [(index[part], index[node.number]) for node in nodes for part in node.parts]
    graph = igraph.Graph(n=len(nodes), edges=edges, directed=True)
    layout = graph.layout_sugiyama(layers=[layer[node.number] for node in nodes])
    return {node.number: QPointF(ACROSS * layer[node.number], DOWN * layout[at][0])
            for node, at in zip(nodes, range(len(nodes)), strict=True)}  # fmt: skip


class GraphView(QWidget):
    """The nodes and the lines between them, with the numbers of a point."""

    hovered = pyqtSignal(object)  # the number of a node, or None
    clicked = pyqtSignal(int)

    def __init__(self, name: str):
        super().__init__()
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 90)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.nodes: tuple[Node, ...] = ()
        self.numbers: dict[int, Numbers] = {}
        self.present: int | None = None
        self._places: dict[int, QPointF] = {}
        self._marked: int | None = None
        self._theme: Theme = DARK
        self._scale, self._shift = 1.0, QPointF()
        self._fits = True
        self._drag: QPointF | None = None

    def sizeHint(self) -> QSize:
        return QSize(400, 240)

    def show_nodes(self, nodes: tuple[Node, ...]) -> None:
        """Draw a graph, all of it in sight."""
        if nodes != self.nodes:
            self.nodes, self._places, self.numbers = nodes, places(nodes), {}
            self.fit()

    def show_numbers(self, numbers: dict[int, Numbers], present: int | None) -> None:
        """Write numbers into the nodes; the present one stands out."""
        self.numbers, self.present = numbers, present
        self.update()

    def mark(self, node: int | None) -> None:
        """Highlight a node."""
        if node != self._marked:
            self._marked = node
            self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def text_of(self, node: int) -> Numbers:
        """The numbers that stand in a node now."""
        return self.numbers.get(node, Numbers())

    # the view

    def extent(self) -> QRectF:
        """The rectangle that holds the drawing."""
        xs, ys = [p.x() for p in self._places.values()], [p.y() for p in self._places.values()]
        if not xs:
            return QRectF(0, 0, WIDTH, HEIGHT)
        return QRectF(min(xs) - 12, min(ys) - 12, max(xs) - min(xs) + WIDTH + 24,
                      max(ys) - min(ys) + HEIGHT + 24)  # fmt: skip

    def fit(self) -> None:
        """Show all of it."""
        room = self.extent()
        self._scale = min(self.width() / room.width(), self.height() / room.height(), 1.25)
        self._scale = max(self._scale, SMALLEST)
        self._shift = QPointF(self.width(), self.height()) / 2 - room.center() * self._scale
        self._fits = True
        self.update()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Larger or smaller around a point of the widget."""
        at = QPointF(self.width(), self.height()) / 2 if at is None else at
        scale = min(max(self._scale * factor, SMALLEST), LARGEST)
        self._shift = at + (self._shift - at) * (scale / self._scale)
        self._scale, self._fits = scale, False
        self.update()

    def place(self, node: int) -> QRectF:
        """Where a node is on the widget."""
        corner = self._places[node] * self._scale + self._shift
        return QRectF(corner.x(), corner.y(), WIDTH * self._scale, HEIGHT * self._scale)

    def node_at(self, at: QPointF) -> int | None:
        """The node at a point of the widget."""
        return next((n.number for n in self.nodes if self.place(n.number).contains(at)), None)

    def resizeEvent(self, event: object) -> None:
        if self._fits:
            self.fit()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:
            self.zoom(1.0015 ** event.angleDelta().y(), event.position())
            event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        zoom = {Qt.Key.Key_Plus: 1.25, Qt.Key.Key_Minus: 0.8}
        drag = {Qt.Key.Key_Up: (0, 40), Qt.Key.Key_Down: (0, -40), Qt.Key.Key_PageUp: (120, 0),
                Qt.Key.Key_PageDown: (-120, 0)}  # fmt: skip
        key = None if event is None else Qt.Key(event.key())
        if key in zoom:
            self.zoom(zoom[key])
        elif key in drag:
            self._shift, self._fits = self._shift + QPointF(*drag[key]), False
            self.update()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._drag = event.position()
            node = self.node_at(event.position())
            if node is not None:
                self.clicked.emit(node)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self.fit()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._drag is not None:
            self._shift += event.position() - self._drag
            self._drag, self._fits = event.position(), False
            self.update()
        else:
            self.hovered.emit(self.node_at(event.position()))

    def leaveEvent(self, event: QEvent | None) -> None:
        self.hovered.emit(None)

    # painting

    @painted
    def paintEvent(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QColor(self._theme.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.translate(self._shift)
        painter.scale(self._scale, self._scale)
        self._paint(painter, self._scale >= READABLE)

    def svg(self) -> str:
        """The whole drawing as SVG, with its text as such."""
        room, buffer = self.extent(), QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        made = QSvgGenerator()
        made.setOutputDevice(buffer)
        made.setSize(room.size().toSize())
        made.setViewBox(QRectF(0, 0, room.width(), room.height()))
        painter = QPainter(made)
        try:
            painter.fillRect(QRectF(0, 0, room.width(), room.height()), QColor(self._theme.card))
            painter.translate(-room.topLeft())
            self._paint(painter, True)
        finally:
            painter.end()
        return bytes(buffer.data().data()).decode()

    def _paint(self, painter: QPainter, numbers: bool) -> None:
        theme = self._theme
        for node in self.nodes:
            for part in node.parts:
                lit = self._marked in (node.number, part)
                color = QColor(theme.accent if lit else theme.text3)
                color.setAlpha(255 if lit else 130)
                painter.setPen(QPen(color, 2.0 if lit else 1.2))
                painter.drawPath(self._line(part, node.number))
        for node in self.nodes:
            self._paint_node(painter, node, numbers)

    def _line(self, a: int, b: int) -> QPainterPath:
        begin = self._places[a] + QPointF(WIDTH, HEIGHT / 2)
        end = self._places[b] + QPointF(0, HEIGHT / 2)
        bend = QPointF(max(20.0, (end.x() - begin.x()) / 2), 0)
        path = QPainterPath(begin)
        path.cubicTo(begin + bend, end - bend, end)
        return path

    def _paint_node(self, painter: QPainter, node: Node, numbers: bool) -> None:
        theme, corner = self._theme, self._places[node.number]
        room = QRectF(corner.x(), corner.y(), WIDTH, HEIGHT)
        marked, present = node.number == self._marked, node.number == self.present
        color = theme.accent if marked or present else theme.border
        painter.setPen(QPen(QColor(color), 2.2 if marked or present else 1.2))
        painter.setBrush(QColor(theme.raised if present else theme.control))
        painter.drawRoundedRect(room, 9, 9)
        if node.kept:
            painter.setBrush(QColor(theme.racers[1]))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QPointF(room.right() - 8, room.top() + 8), 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        head = f"{node.name}: {node.sign}" if node.sign else node.name
        middle = int(Qt.AlignmentFlag.AlignCenter)
        if not numbers:
            painter.setFont(font(22))
            painter.setPen(QColor(theme.text))
            painter.drawText(room, middle, node.sign or node.name)
            return
        shown = self.text_of(node.number)
        lines = ((head, theme.text2), (shown.value, theme.text), (shown.slope, theme.accent))
        for at, (words, tint) in enumerate(lines):
            painter.setFont(font(11.5, 600 if at == 0 else 400))
            painter.setPen(QColor(tint))
            metrics = QFontMetricsF(painter.font())
            words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, WIDTH - 10)
            painter.drawText(QRectF(room.left(), room.top() + 2 + 15.5 * at, WIDTH, 15), middle,
                             words)  # fmt: skip
