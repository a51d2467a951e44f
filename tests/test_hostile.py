"""Every case of hostile.json is run, covered by a test named here, or waits for a feature."""

from pathlib import Path

from tests import hostile
from tests.core.test_expression import EXPRESSIONS
from tests.model.test_cli import USAGE
from tests.model.test_experiment import CASES

COVERED = {
    "expr-random-bytes-200": "test_random_text_is_a_formula_or_a_formula_error",
    "param-seed-big": "test_a_bad_condition_is_named",
    "cli-no-display": "test_without_a_display_it_names_the_race",
    "cli-locale-c": "test_the_window_opens_anywhere_and_ends_on_a_signal",
    "cli-home-unset": "test_the_window_opens_anywhere_and_ends_on_a_signal",
    "cli-home-readonly": "test_a_folder_that_cannot_be_written_costs_only_a_message",
    "cli-sigterm": "test_the_window_opens_anywhere_and_ends_on_a_signal",
    "cli-sigint-twice": "test_the_window_opens_anywhere_and_ends_on_a_signal",
    "cli-kill9-restart": "test_after_a_crash_the_experiment_is_offered",
    "cli-kill9-in-save": "test_a_kill_at_any_time_leaves_a_whole_file",
    "cli-config-corrupt": "test_a_settings_file_of_garbage_is_survived",
    "out-readonly-dir": "test_a_read_only_folder",
    "out-missing-dir": "test_targets_that_cannot_be_written",
    "out-disk-full": "test_a_failing_disk_leaves_the_old_file",
    "out-dev-full": "test_targets_that_cannot_be_written",
    "out-is-directory": "test_targets_that_cannot_be_written",
    "out-symlink": "test_links_and_permissions_stay",
    "out-hardlink": "test_links_and_permissions_stay",
    "out-perm-kept": "test_links_and_permissions_stay",
    "out-name-unicode": "test_unusual_names_are_fine",
    "out-name-255": "test_unusual_names_are_fine",
    "out-name-256": "test_targets_that_cannot_be_written",
    "out-win-CON.csv": "test_names_that_windows_reserves",
    "out-win-aux.png": "test_names_that_windows_reserves",
    "out-win-COM1.gif": "test_names_that_windows_reserves",
    "out-win-a.csv": "test_names_that_windows_reserves",
    "out-win-a-b.csv": "test_names_that_windows_reserves",
    "out-overwrite-input": "test_a_json_that_is_not_ours_is_not_replaced_unasked",
    "out-no-ext": "test_an_ending_is_added_once",
    "out-network-gone": "test_a_failing_disk_leaves_the_old_file",
    "out-removed-dir": "test_a_folder_that_vanishes_while_writing",
    "out-kill9": "test_a_kill_at_any_time_leaves_a_whole_file",
    "out-power-loss": "test_a_failing_disk_leaves_the_old_file",
    "out-csv-quote": "test_the_file_is_rfc_4180",
    "out-csv-floats": "test_floats_are_exact_whatever_they_are",
    "out-csv-locale": "test_numbers_are_the_same_in_every_locale",
    "out-csv-1e7-rows": "test_an_abandoned_export_leaves_the_old_file",
    "out-same-file-x2": "test_two_exports_to_one_file_leave_one_of_them",
}
LATER = {
    "cli-clock-back": "intervals come from a monotonic clock; the system's is not ours to set",
    "out-win-locked": "needs Windows",
    "param-batch-gt-n": "data", "param-batch-0": "data",
    "param-grid-1": "maps with a chosen grid", "param-grid-1e5": "maps with a chosen grid",
    "out-png-1e5": "pictures", "out-gif-1e6-frames": "animations", "out-gif-1-frame": "animations",
    "out-mp4-no-ffmpeg": "animations", "out-ffmpeg-dies": "animations", "out-svg-nan": "pictures",
    "out-svg-title": "pictures", "out-metadata-paths": "pictures",
}  # fmt: skip


def test_no_case_is_forgotten():
    run = {case["id"] for case in [*EXPRESSIONS, *CASES, *USAGE]}
    areas = ("expression", "params", "cli", "output")
    everything = {case["id"] for area in areas for case in hostile.cases(area)}
    assert run | set(COVERED) | set(LATER) == everything
    assert not run & set(LATER)


def test_the_tests_that_are_named_exist():
    text = "".join(p.read_text(encoding="utf-8") for p in Path(__file__).parent.rglob("test_*.py"))
    for name in set(COVERED.values()):
        assert f"def {name}(" in text, name
