"""The program that the judge starts: it becomes a zygote (`supervisor.py`, and its `template.py`).

Started by exec, as text, so that no lock of the judge is inherited and no path of the kit is in a frame, with a scrubbed
environment and nothing but the standard library on its path. The path to the kit is added for as long as the kit is being
imported; `nameless.py` takes it away again. What is imported meanwhile gets made-up file names, such as
"<threadmarks>/runner/baton.py": a submission that reads modules or code objects learns no folder of the judge's.

Arguments: CONTROL_FD PACKAGE_PARENT WORK_FOLDER ENTRY_MODULE RUNG; RUNG is empty for the best that the machine offers.
Without a CONTROL_FD ("") it becomes one run of the plain rung instead (`oneshot.py`).
"""

import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType


class NamelessLoader(SourceFileLoader):
    """Loads a module of the kit under a made-up file name."""

    parent = ""

    def get_code(self, fullname: str) -> CodeType | None:
        code = super().get_code(fullname)
        return renamed(code, made_up(self.path, self.parent)) if code is not None else None


def made_up(path: str, parent: str) -> str:
    """The made-up name of a file of the kit."""
    return "<" + os.path.relpath(path, parent).replace(os.sep, ">/", 1)


def renamed(code: CodeType, name: str) -> CodeType:
    """The code object under another file name, with all that are nested in it."""
    constants = tuple(renamed(item, name) if isinstance(item, CodeType) else item for item in code.co_consts)
    return code.replace(co_filename=name, co_consts=constants)


class KitFinder:
    """Finds the modules in one folder of the kit by asking for their files.

    Python's own finder keeps a list of all that is in the folder. Whatever else is installed beside the kit would then
    change the heap that every runner starts with, and with it the addresses of a student's objects.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """Where the module is (a folder without `__init__.py` is a portion of a package); None if it is not here."""
        del target
        stem = os.path.join(self._folder, fullname.rpartition(".")[2])
        for path, within in ((os.path.join(stem, "__init__.py"), [stem]), (stem + ".py", None)):
            if os.path.isfile(path):
                loader = NamelessLoader(fullname, path)
                return spec_from_file_location(fullname, path, loader=loader, submodule_search_locations=within)
        if not os.path.isdir(stem):
            return None
        portion = ModuleSpec(fullname, None, is_package=True)
        portion.submodule_search_locations = [stem]
        return portion


def find_kit(path: str) -> KitFinder:
    """A path hook (`sys.path_hooks`) for the folders of the kit."""
    parent = NamelessLoader.parent
    if path != parent and not path.startswith(parent + os.sep):
        raise ImportError(f"{path} is not the kit's", path=path)
    return KitFinder(path)


def main() -> None:
    """Serve the control channel given as the first argument until it closes; without one ("") be a single run."""
    descriptor, package_parent, work_folder, entry, rung = sys.argv[1:]
    NamelessLoader.parent = package_parent
    sys.path_hooks.insert(0, find_kit)
    sys.path.insert(0, package_parent)
    if not descriptor:
        from threadmarks.sandbox import oneshot

        oneshot.serve(package_parent, entry)
    from threadmarks.sandbox import supervisor

    supervisor.serve(int(descriptor), package_parent, work_folder, entry, rung)


if __name__ == "__main__":
    main()
