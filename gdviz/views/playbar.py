"""The player below the map: to start, back, play, forward, to end, scrub, speed, loop."""

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QColor, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from gdviz.app.controls import Combo, IconButton, Slider, label
from gdviz.app.document import Document
from gdviz.app.player import SPEEDS, Player
from gdviz.app.text import tr
from gdviz.app.theme import Theme
from gdviz.compute import Race
from gdviz.views.view import View


class PlaybarView(View):
    """Buttons and a slider for the playhead."""

    title = "Player"
    place = "below"

    def __init__(self, document: Document, player: Player, parent: QWidget | None = None):
        super().__init__(document, player, parent)
        self.to_start = IconButton("ph.skip-back-fill", tr("To the start (Home)"), 32)
        self.back = IconButton("ph.caret-left-fill", tr("Step back (Left)"), 32)
        self.play = IconButton("ph.play-fill", tr("Play (Space)"), 40)
        self.play.setObjectName("play")
        self.play.setIconSize(QSize(18, 18))
        self.forward = IconButton("ph.caret-right-fill", tr("Step forward (Right)"), 32)
        self.to_end = IconButton("ph.skip-forward-fill", tr("To the end (End)"), 32)
        self.repeat = IconButton("ph.repeat", tr("Loop (L)"), 32)
        self.repeat.setCheckable(True)
        self.scrub = Slider(tr("Playhead"))
        self.counter = label("0 / 0", "number")
        self.counter.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.counter.setMinimumWidth(82)
        self.speed = Combo(tr("Speed"))
        self.speed.addItems([f"{speed:g}×" for speed in SPEEDS])
        self.speed.setFixedWidth(70)
        self.speed.setToolTip(tr("Speed: 1× is 60 steps a second"))
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 2, 6, 6)
        row.setSpacing(4)
        for button in (self.to_start, self.back, self.play, self.forward, self.to_end):
            row.addWidget(button)
        row.addSpacing(6)
        row.addWidget(self.scrub, 1)
        row.addWidget(self.counter)
        row.addWidget(self.repeat)
        row.addWidget(self.speed)
        self._race: Race | None = None
        self.to_start.clicked.connect(lambda: player.step(-player.last))
        self.back.clicked.connect(lambda: player.step(-1))
        self.play.clicked.connect(player.toggle)
        self.forward.clicked.connect(lambda: player.step(1))
        self.to_end.clicked.connect(lambda: player.step(player.last))
        self.repeat.clicked.connect(player.set_loop)
        self.scrub.sliderPressed.connect(player.pause)
        self.scrub.valueChanged.connect(player.go)
        self.speed.currentIndexChanged.connect(lambda i: player.set_speed(SPEEDS[i]))
        player.changed.connect(self.show_player)
        self.show_player()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        # what has keys gives way first
        needed: dict[QWidget, int] = {
            self.to_start: 500, self.to_end: 500, self.repeat: 380, self.speed: 380,
            self.back: 380, self.forward: 380,
        }  # fmt: skip
        for control, width in needed.items():
            control.setVisible(self.width() > width)
        self.counter.setVisible(self.width() > 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, super().minimumSizeHint().height())

    def show_player(self) -> None:
        player = self.player
        self.scrub.blockSignals(True)
        self.scrub.setRange(0, player.last)
        self.scrub.setValue(player.index)
        self.scrub.blockSignals(False)
        self.play.set_icon("ph.pause-fill" if player.playing else "ph.play-fill")
        tip = tr("Pause (Space)") if player.playing else tr("Play (Space)")
        self.play.setToolTip(tip)
        self.repeat.setChecked(player.loop)
        self.speed.setCurrentIndex(SPEEDS.index(player.speed))
        self.show_step(player.index)

    def show_race(self, race: Race) -> None:
        self._race = race
        self.show_step(self.player.index)

    def show_step(self, index: int) -> None:
        self.scrub.blockSignals(True)
        self.scrub.setValue(index)
        self.scrub.blockSignals(False)
        self.scrub.update()
        words, race = "0 / 0", self._race
        if race is not None:
            index = min(index, race.last)
            words = f"{int(race.steps[index])} / {int(race.steps[-1])}"
            if race.experiment.budget == "epochs":
                epoch, last = race.epoch(index), race.epoch(race.last)
                words = tr("epoch {epoch} / {last}").format(epoch=f"{epoch:.2f}", last=f"{last:g}")
        self.counter.setText(words)

    def set_theme(self, theme: Theme) -> None:
        for button in (self.to_start, self.back, self.forward, self.to_end):
            button.set_color(theme.text)
        self.repeat.set_color(theme.text2)
        self.play.set_color(theme.on_accent)
        self.scrub.set_colours(QColor(theme.accent), theme)
        self.speed.set_theme(theme)
