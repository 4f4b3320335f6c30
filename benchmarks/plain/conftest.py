"""The submission that a plain pytest file judges: the file named by SUBMISSION, imported into the judge's own process."""

import importlib.util
import os

import pytest


@pytest.fixture
def submission():
    spec = importlib.util.spec_from_file_location("submission", os.environ["SUBMISSION"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
