"""Reading delimited text: dialects, missing values, hostile files, and what messages say."""

import io
import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdviz_core.delimited import DataError, preview, read_table, reading
from gdviz_core.dialect import Format, detect
from gdviz_core.table import Table, column_name
from tests import hostile

CASES = hostile.cases("csv")
SLOW = {"csv-200MB"}  # in benchmarks: it takes a quarter of a minute


def read(path, columns=None, form=None):
    """The Reading of a file."""
    steps = reading(path, columns, form)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def written(tmp_path, text, name="data.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def placed(case, folder):
    """The path of the file of a case, which is set up as the case says."""
    file = case["input"]["file"]
    content = hostile.text(file["content"]).encode("utf-8", "surrogateescape")
    setup, path = file.get("setup", ""), folder / file["name"]
    if setup == "name-300":
        return folder / ("n" * 300)
    if setup == "name-newline":
        path = folder / "two\nlines.csv"
    if setup == "name-nonutf8":
        path = folder / os.fsdecode(b"\xff\xfe.csv")
    if setup == "dev-zero":
        path.symlink_to("/dev/zero")
    elif setup == "fifo":
        os.mkfifo(path)
    elif setup == "dangling-symlink":
        path.symlink_to(folder / "nowhere")
    elif setup == "symlink-loop":
        path.symlink_to(path)
    elif setup != "missing":
        path.write_bytes(content)
        if setup == "unreadable":
            path.chmod(0)
    return path


@pytest.mark.parametrize("case", [c for c in CASES if c["id"] not in SLOW], ids=lambda c: c["id"])
def test_hostile_files(case, tmp_path, monkeypatch):
    path, expected = placed(case, tmp_path), case["expected"]
    if case["input"]["file"].get("setup") == "unreadable" and os.geteuid() == 0:
        # root may read everything: what the system would say to others is said here
        def refuse(*_args):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("builtins.open", refuse)
    found, message = None, ""
    try:
        found = read(path)
    except DataError as error:
        message = str(error)
    if found is None:
        assert expected["outcome"] in ("reject", "either"), message
        assert all(part in message for part in expected.get("message_has", ())), message
        assert 0 < len(message) < 400
        return
    assert expected["outcome"] in ("accept", "either")
    assert found.table.rows == expected.get("rows", found.table.rows)
    assert np.isfinite(found.table.columns).all()
    assert len(set(found.table.names)) == len(found.table.names)
    if "columns" in expected:
        assert list(found.table.names) == expected["columns"]
    if "first" in expected:
        assert list(found.table.columns[:, 0]) == expected["first"]
    if "count_shown" in expected["invariants"]:
        assert "1 row without a value dropped" in found.words


@pytest.mark.parametrize(
    ("delimiter", "decimal"),
    [(d, s) for d in (",", ";", "\t", "|", " ") for s in ".," if d != s],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("header", [True, False])
def test_every_way_of_writing_numbers_is_detected(tmp_path, delimiter, decimal, encoding, header):
    numbers = np.array([[1.5, -2.25], [3.125, 4e-3], [-0.5, 7.0], [12.5, 0.25]])
    rows = [["größe", "preis"]] * header
    rows += [[repr(float(v)).replace(".", decimal) for v in row] for row in numbers]
    text = "\n".join(delimiter.join(row) for row in rows)
    table = read_table(written(tmp_path, text, encoding=encoding))
    assert np.array_equal(table.columns.T, numbers)
    assert table.names == (("grosse", "preis") if header else ("column_1", "column_2"))


@given(st.lists(st.tuples(*[st.floats(-1e150, 1e150) for _ in range(3)]), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_numbers_come_back_exactly(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("data") / "data.csv"
    path.write_text("a,b,c\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows))
    assert np.array_equal(read_table(path).columns.T, np.array(rows))


def test_rows_without_a_value_are_dropped_counted_and_named(tmp_path):
    lines = ["a,b,c"] + [f"{n},{n * n},{n % 7}" for n in range(40)]
    lines[3], lines[10], lines[20] = "NA,1,2", "5,,1", "6,nan,inf"
    found = read(written(tmp_path, "\n".join(lines)), ["a", "b"])
    assert found.table.rows == 37
    assert found.dropped == {"a": 1, "b": 2}
    assert found.lines == (4, 11, 21)
    assert found.words == "3 rows without a value dropped (1 in a, 2 in b; lines 4, 11, 21)"


def test_only_the_columns_that_are_chosen_must_be_numbers(tmp_path):
    path = written(tmp_path, "id;name;price\n1;old;2,5\n2;new;3,5\n")
    assert read_table(path).names == ("id", "price")
    assert list(read_table(path, ["price", "id"]).columns[0]) == [2.5, 3.5]
    with pytest.raises(DataError, match="line 2, column name: 'old' is not a number"):
        read_table(path, ["name", "price"])
    with pytest.raises(DataError, match="no column 'cost'; there are id, name, price"):
        read_table(path, ["cost", "price"])


def test_the_preview_tells_types_ranges_and_missing_values(tmp_path):
    path = written(tmp_path, "size,kind,price\n" + "".join(
        f"{n},{'ab'[n % 2]},{'' if n == 3 else 10 * n}\n" for n in range(1, 9)))  # fmt: skip
    seen = preview(path)
    size, kind, price = seen.columns
    assert (size.numeric, size.low, size.high, size.missing) == (True, 1, 8, 0)
    assert (kind.numeric, kind.bad) == (False, (2, "b"))
    assert (price.numeric, price.low, price.high, price.missing) == (True, 10, 80, 1)
    assert seen.whole
    assert len(seen.rows) == 8


def test_a_format_that_is_given_is_used(tmp_path):
    path = written(tmp_path, "1,5;2\n2,5;4\n")
    assert list(read_table(path).columns[0]) == [1.5, 2.5]
    with pytest.raises(DataError, match="not a number"):
        read_table(path, None, Format(";", "."))
    with pytest.raises(ValueError, match="delimiter must be one of"):
        Format("x")


def test_a_million_rows_are_sampled_evenly_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("gdviz_core.delimited.MAX_ROWS", 1000)
    path = written(tmp_path, "a,b\n" + "".join(f"{n},{2 * n}\n" for n in range(10_000)))
    found = read(path)
    assert found.every in (10, 11)
    assert 850 <= found.table.rows <= 1050
    assert set(np.diff(found.table["a"])) == {float(found.every)}
    assert f"a sample: every {found.every}th row" in found.words


def test_it_can_be_abandoned_and_tells_how_far_it_is(tmp_path):
    path = written(tmp_path, "a,b\n" + "1.5,2.5\n" * 200_000)
    steps = reading(path)
    shares = [next(steps) for _ in range(5)]
    assert 0 < shares[0] < shares[4] < 1
    started = time.perf_counter()
    steps.close()
    assert time.perf_counter() - started < 1


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_table_or_a_data_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("data") / "data.csv"
    path.write_bytes(content)
    try:
        found = read(path)
    except DataError:
        return
    assert np.isfinite(found.table.columns).all()
    assert found.table.rows >= 2


@given(st.text(max_size=40), st.lists(st.text(max_size=10), max_size=5))
def test_a_name_of_a_column_is_one_that_a_formula_knows(title, others):
    from gdviz_core.expression import parse

    names = []
    for text in (*others, title):
        names.append(column_name(text, names))
    assert len(set(names)) == len(names)
    parse("+".join(names), tuple(names))


def test_tables_are_equal_by_what_is_in_them():
    one, other = (Table.of({"a": [1, 2], "b": [3, 4]}, title) for title in ("one", "other"))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Table.of({"a": [1, 2], "c": [3, 4]})
    assert one != Table.of({"a": [1, 2], "b": [3, 5]})
    with pytest.raises(ValueError, match="b: row 2 is not a finite number"):
        Table.of({"a": [1, 2], "b": [3, np.inf]})
    with pytest.raises(ValueError, match="read-only"):
        one.columns[0, 0] = 7


@pytest.mark.parametrize("kind", ["standardise", "min-max"])
@given(st.lists(st.floats(-1e150, 1e150, allow_subnormal=False), min_size=2, max_size=20))
def test_scaling_is_undone_exactly_enough_and_has_its_range(kind, values):
    table = Table.of({"a": values, "b": values})
    scaling = table.scaling("a", kind)
    scaled = table.scaled(kind, ["a"])["a"]
    size = max(map(abs, values)) or 1.0
    assert np.allclose(scaling.undo(scaled), values, rtol=0, atol=1e-9 * size)
    if kind == "min-max" and np.ptp(values) > 1e-6 * size:
        assert scaled.min() == pytest.approx(0, abs=1e-9)
        assert scaled.max() == pytest.approx(1)
    if kind == "standardise" and np.ptp(values) > 1e-6 * size:
        assert scaled.mean() == pytest.approx(0, abs=1e-6)
        assert scaled.std() == pytest.approx(1)
    assert np.array_equal(table.scaled(kind, ["a"])["b"], table["b"])


def test_detection_does_not_take_a_text_apart_that_has_no_table():
    assert detect(b"") == Format()
    assert detect(io.BytesIO(b"one\ntwo\n").read()) == Format()


@pytest.mark.parametrize(("text", "message"), [
    ("price\tshare\n1,234\t0.5\n12,500\t0.25\n999\t0.125\n", "separators of thousands"),
    ("a;b\n1.234;0,5\n12.500;0,25\n999;0,1\n", "separators of thousands"),
])  # fmt: skip
def test_thousands_are_never_taken_for_decimals(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(DataError, match=message):
        read_table(path, [preview(path).columns[0].name, preview(path).columns[1].name])


def test_a_file_of_mostly_words_is_told_apart(tmp_path):
    text = "id;name;ort;typ;preis\n" + "".join(f"{n};Anna;Rom;x;{n},5\n" for n in range(20))
    assert read_table(written(tmp_path, text)).names == ("id", "preis")


def test_an_encoding_that_cannot_be_is_refused_in_words(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match="not written in utf-16"):
        preview(path, Format(encoding="utf-16"))


def test_titles_that_are_long_and_alike_get_names_of_their_own(tmp_path):
    text = f"{'x' * 60}a,{'x' * 60}b\n1,2\n3,4\n"
    assert len(set(read_table(written(tmp_path, text)).names)) == 2


def test_a_column_of_one_value_is_only_shifted():
    for value in (0.1, 0.3, 1e10, 1e-300):
        table = Table.of({"c": [value] * 7, "d": range(7)})
        for kind in ("standardise", "min-max"):
            assert list(table.scaled(kind, ["c"])["c"]) == [0.0] * 7


def test_a_table_that_was_pickled_is_still_read_only():
    import pickle

    again = pickle.loads(pickle.dumps(Table.of({"a": [1.0, 2.0]})))
    with pytest.raises(ValueError, match="read-only"):
        again.columns[0, 0] = 9.0
