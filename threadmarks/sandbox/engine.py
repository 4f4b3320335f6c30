"""Loads the engine into the process that runs are made of, and hides the kit there. Standard library only, every system."""

import importlib
import os
import sys
from typing import Any

from threadmarks.sandbox import nameless


class Engine:
    """What an entry module offers: `threadmarks.runner.entry`, or a stand-in."""

    def __init__(self, name: str) -> None:
        module: Any = importlib.import_module(name)
        self.prepare = module.prepare
        self.serve_run = module.serve_run
        self.one_at_a_time: bool = getattr(module, "ONE_AT_A_TIME", False)
        """Whether its threads only ever run one after the other: then one core is all they need."""


def load(package_parent: str, entry: str) -> Engine:
    """Import the whole engine, and hide the kit: a submission must not find the judge."""
    import traceback  # noqa: F401  # what goes wrong in a runner is told with it

    engine = Engine(entry)
    importlib.import_module("threadmarks.prelude")
    package = sys.modules[entry.rpartition(".")[0]]
    if package.__name__.partition(".")[0] == "threadmarks":  # what it imports late could not be found any more
        _load_all(package.__name__, package.__path__[0])
    nameless.forget(package_parent)
    return engine


def _load_all(package: str, folder: str) -> None:
    """Import every module of a package and of the packages in it."""
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(os.path.join(path, "__init__.py")):
            importlib.import_module(f"{package}.{name}")
            _load_all(f"{package}.{name}", path)
        elif name.endswith(".py") and name != "__init__.py":
            importlib.import_module(f"{package}.{name.removesuffix('.py')}")
