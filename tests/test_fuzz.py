"""A short run of the fuzzer; `make sanitize` runs it long, with bounds checks and sanitizers."""

from tests import fuzz


def test_random_formulas_and_rules_agree_with_plain_python():
    compared = fuzz.run(3000, seed=20261)
    assert compared > 1500
