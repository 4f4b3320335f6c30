"""Makes the hand-made reports importable for the tests beside them."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode gives tests no package: samples.py is found by its name


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A runner of commands, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "THREADMARKS_PLAIN", "THREADMARKS_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return CliRunner()
