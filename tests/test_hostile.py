"""Every case of hostile.json is run, covered by a test named here, or waits for a feature."""

from pathlib import Path

from tests import hostile
from tests.core.test_delimited import CASES as FILES
from tests.core.test_delimited import SLOW
from tests.core.test_expression import EXPRESSIONS
from tests.core.test_foreign import CASES as PLUGINS
from tests.model.test_cli import USAGE
from tests.model.test_experiment import CASES
from tests.model.test_hostile_sessions import SINGLE

COVERED = {
    "cluster-unreachable": "test_a_scheduler_that_does_not_answer",
    "cluster-worker-dies": "test_a_cluster_computes_the_same_map_though_a_worker_is_killed",
    "cluster-scheduler-dies": "test_a_scheduler_that_dies_leaves_what_is_finished",
    "cluster-listen": "test_nothing_listens",
    "cluster-untrusted-result": "test_what_is_no_tile_is_refused",
    "cluster-cancel": "test_giving_up_a_million_tiles_is_quick_and_few_are_under_way",
    "cluster-plain-tcp": "test_a_plain_connection_to_another_machine_is_warned_of",
    "expr-random-bytes-200": "test_random_text_is_a_formula_or_a_formula_error",
    "param-seed-big": "test_a_bad_condition_is_named",
    "param-batch-gt-n": "test_a_batch_of_all_rows_is_plain_descent",
    "param-batch-0": "test_a_batch_that_cannot_be_is_named",
    "csv-200MB": "test_a_million_rows_are_sampled_evenly_and_it_is_said",
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
    "out-png-1e5": "test_the_command_line_refuses_what_cannot_be",
    "out-gif-1e6-frames": "test_the_command_line_refuses_what_cannot_be",
    "out-gif-1-frame": "test_a_film_that_does_not_begin_again_and_one_frame",
    "out-svg-nan": "test_an_svg_is_xml_with_text_and_trails_as_such",
    "out-svg-title": "test_words_that_would_break_an_svg_do_not",
    "out-metadata-paths": "test_files_tell_nothing_about_who_made_them",
    "session-version-old-all": "test_sessions_of_older_formats_still_open",
    "session-bitflip": "test_bytes_that_flip_never_do_more_than_be_refused",
    "gui-close-while-running": "test_the_window_closes_while_a_race_runs",
    "gui-close-while-saving": "test_the_window_closes_while_a_file_is_written",
    "gui-close-dialog-open": "test_dialogs_that_are_open_close_with_the_window",
    "gui-run-x100": "test_a_hundred_edits_in_a_second_end_with_the_last",
    "gui-run-cancel-x100": "test_a_hundred_edits_in_a_second_end_with_the_last",
    "gui-cancel-idle": "test_to_cancel_is_quick_and_does_no_harm_when_nothing_runs",
    "gui-cancel-latency": "test_to_cancel_is_quick_and_does_no_harm_when_nothing_runs",
    "gui-open-while-running": "test_opening_and_undoing_while_a_race_runs",
    "gui-undo-while-running": "test_opening_and_undoing_while_a_race_runs",
    "gui-undo-redo-1000": "test_a_thousand_times_undo_and_redo",
    "gui-click-10k-starts": "test_more_starts_than_are_possible_are_refused_in_words",
    "gui-drag-outside": "test_a_start_dragged_far_outside_and_where_the_surface_is_not_finite",
    "gui-drag-start-nan-region": (
        "test_a_start_dragged_far_outside_and_where_the_surface_is_not_finite"
    ),
    "gui-drag-off-domain": "test_a_start_dragged_far_outside_and_where_the_surface_is_not_finite",
    "gui-drag-then-run-deletes": "test_a_start_deleted_while_it_is_dragged",
    "gui-wheel-in-2000": "test_two_thousand_notches_of_the_wheel",
    "gui-wheel-out-2000": "test_two_thousand_notches_of_the_wheel",
    "gui-zoom-1e-300": "test_a_view_of_any_size_is_kept_finite",
    "gui-zoom-1e300": "test_a_view_of_any_size_is_kept_finite",
    "gui-zoom-subnormal": "test_a_view_of_any_size_is_kept_finite",
    "gui-zero-drag-zoom": "test_a_box_without_an_area_is_no_zoom",
    "gui-log-axis-neg": "test_curves_of_any_loss_are_finite",
    "gui-autorange-nan": "test_losses_at_the_ends_of_the_floats_are_drawn",
    "gui-resize-16k": "test_sizes_from_the_smallest_to_larger_than_any_screen",
    "gui-resize-storm": "test_sizes_from_the_smallest_to_larger_than_any_screen",
    "gui-minimise-run": "test_playing_while_it_is_minimised",
    "gui-tab-order": "test_tab_goes_through_everything_without_end",
    "gui-context-menus": "test_a_right_click_everywhere_and_every_entry",
    "gui-pg-export-csv": "test_nothing_of_pyqtgraphs_own_menus_can_be_reached",
    "gui-paste-1e6": "test_any_text_pasted_into_every_field",
    "gui-paste-binary": "test_pictures_and_files_pasted_into_every_field",
    "gui-ime": "test_composing_with_an_input_method_and_giving_it_up",
    "gui-spin-hostile": "test_a_number_of_starts_that_cannot_be_is_refused_in_the_form",
    "gui-drop-binary": "test_what_is_no_experiment_does_nothing_when_dropped",
    "gui-drop-self": "test_a_drop_of_the_map_onto_itself_is_nothing",
    "gui-play-empty": "test_a_start_deleted_while_it_is_dragged",
    "gui-gif-while-edit": "test_an_export_can_be_cancelled_and_leaves_the_file_alone",
    "gui-dock-float-close": "test_panels_float_close_and_come_back_fifty_times",
    "gui-open-close-docs-200": "test_two_hundred_sessions_one_after_another",
    "gui-exception-in-hook": "test_an_exception_in_a_slot_is_logged_and_said",
    "plugin-import-error": "test_the_module_itself_may_fail",
    "plugin-fp-state": "test_what_it_does_to_numpy_and_its_output_stays_with_it",
    "plugin-name-clash": "test_a_name_of_ours_is_no_danger",
    "plugin-auto-folder": "test_nothing_runs_before_it_was_allowed",
    "gui-exception-in-runnable": "test_a_failing_job_reports_its_error",
}
LATER = {
    "cli-clock-back": "intervals come from a monotonic clock; the system's is not ours to set",
    "out-win-locked": "needs Windows",
    "param-grid-1": "maps with a chosen grid", "param-grid-1e5": "maps with a chosen grid",
    "out-mp4-no-ffmpeg": "FFmpeg is a library here, not a program that may be missing",
    "out-ffmpeg-dies": "FFmpeg is a library here; a killed export is in tests/crash.py",
    "gui-dpi-change": "needs two screens of different scales",
    "gui-screen-unplug": "needs two screens", "gui-suspend": "needs a machine that sleeps",
    "gui-lang-switch": "there is one language so far",
    "gui-segv-in-core": "a fault in native code ends the process; its log and the recovery copy "
    "remain, as after a kill",
    "gui-monkey-8h": "a random user for hours is no test of minutes",
}  # fmt: skip


def test_no_case_is_forgotten():
    run = {case["id"] for case in [*EXPRESSIONS, *CASES, *USAGE, *PLUGINS, *FILES]} | set(SINGLE)
    run -= SLOW
    areas = ("expression", "params", "cli", "output", "session", "gui", "plugin", "csv",
             "cluster")  # fmt: skip
    everything = {case["id"] for area in areas for case in hostile.cases(area)}
    assert run | set(COVERED) | set(LATER) == everything
    assert not run & set(LATER)


def test_the_tests_that_are_named_exist():
    text = "".join(p.read_text(encoding="utf-8") for p in Path(__file__).parent.rglob("test_*.py"))
    for name in set(COVERED.values()):
        assert f"def {name}(" in text, name
