"""The words of the interface, through Qt's translation."""

from PyQt6.QtCore import QCoreApplication


def tr(text: str) -> str:
    """The text in the user's language; English where there is no translation."""
    return QCoreApplication.translate("gdviz", text)
