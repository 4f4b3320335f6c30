"""Takes away what in a process's memory says where the kit lies and how the process was started.

The first half is done while modules are imported: `zygote.py` gives them made-up file names. Standard library only.
"""

import os
import sys
from types import ModuleType

from threadmarks.sandbox import stragglers


def forget(parent: str) -> None:
    """The kit's folder `parent` is not needed any more: nothing more can be imported from it, and nobody remembers it."""
    sys.path.remove(parent)
    sys.path_hooks[:] = [hook for hook in sys.path_hooks if getattr(hook, "__name__", "") != "find_kit"]
    for path in [path for path in sys.path_importer_cache if path == parent or path.startswith(parent + os.sep)]:
        del sys.path_importer_cache[path]
    for module in list(sys.modules.values()):
        _scrub(module, parent)
    sys.modules["__main__"] = ModuleType("__main__")
    for name in ("executable", "_base_executable"):
        setattr(sys, name, "python3")
    sys.argv[:] = [""]
    sys.orig_argv[:] = ["python3"]
    os.environ.pop(stragglers.MARK, None)


def _scrub(module: ModuleType, parent: str) -> None:
    """Take the paths off a module of the kit. Nothing below it can be imported any more."""
    spec = getattr(module, "__spec__", None)
    path = getattr(module, "__file__", None)
    if spec is None or not path or not path.startswith(parent + os.sep):
        return
    name = module.__name__.partition(".")[0]
    module.__file__ = spec.origin = f"<{name}>" + path.removeprefix(f"{parent}{os.sep}{name}")
    module.__loader__ = spec.loader = None
    spec.cached = None
    module.__dict__.pop("__cached__", None)
    if spec.submodule_search_locations is not None:
        module.__path__ = spec.submodule_search_locations = []
