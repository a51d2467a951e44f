"""Measures gdviz against NumPy and the window against the clock: python -m benchmarks

Everything that is compared runs interleaved in one process; figures are medians. Machines are
noisy, so look at the ratios.
"""

import argparse

from benchmarks import data, engine, maps, window


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="engine|data|maps|window")
    chosen = parser.parse_args().what or ["engine", "data", "maps", "window"]
    if "engine" in chosen:
        engine.main()
    if "data" in chosen:
        data.main()
    if "maps" in chosen:
        maps.main()
    if "window" in chosen:
        window.main()


main()
