"""Opening tables, the fit, and batches, in a real window."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QDialog

from gdviz import fit, session
from gdviz.app.form import Form
from gdviz.app.formulas import FormulaEditor
from gdviz.app.surroundings import Surroundings
from gdviz.app.tables import TableDialog
from gdviz.compute import finish
from gdviz.experiment import Experiment
from gdviz.scene import shipped
from gdviz.views.curves import CurvesView
from gdviz.views.fit import FitView, condition
from gdviz.views.laboratory import LaboratoryView

CONTROL = Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


def dialog(user):
    (found,) = (d for d in user.window.findChildren(TableDialog) if d.isVisible())
    return found


def pick(combo, value):
    assert combo.findData(value) >= 0, [combo.itemData(i) for i in range(combo.count())]
    combo.setCurrentIndex(combo.findData(value))
    combo.activated.emit(combo.currentIndex())


def learn(user):
    """Press the button of the dialog and wait until the race on the data is there."""
    shown = dialog(user)
    before = user.document.experiment
    QTest.mouseClick(shown.take_it, Qt.MouseButton.LeftButton)
    user.qtbot.waitUntil(lambda: not shown.isVisible())
    assert user.document.experiment is not before
    return user.raced()


def opened(user, path="example:houses.csv", model="linear", scaling="standardise"):
    columns = fit.columns_of(path, model)
    table = finish(fit.read(path, columns)).table
    before = user.document.experiment
    made = fit.experiment(before, table, path, columns, model, scaling)
    user.document.show("Learn", made)
    user.window.choose_layout("data")
    user.raced()
    user.settle(60)
    return user.window._view(FitView)


def test_a_shipped_table_is_learned_from_by_keyboard_and_mouse(user):
    user.key(Qt.Key.Key_D, CONTROL)
    shown = dialog(user)
    assert "2 columns, 2 of numbers" in shown.about.text()
    assert shown.table.horizontalHeaderItem(0).text().startswith("LotArea\n1999 to 44673")
    assert shown.target.currentData() == "SalePrice"
    race = learn(user)
    assert race.experiment.data.model == "linear"
    assert user.window.header.formula.text() == "(slope*LotArea + intercept - SalePrice)^2"
    assert "houses.csv" in user.window.header.surface.currentText()
    assert user.window.status.message.text() == "1,460 rows of houses.csv"
    user.qtbot.waitUntil(user.window.panels.panels["Fit"].isVisible)
    assert user.document.undo_stack.undoText() == "Learn from houses.csv"
    user.document.undo_stack.undo()
    assert user.document.experiment.data is None


def test_a_table_dropped_on_the_window_is_looked_into(user, tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text("size\tkind\tprice\n1\ta\t2,5\n2\tb\t3,5\n3\tc\t\n4\td\t7,5\n")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window, copy = user.window, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPointF(50, 50).toPoint(), copy, data, Qt.MouseButton.LeftButton, NONE)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(50, 50), copy, data, Qt.MouseButton.LeftButton, NONE))
    shown = dialog(user)
    assert shown.delimiter.currentData() == "\t"
    assert shown.decimal.currentData() == ","
    heads = [shown.table.horizontalHeaderItem(i).text() for i in range(3)]
    assert heads == ["size\n1.000 to 4.000", "kind\ntext", "price\n2.500 to 7.500, 1 missing"]
    offered = [shown.inputs[0].itemData(i) for i in range(shown.inputs[0].count())]
    assert offered == ["size", "price"]  # what is no number is not offered
    learn(user)
    assert "1 row without a value dropped (1 in price; line 4)" in (
        user.window.status.message.toolTip())  # fmt: skip
    assert user.document.experiment.data.raw.rows == 3


def test_a_format_may_be_corrected(user, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("1,234;2\n2,345;3\n3,456;5\n")
    user.window.dialogs.data(str(path))
    shown = dialog(user)
    assert shown.about.text().startswith("2 columns, 2 of numbers")
    pick(shown.decimal, ".")
    assert "1 of numbers" in shown.about.text()
    assert "two columns of numbers are needed" in shown.problem.text()
    pick(shown.decimal, ",")
    assert shown.problem.text() == ""


@pytest.mark.parametrize(("text", "message"), [
    ("", "it is empty"), ("x\n1\n2\n", "only one column"),
    ("x,y\n1,2\n3\n", "line 3 has 1 column"), ("x,y\n1,two\n3,4\n", "line 2, column y"),
    ("x,y\n1,2\0\n", "zero byte"),
])  # fmt: skip
def test_bad_files_are_said_and_cost_nothing(user, tmp_path, text, message):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    before = user.document.experiment
    user.window.files.open_from(path)
    shown = dialog(user)
    assert message in shown.problem.text()
    QTest.mouseClick(shown.take_it, Qt.MouseButton.LeftButton)
    user.settle()
    assert shown.isVisible()
    assert user.document.experiment is before


def test_a_formula_of_ones_own_is_checked_where_it_is_typed(user):
    user.window.dialogs.data("example:sine.csv")
    shown = dialog(user)
    pick(shown.model, "formula")
    assert shown.formula.text() == "(a*x + b - y)^2"
    shown.formula.setText("(a*sin(b*x) - ")
    QTest.mouseClick(shown.take_it, Qt.MouseButton.LeftButton)
    assert "ends too early" in shown.problem.text()
    shown.formula.setText("(a*x - y)^2")
    QTest.mouseClick(shown.take_it, Qt.MouseButton.LeftButton)
    user.qtbot.waitUntil(lambda: "two parameters to be learned" in shown.problem.text())
    shown.formula.setText("(a*sin(b*x) - y)^2")
    race = learn(user)
    assert race.experiment.data.variables == ("a", "b")


def test_classes_need_a_target_of_0_and_1(user):
    user.window.dialogs.data("example:houses.csv")
    shown = dialog(user)
    pick(shown.model, "logistic")
    QTest.mouseClick(shown.take_it, Qt.MouseButton.LeftButton)
    user.qtbot.waitUntil(lambda: "must be 0 or 1" in shown.problem.text())


def test_reading_can_be_given_up(user, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("x,y\n" + "1.5,2.5\n0.5,1.25\n" * 200_000)
    before = user.document.experiment
    user.window.dialogs.data(str(path))
    shown = dialog(user)
    QTest.mouseClick(shown.take_it, Qt.MouseButton.LeftButton)
    user.settle(60)
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    user.settle(400)
    assert user.document.experiment is before


# the fit


def colour_at(view, x, y):
    picture = view.canvas.grab().toImage()
    spot = view.canvas.to_widget(x, y)
    around = {picture.pixelColor(round(spot.x()) + dx, round(spot.y()) + dy).name()
              for dx in (-1, 0, 1) for dy in (-2, -1, 0, 1, 2)}  # fmt: skip
    return around


def test_the_line_of_a_racer_moves_with_the_playhead(user):
    view = opened(user)
    race = user.document.race
    colour = view.theme.racer(race.experiment.running[0].colour).name()
    for index in (0, race.last):
        user.player.go(index)
        user.settle()
        a, b = race.x[0, index], race.y[0, index]
        area = 40_000.0  # where there are no points
        price = float(fit.predict(race.experiment, a, b, np.array([[area]]))[0])
        assert colour in colour_at(view, area, price)
    assert view.words.text().startswith("SalePrice = 7.66")
    assert view.across.text() == "condition number 1.00"


def test_the_model_under_the_pointer_is_shown(user):
    view = opened(user)
    before = view.canvas.grab().toImage()
    canvas = user.window.map.canvas
    QTest.mouseMove(canvas.viewport(), user.spot(canvas, 0.3, 0.5))
    user.settle(60)
    assert view.canvas.grab().toImage() != before


def test_residuals_are_drawn_for_the_selected_run(user):
    view = opened(user, "example:neuron.csv", "neuron_tanh", "none")
    before = view.canvas.grab().toImage()
    QTest.mouseClick(view.residuals, Qt.MouseButton.LeftButton)
    user.settle()
    assert view.canvas.grab().toImage() != before
    x, y = view.canvas.to_plane(QPointF(0, 0))
    assert np.isfinite([x, y]).all()


@pytest.mark.parametrize(("path", "model", "kind"), [
    ("example:classes.csv", "logistic_plane", "boundary"),
    ("example:classes.csv", "logistic", "curve"),
    ("example:classes.csv", "(a*x1 + b*x2 - label)^2", "agreement"),
])  # fmt: skip
def test_every_kind_of_fit_is_drawn(user, path, model, kind):
    view = opened(user, path, model, "none")
    assert view._scatter.kind == kind
    pictures = []
    for index in (0, 5):
        user.player.go(index)
        user.settle()
        pictures.append(view.canvas.grab().toImage())
    assert pictures[0] != pictures[1]


def test_without_data_or_a_prediction_it_says_so(user):
    view = user.window._view(FitView)
    assert "Open data (Ctrl+D)" in view.empty.text()
    opened(user, "example:classes.csv", "a*x1 + b*label + a^2 + b^2", "none")
    assert "compares no prediction with label" in view.empty.text()
    assert view._pages.currentWidget() is view.empty


def test_the_condition_number_is_that_of_the_hessian():
    for path, model, scaling in (("example:houses.csv", "linear", "none"),
                                 ("example:sine.csv", "two_layers", "none")):  # fmt: skip
        columns = fit.columns_of(path, model)
        table = finish(fit.read(path, columns)).table
        made = fit.experiment(Experiment(), table, path, columns, model, scaling)
        surface = made.resolved()
        for at in ((1.0, 1.0), (0.8, 0.9)):
            hxx, hxy, hyy = surface.hessian(*at)
            values = np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]])
            found = condition(surface, *at)
            if values[0] > 0:
                assert found == pytest.approx(values[1] / values[0], rel=1e-4)
            else:
                assert found is None


# batches


def test_three_sizes_of_batches_race_by_the_rows_they_have_read(user):
    opened(user)
    user.window.racers.sizes.trigger()
    race = user.raced()
    assert [racer.batch for racer in race.experiment.racers] == [None, 32, 1]
    assert race.experiment.budget == "epochs"
    rows = race.experiment.resolved().rows
    index = int(np.searchsorted(race.steps, rows))
    user.player.go(index)
    user.settle()
    assert user.window.playbar.counter.text() == "epoch 1.00 / 20"
    # a step, 46 steps and 1460
    assert [race.trajectories[k].step[race.record(k, index)] for k in range(3)] == [1, 46, 1460]
    curves = user.window._view(CurvesView)
    user.document.look(against="epochs")
    assert float(np.max(curves._levels.places)) == 20.0


def test_sizes_of_batches_are_refused_in_words_where_a_library_races(user):
    opened(user)
    user.window.racers.enter("scipy_bfgs")
    user.document.select(racer=len(user.document.experiment.racers) - 1)
    user.window.racers.sizes.trigger()
    assert "batch must be off" in user.window.status.message.toolTip()


def test_epochs_cannot_be_chosen_by_key_without_data(user):
    budget = user.window.starts.budget
    budget.setFocus()
    for _ in range(3):
        QTest.keyClick(budget, Qt.Key.Key_Down)
    assert budget.currentData() == "evaluations"
    assert user.document.experiment.budget == "evaluations"


def test_an_optimizer_that_cannot_train_a_network_is_refused_in_words(user):
    window = user.window
    before = fit.Wanted((3,))
    columns = fit.columns_of("example:sine.csv", before)
    table = finish(fit.read("example:sine.csv", columns)).table
    made = fit.experiment(user.document.experiment, table, "example:sine.csv", columns, before)
    user.document.show("Learn", made)
    user.raced()
    assert "cannot train a network" in window.racers.enter("newton")
    assert user.document.failure == ""
    assert len(user.raced().trajectories) == 4


def test_without_data_batches_are_refused_in_words(user):
    user.window.racers.sizes.trigger()
    assert "Open data first" in user.window.status.message.text()
    budget = user.window.starts.budget
    assert budget.view().isRowHidden(budget.findData("epochs"))


def test_the_rows_of_a_step_are_typed_in_the_surroundings(user):
    opened(user)
    user.window.racers.rows[0].surround()
    (editor,) = (d for d in user.window.findChildren(Surroundings) if d.isVisible())
    assert editor.batch.placeholderText() == "all 1,460"
    user.type(editor.batch, "0")
    assert "batch must be at least 1 row" in editor.problem.text()
    user.type(editor.batch, "64")
    assert user.document.experiment.racers[0].batch == 64
    assert "batches of 64" in user.window.racers.rows[0].around.text()


def test_the_layers_of_batches_change_the_map(user):
    opened(user)
    racer = replace(user.document.experiment.racers[0], batch=16)
    user.document.edit("Batch", racers=(racer,))
    user.raced()
    user.player.go(3)
    canvas = user.window.map.canvas
    pictures = []
    for layers in ((), ("batches",), ("contours",)):
        user.document.look(internals=layers)
        user.settle(60)
        pictures.append(canvas.grab().toImage())
    assert pictures[0] != pictures[1]
    assert pictures[0] != pictures[2]
    user.document.look(internals=("contours",))
    user.player.go(4)  # another batch has other contours
    user.settle(60)
    assert canvas.grab().toImage() != pictures[2]


# everything else on data


def test_a_map_of_very_different_sides_is_stretched_and_clicked(user):
    opened(user, scaling="none")
    window, domain = user.window, user.document.experiment.domain
    viewport = window.map.canvas.viewport_now()
    assert (viewport.y1 - viewport.y0) > 1000 * (viewport.x1 - viewport.x0)
    x, y = domain[0] + 0.7 * (domain[1] - domain[0]), domain[2] + 0.6 * (domain[3] - domain[2])
    user.click(x, y)
    start = user.document.experiment.starts[-1]
    assert start[0] == pytest.approx(x, abs=0.01 * (domain[1] - domain[0]))
    assert start[1] == pytest.approx(y, abs=0.01 * (domain[3] - domain[2]))
    user.drag(start, (x, domain[2] + 0.3 * (domain[3] - domain[2])))
    moved = user.document.experiment.starts[-1]
    assert moved[1] < start[1]
    QTest.keyClick(window, Qt.Key.Key_F)
    window.map.zoom(2.0, (x, y))
    closer = window.map.canvas.viewport_now()
    assert closer.y1 - closer.y0 == pytest.approx((viewport.y1 - viewport.y0) / 2)


def test_the_names_of_the_variables_are_where_the_numbers_are(user):
    opened(user)
    window = user.window
    assert window.starts.rows[0].caption.text() == "slope"
    window.status.show_point((0.5, 0.25))
    assert window.status.pointer.text().startswith("slope 0.5000    intercept 0.2500")


def test_the_laboratory_takes_a_row_apart(user):
    opened(user)
    window = user.window
    window.choose_layout("gradient laboratory")
    user.settle(200)
    laboratory = window._view(LaboratoryView)
    assert laboratory.told.text().startswith("Row 1 of houses.csv, x is slope and y intercept.")
    x, y = laboratory.point()
    table = user.document.experiment.data.table
    expected = (x * table["LotArea"][0] + y - table["SalePrice"][0]) ** 2
    assert laboratory.walk.loss == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "path", [p for p in shipped() if session.read(p).experiment.data is not None],
    ids=lambda p: p.stem,
)  # fmt: skip
def test_scenes_on_data_open_and_play(user, path):
    user.window.files.open_scene(path)
    race = user.raced()
    user.window.choose_layout("data")
    for share in (0.0, 0.5, 1.0):
        user.player.go(int(share * race.last))
        user.settle()
    assert user.document.failure == ""
    assert all(math.isfinite(loss) for loss in race.loss[:, 0])
    assert user.window._view(FitView)._scatter is not None


def test_a_session_with_data_is_saved_and_opened(user, tmp_path, monkeypatch):
    table = tmp_path / "t.csv"
    table.write_text("u,v\n1,2\n2,3\n4,1\n")
    opened(user, str(table))
    path = tmp_path / "s.json"
    monkeypatch.setattr("gdviz.app.files.QFileDialog.getSaveFileName",
                        lambda *_a, **_k: (str(path), ""))  # fmt: skip
    user.key(Qt.Key.Key_S, CONTROL)
    saved = session.read(path).experiment
    assert saved == user.document.experiment
    table.write_text("u,v\n1,2\n2,3\n4,9\n")
    user.window.files.open_from(path)
    assert "t.csv has changed since" in user.window.status.message.toolTip()
    table.unlink()
    before = user.document.experiment
    user.window.files.open_from(path)
    assert "its data are missing" in user.window.status.message.toolTip()
    assert user.document.experiment is before


def test_the_dialog_of_tables_closes_with_the_window(user):
    user.window.dialogs.data()
    user.window.document.undo_stack.clear()
    user.document.settle(replace(user.document.origin, experiment=user.document.experiment))
    user.window.close()
    assert not any(d.isVisible() for d in user.window.findChildren(QDialog))


def test_a_session_on_a_large_table_opens_in_the_background(user, tmp_path, monkeypatch):
    table = tmp_path / "t.csv"
    table.write_text("u,v\n" + "1,2\n2,3.5\n4,1\n" * 20)
    opened(user, str(table))
    path = tmp_path / "s.json"
    path.write_text(session.dump(user.document.session(), tmp_path))
    wanted = user.document.experiment
    user.document.undo_stack.undo()
    user.document.settle(replace(user.document.origin, experiment=user.document.experiment))
    monkeypatch.setattr("gdviz.session.LARGE", 100)
    user.window.files.open_from(path)
    assert user.window.status.message.text() == "Reading t.csv…"
    user.qtbot.waitUntil(lambda: user.document.experiment == wanted)
    table.write_text("u,v\n1,2\nx,3\n" + "1,2\n" * 100)
    user.window.files.open_from(path)
    user.qtbot.waitUntil(lambda: "line 3" in user.window.status.message.toolTip())
    assert user.document.experiment == wanted


def test_data_are_kept_in_the_experiment_on_request(user, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("u,v\n1,2\n2,3\n4,1\n")
    user.window.files.embed()
    assert "There are no data" in user.window.status.message.text()
    opened(user, str(table))
    user.window.files.embed()
    assert user.document.experiment.data.embedded == ((1.0, 2.0, 4.0), (2.0, 3.0, 1.0))
    path = tmp_path / "s.json"
    path.write_text(session.dump(user.document.session(), tmp_path))
    table.unlink()
    assert session.read(path).experiment.resolved() == user.document.experiment.resolved()
    user.document.undo_stack.undo()
    assert user.document.experiment.data.embedded == ()


# networks


def test_a_network_is_trained_and_looked_at_on_planes(user):
    window = user.window
    window.dialogs.data("example:sine.csv")
    shown = dialog(user)
    pick(shown.model, "network")
    assert shown.hidden.isVisible()
    shown.hidden.setText("4, ")
    QTest.mouseClick(shown.take_it, Qt.MouseButton.LeftButton)
    assert "Hidden layers" in shown.problem.text()
    shown.hidden.setText("4, 3")
    race = learn(user)
    assert race.experiment.data.net.hidden == (4, 3)
    assert window.header.formula.text() == "network 1-4-3-1, tanh"
    user.qtbot.waitUntil(window.panels.panels["Fit"].isVisible)
    user.settle(100)
    view = window._view(FitView)
    user.player.go(race.last)
    user.settle(60)
    assert view.words.text().endswith("off the plane")
    before = view.canvas.grab().toImage()
    window.dialogs.plane()
    (form,) = (d for d in window.findChildren(Form) if d.isVisible())
    QTest.keyClick(form, Qt.Key.Key_Return)
    user.raced()
    assert "of what the runs do lies in this plane" in window.status.message.text()
    user.player.go(user.document.race.last)
    user.settle(60)
    assert view.canvas.grab().toImage() == before  # the models are the same, seen from elsewhere
    canvas = window.map.canvas
    user.click(1.0, -1.0)
    assert len(user.raced().trajectories) == 2 * len(race.trajectories)
    QTest.mouseMove(canvas.viewport(), user.spot(canvas, -1.0, 1.0))
    user.settle(60)
    for layout in ("step by step", "gradient laboratory", "race"):
        window.choose_layout(layout)
        user.settle(100)
    assert "too many parts" in window._view(LaboratoryView).told.text()
    window.dialogs.formula()
    assert "not written as a formula" in window.status.message.text()
    user.document.undo_stack.undo()
    user.document.undo_stack.undo()
    user.raced()


def test_without_a_network_there_is_no_plane_to_choose(user):
    user.window.dialogs.plane()
    assert "There is no network" in user.window.status.message.text()


def test_the_editor_of_formulas_knows_the_columns(user):
    opened(user)
    user.window.dialogs.formula()
    (editor,) = (d for d in user.window.findChildren(FormulaEditor) if d.isVisible())
    editor.show_text("|slope*LotArea + intercept - SalePrice|")
    user.settle(60)
    assert user.document.experiment.surface == "|slope*LotArea + intercept - SalePrice|"
    assert user.document.experiment.data is not None
    editor.reject()
