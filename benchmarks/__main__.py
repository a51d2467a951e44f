"""Measures gdviz against NumPy and the window against the clock: python -m benchmarks

Everything that is compared runs interleaved in one process; figures are medians. Machines are
noisy, so look at the ratios.
"""

import argparse

from benchmarks import engine, window


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="engine|window")
    chosen = parser.parse_args().what or ["engine", "window"]
    if "engine" in chosen:
        engine.main()
    if "window" in chosen:
        window.main()


main()
