import os
import sys

import pytest

# no test may touch the user's own settings and recovery files
os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false"


@pytest.fixture(autouse=True)
def _home(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))


@pytest.fixture
def gdviz(tmp_path):
    """Runs the command line in a process of its own: gdviz(*arguments, env=...)."""
    import subprocess

    def run(*arguments, env=None, timeout=60, **options):
        variables = {**os.environ, "PYTHONPATH": os.getcwd(), **(env or {})}
        variables = {name: value for name, value in variables.items() if value is not None}
        return subprocess.run(
            [sys.executable, "-m", "gdviz", *arguments],
            capture_output=True, text=True, env=variables, cwd=tmp_path, timeout=timeout,
            **options,
        )  # fmt: skip

    return run
