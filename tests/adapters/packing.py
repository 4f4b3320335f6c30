"""Puts a library into an adapter's file, for a library that is not of the standard one: a runner sees no installed package.

An adapter that declares `packages` is graded with a preamble behind its declaration: the modules' code, compiled here and
unchanged otherwise, and a finder that gives it to `import`.
"""

import base64
import importlib.util
import json
import marshal
import zlib
from pathlib import Path

PREAMBLE = '''\
import base64 as _base64, importlib.util as _util, json as _json, marshal as _marshal, sys as _sys, zlib as _zlib


class _Packed:
    """Finds the modules that are packed into this file."""

    modules = _json.loads(_zlib.decompress(_base64.b64decode("PACKED")))

    def find_spec(self, name, path=None, target=None):
        if name in self.modules:
            return _util.spec_from_loader(name, self, is_package=self.modules[name][0])

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(_marshal.loads(_base64.b64decode(self.modules[module.__name__][1])), module.__dict__)


_sys.meta_path.insert(0, _Packed())
'''


def packed(text: str, packages: list[str]) -> str:
    """An adapter's text with these packages in it. Raises ModuleNotFoundError for one that is not installed."""
    modules: dict[str, tuple[bool, str]] = {}
    for package in packages:
        modules |= _modules_of(package)
    data = base64.b64encode(zlib.compress(json.dumps(modules).encode(), 9)).decode()
    declaration, mark, rest = text.partition("\n# ///\n")
    return declaration + mark + PREAMBLE.replace("PACKED", data) + rest


def _modules_of(package: str) -> dict[str, tuple[bool, str]]:
    """Per module: whether it is a package, and its code."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no package {package}", name=package)
    if not spec.submodule_search_locations:
        return {package: (False, _code(Path(spec.origin)))}
    (folder,) = map(Path, spec.submodule_search_locations)
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = (package, *path.relative_to(folder).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        found[".".join(parts[:-1] if is_package else parts)] = (is_package, _code(path))
    return found


def _code(path: Path) -> str:
    """Compiled for the Python that runs this, which is the one that grades."""
    code = compile(path.read_text(encoding="utf-8"), path.name, "exec", dont_inherit=True, optimize=2)
    return base64.b64encode(marshal.dumps(code)).decode()
