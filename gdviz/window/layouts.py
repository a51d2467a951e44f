"""Which panels are shown, and where, for each purpose."""

# For each purpose: panels at the left, groups of tabs at the right, how high they are, and how
# large type and lines are.
LAYOUTS: dict[str, tuple[list[str], list[list[str]], list[int], float]] = {
    "race": (["Racers"], [["Surface", "Inspector"], ["Curves", "Results"]], [11, 9], 1.0),
    "step by step": (["Racers"], [["Inspector"], ["Surface", "Curves", "Results"]], [13, 7], 1.0),
    "present": ([], [["Surface"], ["Curves"]], [3, 2], 1.4),
    "gradient laboratory": ([], [["Laboratory"]], [1], 1.0),
    "Newton": (
        ["Racers"],
        [["Mechanics"], ["Surface", "Curves", "Inspector", "Results"]],
        [14, 7],
        1.0,
    ),
    "lessons": (
        ["Racers"],
        [["Lessons"], ["Surface", "Curves", "Mechanics", "Fit", "Results"]],
        [11, 9],
        1.0,
    ),
    "data": (["Racers"], [["Fit"], ["Curves", "Surface", "Inspector", "Results"]], [11, 9], 1.0),
    "maps": (
        ["Racers"],
        [["Basins", "Hyper-parameters", "Curves", "Results"]],
        [1],
        1.0,
    ),
}
WIDE = {
    "gradient laboratory": 0.68,
    "present": 0.42,
    "lessons": 0.33,
    "maps": 0.44,
}  # shares of the width for the right
