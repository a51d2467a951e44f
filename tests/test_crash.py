"""A few kills in the middle of the work; `python -m tests.crash` makes three hundred."""

from tests.crash import run


def test_a_kill_at_any_moment_damages_no_file_and_loses_no_old_edit(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "work"
    folder.mkdir()
    assert run(5, 1000, folder) == []
