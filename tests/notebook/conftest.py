"""What the gradebook's tests share. Makes the packed deliveries importable for the tests beside them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "lms"))  # importlib mode gives tests no package


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """An empty gradebook, made once: making one takes nbgrader a second."""
    from threadmarks.notebook.gradebook import Gradebook

    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}"):
        pass
    return path
