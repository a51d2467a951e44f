"""Colours, fonts and the style sheet: dark and light."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette, QPixmap
from PyQt6.QtWidgets import QApplication

from gdviz.tint import Inks, packed, rgb


@dataclass(frozen=True)
class Theme:
    """The colours of one appearance.

    `heat` runs from low to high loss; `racers` are in order of entry, chosen to stay apart in
    normal sight and the three colour deficiencies.
    """

    name: str
    window: str
    card: str
    control: str
    raised: str
    border: str
    accent: str
    on_accent: str
    text: str
    text2: str
    text3: str
    error: str
    heat: tuple[str, ...]
    empty: str
    contour: tuple[int, int, int]
    contour_alpha: tuple[int, int]  # plain, every fourth
    casing: str
    casing_opacity: float
    mark: str
    racers: tuple[str, ...]
    zoom: float = 1.0  # of type and lines

    def __hash__(self) -> int:
        return hash((self.name, self.zoom))  # a theme is part of many keys

    def racer(self, colour: int) -> QColor:
        """The colour of a racer; the palette repeats when it is used up."""
        return QColor(self.racers[colour % len(self.racers)])

    def zoomed(self, zoom: float) -> "Theme":
        """The same colours with type and lines so many times as large."""
        return self if zoom == self.zoom else replace(self, zoom=zoom)

    @cached_property
    def inks(self) -> Inks:
        """What maps of many runs are painted with."""
        undecided = QColor(int(packed((rgb(self.text3) + rgb(self.card))[None] / 2)[0]))
        return Inks(self.racers, self.card, self.heat_table, self.empty, undecided.name())

    @cached_property
    def heat_table(self) -> NDArray[np.uint32]:
        """512 colours as 0xffRRGGBB, evenly spaced in lightness (OKLab)."""
        stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in self.heat])
        lab = _to_oklab(stops / 255.0)
        lightness = np.linspace(lab[0, 0], lab[-1, 0], 512)
        even = np.stack([np.interp(lightness, lab[:, 0], lab[:, i]) for i in range(3)], axis=1)
        red, green, blue = np.rint(255 * _from_oklab(even)).astype(np.uint32).T
        return (0xFF000000 | red << 16 | green << 8 | blue).astype(np.uint32)

    @cached_property
    def heat_stops(self) -> list[tuple[float, QColor]]:
        """The same colours for a gradient of Qt's."""
        table = self.heat_table
        return [
            (i / (len(table) - 1), QColor(int(table[i]) & 0xFFFFFF))
            for i in (*range(0, len(table), 16), len(table) - 1)
        ]


DARK = Theme(
    name="dark",
    window="#0e1117", card="#151a23", control="#1d2430", raised="#273040", border="#242c39",
    accent="#5b9dff", on_accent="#0b1220", text="#e6eaf2", text2="#9aa6b8", text3="#7a8799",
    error="#ff8a7a",
    heat=("#0a0d1a", "#121a36", "#1b2c52", "#264569", "#37617f", "#547f95", "#7fa0ae"),
    empty="#1a1c22", contour=(214, 228, 255), contour_alpha=(34, 70), casing="#000000",
    casing_opacity=0.5, mark="#e6eaf2",
    racers=("#52bdf7", "#fea518", "#ee5940", "#aed68a", "#c37cae", "#f7f65c", "#9980f7",
            "#84be97", "#a9e8fe", "#c9bbc6", "#8d9483", "#ebf7e4"),
)  # fmt: skip

LIGHT = Theme(
    name="light",
    window="#f3f5f8", card="#ffffff", control="#f2f4f8", raised="#e4e8ef", border="#dfe4ec",
    accent="#2563eb", on_accent="#ffffff", text="#161b26", text2="#566176", text3="#75808f",
    error="#c62828",
    heat=("#8fb0cc", "#a4c0d6", "#b9cede", "#cbdae6", "#dbe5ee", "#e9f0f5", "#f5f8fb"),
    empty="#d9d6d2", contour=(40, 66, 98), contour_alpha=(39, 80), casing="#ffffff",
    casing_opacity=0.75, mark="#161b26",
    racers=("#2859fb", "#c19104", "#994205", "#307249", "#4b2352", "#640206", "#291cc9",
            "#80a378", "#3ca0ef", "#67647d", "#393d37", "#948592"),
)  # fmt: skip

# Björn Ottosson 2020, "A perceptual color space for image processing"
_TO_CONES = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])  # fmt: skip
_TO_LAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])  # fmt: skip


def _to_oklab(srgb):
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T


def _from_oklab(lab):
    linear = np.clip((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def pixel(color: QColor | str) -> int:
    """A colour as the rasterizer takes it."""
    return QColor(color).rgb()


def prepare(app: QApplication) -> None:
    """What every theme needs: the style that can be drawn over, and our fonts."""
    app.setStyle("Fusion")
    load_fonts()
    app.setFont(font(13))


def load_fonts() -> None:
    """Make the bundled fonts known to Qt: Inter, and STIX for formulas."""
    for entry in (resources.files("gdviz") / "assets" / "fonts").iterdir():
        if entry.name.endswith(".otf"):
            QFontDatabase.addApplicationFontFromData(entry.read_bytes())


def font(pixels: float, weight: int = 400) -> QFont:
    """Inter with figures of equal width."""
    made = QFont("Inter")
    made.setPixelSize(round(pixels))
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def icon() -> QIcon:
    """The program's icon."""
    picture = QPixmap()
    picture.loadFromData((resources.files("gdviz") / "assets" / "gdviz.svg").read_bytes(), "SVG")
    return QIcon(picture)


def system_theme() -> Theme:
    """The theme the desktop asks for."""
    hints = QGuiApplication.styleHints()
    dark = hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def apply(theme: Theme) -> None:
    """Give the application the colours and the type of a theme; the rest is in its style sheet."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    palette = QPalette()
    role = QPalette.ColorRole
    for key, color in (
        (role.Window, theme.window), (role.Base, theme.control), (role.AlternateBase, theme.card),
        (role.Button, theme.control), (role.WindowText, theme.text), (role.Text, theme.text),
        (role.ButtonText, theme.text), (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent), (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text), (role.PlaceholderText, theme.text3),
        (role.Accent if hasattr(role, "Accent") else role.Highlight, theme.accent),
    ):  # fmt: skip
        palette.setColor(key, QColor(color))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.text3))
    app.setPalette(palette)
    if app.font() != (wanted := font(13 * theme.zoom)):  # every widget would be laid out anew
        app.setFont(wanted)


def style_sheet(theme: Theme) -> str:
    """The style sheet of a theme, for all that belongs to a window."""

    def larger(found: re.Match[str]) -> str:
        return f"font-size: {round(theme.zoom * int(found[1]))}px"

    return re.sub(r"font-size: (\d+)px", larger, _style_sheet(theme))


def _style_sheet(t: Theme) -> str:
    return f"""
QDialog {{ background: {t.window}; }}
#header {{ background: {t.card}; border: none; border-bottom: 1px solid {t.border}; }}
#brand {{ font-size: 15px; font-weight: 600; }}
#card {{ background: {t.card}; border: 1px solid {t.border}; border-radius: 10px; }}
#column {{ background: transparent; border: 1px solid {t.border}; border-radius: 8px; }}
#cardtop {{ background: {t.card}; border: 1px solid {t.border}; border-bottom: none;
            border-top-left-radius: 10px; border-top-right-radius: 10px; }}
#cardbottom {{ background: {t.card}; border: 1px solid {t.border}; border-top: none;
               border-bottom-left-radius: 10px; border-bottom-right-radius: 10px; }}
#picture {{ background: {t.card}; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {t.text2}; padding: 5px 12px; margin: 0 2px 5px 0;
                border: none; border-radius: 7px; }}
QTabBar::tab:selected {{ background: {t.raised}; color: {t.text}; }}
QTabBar::tab:hover {{ color: {t.text}; }}
#rule {{ background: {t.border}; border: none; max-height: 1px; min-height: 1px; }}
#title {{ font-weight: 600; }}
#name {{ font-weight: 500; }}
#name[off="true"] {{ color: {t.text3}; }}
#caption, #hint {{ font-size: 12px; color: {t.text3}; }}
#number {{ font-size: 12px; color: {t.text2}; }}
#problem {{ font-size: 12px; color: {t.error}; }}
#bubble {{ background: {t.raised}; border: 1px solid {t.error}; border-radius: 8px;
           padding: 6px 10px; color: {t.text}; }}
#question {{ color: {t.accent}; }}
#tour {{ background: {t.raised}; border: 1px solid {t.accent}; border-radius: 10px; }}
#tour #small {{ background: {t.control}; }}
#palette {{ background: {t.card}; border: 1px solid {t.border}; }}
#scene {{ background: {t.card}; border: 1px solid {t.border}; border-radius: 10px; }}
#scene:hover, #scene:focus {{ border: 1px solid {t.accent}; background: {t.control}; }}
#row {{ border-radius: 8px; }}
#row[selected="true"] {{ background: {t.control}; }}
#row:hover {{ background: {t.control}; }}
QLabel {{ background: transparent; }}
QScrollArea, #plain {{ background: transparent; border: none; }}
#status {{ background: {t.card}; border: none; border-top: 1px solid {t.border}; }}
QMenuBar {{ background: transparent; }}
QMenuBar::item {{ padding: 6px 9px; border-radius: 6px; color: {t.text2}; }}
QMenuBar::item:selected {{ background: {t.raised}; color: {t.text}; }}
QMenu {{ background: {t.card}; border: 1px solid {t.border}; padding: 5px; }}
QMenu::item {{ padding: 6px 26px 6px 24px; border-radius: 6px; }}
QMenu::item:selected {{ background: {t.raised}; }}
QMenu::item:disabled {{ color: {t.text3}; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 5px 8px; }}
QMenu::indicator {{ left: 6px; }}
QToolButton {{ border: 1px solid transparent; border-radius: 8px; background: transparent; }}
QToolButton:hover, QToolButton:checked {{ background: {t.raised}; }}
QToolButton:focus {{ border: 1px solid {t.accent}; }}
QToolButton::menu-indicator {{ image: none; }}
#floating {{ background: {t.card}; border: 1px solid {t.border}; }}
#floating:hover {{ background: {t.raised}; }}
#play {{ background: {t.accent}; border-radius: 20px; }}
#play:focus {{ border: 2px solid {t.text}; }}
QPushButton {{ background: {t.control}; border: 1px solid {t.border}; border-radius: 8px;
               padding: 6px 12px; }}
QPushButton:hover {{ background: {t.raised}; }}
QPushButton:focus {{ border: 1px solid {t.accent}; }}
QPushButton:disabled {{ color: {t.text3}; }}
QPushButton::menu-indicator {{ image: none; width: 0; }}
#ghost {{ border: 1px dashed {t.border}; background: transparent; color: {t.text2}; }}
#ghost:hover {{ background: {t.control}; }}
#ghost:focus {{ border: 1px dashed {t.accent}; }}
QLineEdit, QComboBox {{ background: {t.control}; border: 1px solid {t.border};
    border-radius: 8px; padding: 5px 9px; min-height: 20px;
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QLineEdit:hover, QComboBox:hover {{ border-color: {t.text3}; }}
QLineEdit:focus, QComboBox:focus {{ border-color: {t.accent}; }}
QLineEdit[wrong="true"] {{ border-color: {t.error}; }}
QCheckBox::indicator {{ width: 13px; height: 13px; border: 1px solid {t.text3}; border-radius: 4px;
    background: {t.control}; }}
QCheckBox::indicator:focus, QCheckBox::indicator:hover {{ border-color: {t.accent}; }}
QCheckBox::indicator:checked {{ border-color: {t.accent};
    background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
        stop: 0 {t.on_accent}, stop: 0.44 {t.on_accent},
        stop: 0.54 {t.accent}, stop: 1 {t.accent}); }}
QCheckBox::indicator:disabled {{ border-color: {t.border}; }}
QCheckBox::indicator:checked:disabled {{
    background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
        stop: 0 {t.text3}, stop: 0.44 {t.text3},
        stop: 0.54 {t.control}, stop: 1 {t.control}); }}
#small {{ padding: 1px 6px; border-radius: 6px; font-size: 12px; }}
#choice {{ font-size: 12px; padding: 1px 6px; border-radius: 6px; min-height: 18px; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox QAbstractItemView {{ background: {t.card}; border: 1px solid {t.border};
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; outline: none; }}
QListWidget, QTextBrowser {{ background: {t.control}; border: 1px solid {t.border};
    border-radius: 8px; padding: 4px; outline: none; }}
QListWidget::item {{ padding: 4px 6px; border-radius: 6px; }}
QListWidget::item:selected {{ background: {t.raised}; color: {t.text}; }}
QListWidget::item:disabled {{ color: {t.text3}; }}
QPlainTextEdit {{ background: {t.control}; border: 1px solid {t.border}; border-radius: 8px;
    padding: 4px 6px; selection-background-color: {t.accent};
    selection-color: {t.on_accent}; }}
QPlainTextEdit:focus {{ border-color: {t.accent}; }}
QLineEdit:disabled, QComboBox:disabled {{ color: {t.text3}; }}
QTableWidget {{ background: transparent; border: none; font-size: 12px;
    selection-background-color: {t.raised}; selection-color: {t.text}; outline: none; }}
QTableWidget::item {{ padding: 0 4px; border: none; }}
QTableWidget::item:selected {{ background: {t.raised}; color: {t.text}; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QHeaderView {{ background: transparent; }}
QHeaderView::section {{ background: transparent; color: {t.text3}; font-size: 12px; border: none;
    border-bottom: 1px solid {t.border}; padding: 3px 4px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {t.raised}; border-radius: 3px; min-width: 24px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {t.raised}; border-radius: 3px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border};
            padding: 4px 6px; }}
QProgressBar {{ background: {t.control}; border: none; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
"""
