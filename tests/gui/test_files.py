"""New, open, save, recent files, text, drag and drop, and the question about unsaved changes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QFileDialog, QMessageBox

from gdviz import session
from gdviz.app.document import Document
from gdviz.app.gallery import Gallery
from gdviz.experiment import first_experiment
from gdviz.scene import Scene
from gdviz.session import Session
from gdviz.views.story import StoryView

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
BUTTONS = QMessageBox.StandardButton


@pytest.fixture
def answer(monkeypatch):
    """Answers questions; what was asked is kept."""
    asked = []

    def with_(button):
        monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or button)
        return asked

    return with_


@pytest.fixture
def names(monkeypatch):
    """What the file dialogs return."""

    def choose(path):
        for dialog in ("getSaveFileName", "getOpenFileName"):
            monkeypatch.setattr(QFileDialog, dialog, lambda *a, **k: (str(path), ""))

    return choose


def change(user):
    user.document.edit("Change", steps=user.document.experiment.steps + 1)


def test_save_asks_for_a_name_once_and_then_writes_to_it(user, tmp_path, names):
    window, document = user.window, user.document
    path = tmp_path / "mine.json"
    change(user)
    assert window.isWindowModified()
    assert window.windowTitle().startswith("Untitled")
    names(path)
    user.key(Qt.Key.Key_S, CONTROL)
    assert not window.isWindowModified()
    assert window.windowTitle().startswith("mine.json")
    change(user)
    assert window.isWindowModified()
    names(tmp_path / "other.json")  # is not asked for
    user.key(Qt.Key.Key_S, CONTROL)
    assert session.read(path).experiment == document.experiment
    assert not (tmp_path / "other.json").exists()
    user.key(Qt.Key.Key_S, CONTROL | SHIFT)
    assert session.read(tmp_path / "other.json").experiment == document.experiment
    assert window.files.recent() == [tmp_path / "other.json", path]


def test_a_save_that_fails_costs_nothing(user, tmp_path, names):
    change(user)
    names(tmp_path / "no" / "such" / "folder.json")
    said = []
    user.window.files.said.connect(said.append)
    user.key(Qt.Key.Key_S, CONTROL)
    assert "there is no such folder" in said[-1]
    assert user.window.isWindowModified()


@pytest.mark.parametrize("button", [BUTTONS.Cancel, BUTTONS.Discard, BUTTONS.Save])
def test_closing_asks_about_unsaved_changes(user, tmp_path, answer, names, button):
    change(user)
    asked = answer(button)
    names(tmp_path / "kept.json")
    user.window.close()
    assert asked == ["Save the changes to Untitled?"]
    assert user.window.isVisible() == (button == BUTTONS.Cancel)
    assert (tmp_path / "kept.json").exists() == (button == BUTTONS.Save)


def test_a_cancelled_save_does_not_close(user, answer, names):
    change(user)
    answer(BUTTONS.Save)
    names("")
    user.window.close()
    assert user.window.isVisible()


def test_nothing_is_asked_when_nothing_was_changed(user):
    change(user)
    user.document.undo_stack.undo()  # it is as it was
    user.window.close()
    assert not user.window.isVisible()


def test_new_and_open_ask_and_undo_brings_everything_back(user, tmp_path, answer):
    document, window = user.document, user.window
    path = tmp_path / "rosenbrock.json"
    other = first_experiment().on_surface("rosenbrock")
    path.write_text(session.dump(Session.of(other)))
    change(user)
    changed = document.experiment
    asked = answer(BUTTONS.Cancel)
    window.files.open_from(path)
    assert asked
    assert document.experiment == changed
    answer(BUTTONS.Discard)
    window.files.open_from(path)
    assert document.experiment == other
    assert document.origin.path == path
    assert not document.modified
    user.key(Qt.Key.Key_N, CONTROL)
    assert document.experiment == first_experiment()
    assert document.origin.path is None
    document.undo_stack.undo()
    assert (document.experiment, document.origin.path) == (other, path)
    assert window.windowTitle().startswith("rosenbrock.json")
    document.undo_stack.undo()
    assert document.experiment == changed
    assert document.modified
    document.undo_stack.redo()
    assert not document.modified


def test_an_experiment_travels_as_text(user, answer):
    user.click(2.0, 1.0)
    sent = user.document.experiment
    user.key(Qt.Key.Key_C, CONTROL | SHIFT)
    text = QApplication.clipboard().text()
    assert text.startswith("gdviz:")
    answer(BUTTONS.Discard)
    user.key(Qt.Key.Key_N, CONTROL)
    assert user.document.experiment != sent
    user.key(Qt.Key.Key_V, CONTROL | SHIFT)
    assert user.document.experiment == sent


@pytest.mark.parametrize("text", ["", "hello", "gdviz:AAAA", "\0", "x" * 1_000_000])
def test_other_text_in_the_clipboard_is_refused_in_the_status_bar(user, text):
    QApplication.clipboard().setText(text)
    before, said = user.document.experiment, []
    user.window.files.said.connect(said.append)
    user.key(Qt.Key.Key_V, CONTROL | SHIFT)
    assert said
    assert user.document.experiment == before


def drop(user, data):
    """Drop on the window; whether it would take it."""
    at, copy = QPointF(300, 300), Qt.DropAction.CopyAction
    buttons, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at.toPoint(), copy, data, buttons, none)
    QApplication.sendEvent(user.window, enter)
    QApplication.sendEvent(user.window, QDropEvent(at, copy, data, buttons, none))
    return enter.isAccepted()


def urls(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_a_file_that_is_dropped_is_opened(user, tmp_path):
    path = tmp_path / "ünï 中.json"
    other = first_experiment().on_surface("ackley")
    path.write_text(session.dump(Session.of(other)))
    assert drop(user, urls(path))
    assert user.document.experiment == other
    text = QMimeData()
    text.setText(session.to_text(Session.of(first_experiment())))
    assert drop(user, text)
    assert user.document.experiment == first_experiment()


def test_what_is_no_experiment_does_nothing_when_dropped(user, tmp_path):
    before = user.document.experiment
    binary = tmp_path / "x.bin"
    binary.write_bytes(bytes(range(256)) * 10)
    many = [tmp_path / f"{i}.json" for i in range(200)]
    web, text = QMimeData(), QMimeData()
    web.setUrls([QUrl("http://example.invalid/x.json")])
    text.setText("words")
    assert drop(user, urls(binary))  # it may be one; then it says that it is none
    assert drop(user, urls(tmp_path))
    assert drop(user, urls(*many))  # and then it says that one is enough
    assert not drop(user, web)
    assert not drop(user, text)
    assert user.document.experiment == before


def test_recent_files_can_be_opened_again_and_forgotten(user, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(session.dump(Session.of(first_experiment().on_surface("beale"))))
    user.window.files.open_from(path)
    user.document.undo_stack.undo()
    menu = user.window.menus.recent
    assert next(a.text() for a in menu.actions()) == "a.json"
    menu.actions()[0].trigger()
    assert user.document.experiment.surface == "beale"
    menu.actions()[-1].trigger()
    assert user.window.files.recent() == []
    path.unlink()


def test_a_scene_shows_its_words_and_is_not_saved_in_its_file(user, answer):
    window, document = user.window, user.document
    story = window.views[StoryView]
    assert not story.isVisible()
    user.key(Qt.Key.Key_G, CONTROL)
    gallery = window.findChild(Gallery)
    card = next(card for card in gallery.cards if "saddle that holds" in card.title)
    user.press(card)
    assert not gallery.isVisible()
    assert story.isVisible()
    assert "At which step" in story.question.text()
    assert document.experiment.surface == "bounded_saddle"
    assert document.origin.path is None
    change(user)  # playing with a scene, then another: nobody is asked
    first = _shipped()[0]
    window.files.open_scene(first)
    assert "ravine" in story.heading.text()
    document.undo_stack.undo()
    assert "saddle" in story.heading.text()
    user.press(story.close_button)
    assert not story.isVisible()


def test_own_work_is_asked_about_before_a_scene(user, answer):
    change(user)
    asked = answer(BUTTONS.Cancel)
    before = user.document.experiment
    user.window.files.open_scene(next(iter(_shipped())))
    assert asked
    assert user.document.experiment == before


def _shipped():
    from gdviz import scene

    return scene.shipped()


def test_a_scene_of_ones_own_is_in_the_gallery_with_its_words(user, tmp_path, monkeypatch):
    monkeypatch.setattr("gdviz.window.dialogs.own_scenes", lambda: tmp_path / "scenes")
    user.click(1.0, 1.0)
    user.window.dialogs.save_scene()
    form = user.dialog()
    form.fields[0].widget.setText("My/own: sçene")
    form.fields[1].widget.setPlainText("Words.")
    form.fields[2].widget.setPlainText("Why?")
    form.take()
    (path,) = (tmp_path / "scenes").glob("*.json")
    user.qtbot.waitUntil(path.with_name(f"{path.stem}-light.png").exists)
    assert path.with_name(f"{path.stem}-dark.png").stat().st_size > 5000
    assert session.read(path).scene == Scene("My/own: sçene", "Words.", "Why?")
    user.window.dialogs.gallery()
    gallery = user.window.findChild(Gallery)
    card = gallery.cards[-1]
    assert card.title == "My/own: sçene"
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr("PyQt6.QtWidgets.QMessageBox.exec", lambda box: answers.pop(0))
    QTest.keyClick(gallery.cards[0], Qt.Key.Key_Delete)  # the program's own stay
    QTest.keyClick(card, Qt.Key.Key_Delete)
    assert path.exists()
    QTest.keyClick(card, Qt.Key.Key_Delete)
    assert not any((tmp_path / "scenes").iterdir())
    assert not card.isVisible()
    assert user.window.views[StoryView].isVisible()


edits = st.lists(
    st.tuples(st.sampled_from(["edit", "undo", "redo", "open", "gesture"]), st.integers(0, 3)),
    max_size=40,
)


@given(edits)
@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_undo_and_redo_are_a_list_with_a_place_in_it(qapp, what):
    document = Document(first_experiment())
    history, place = [document.experiment], 0
    for number, (kind, value) in enumerate(what):
        before = document.experiment
        if kind == "edit":
            document.edit("Edit", steps=value + 10)
        elif kind == "gesture":  # three edits that are one step
            for steps in (100 + number, 200 + number, 300 + value):
                document.edit("Drag", gesture=number, steps=steps)
        elif kind == "open":
            document.open("Open", Session.of(first_experiment().on_surface("beale")))
        elif kind == "undo":
            document.undo_stack.undo()
            place = max(0, place - 1)
        else:
            document.undo_stack.redo()
            place = min(len(history) - 1, place + 1)
        if kind == "gesture":  # even one that ends where it began is a new way
            history = history[: place + 1]
        if (kind in ("edit", "gesture") and document.experiment != before) or kind == "open":
            history, place = [*history[: place + 1], document.experiment], place + 1
        assert document.experiment == history[place]
        assert document.undo_stack.canUndo() == (place > 0)
        assert document.undo_stack.canRedo() == (place < len(history) - 1)
    document.close()


@pytest.mark.parametrize("kind", ["map", "surface", "curves"])
def test_a_view_is_copied_as_a_picture(user, kind):
    user.raced()
    user.window.dialogs.copy_picture(kind)
    image = QApplication.clipboard().image()
    assert image.width() > 200
    spots = [(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)]
    assert len({image.pixel(x, y) for x, y in spots}) > 20
    assert {image.pixelColor(x, y).alpha() for x, y in spots} == {255}
