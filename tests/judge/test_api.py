"""What a stub promises, and whether a submission keeps it: read from syntax on one side, from objects on the other."""

import types

import pytest

from threadmarks.errors import AuthoringError
from threadmarks.judge.stub_api import api_entries
from threadmarks.runner.introspect import api_problems

STUB = """
T = 1
def spawn(f, *args, name=None, **kw): ...
def _helper(): ...
class Pool:
    size: int
    def __init__(self, size: int, name: str = "worker") -> None: ...
    @property
    def panics(self): ...
    @staticmethod
    def default(): ...
    def close(self): ...
    def __exit__(self, kind, error, trace): ...
    def _private(self): ...
"""


def problems(source: str, stub: str = STUB) -> list[tuple[str, str]]:
    """(kind, name) of each problem that a submission has with a stub."""
    module = types.ModuleType("submission")
    exec(compile(source, "submission.py", "exec"), module.__dict__)
    rows = [
        [entry.name, entry.is_class, entry.signature, [list(row) for row in entry.parameters]]
        for entry in api_entries(stub, "stub.py")
    ]
    return [(row[0], row[1]) for row in api_problems(module, rows)]


def test_public_callables_are_promised_and_nothing_else() -> None:
    """Attributes and properties show only in a run."""
    assert [(entry.name, entry.signature) for entry in api_entries(STUB, "stub.py")] == [
        ("spawn", "spawn(f, *args, name=None, **kw)"),
        ("Pool", "class Pool"),
        ("Pool.__init__", "Pool.__init__(size, name='worker')"),
        ("Pool.default", "Pool.default()"),
        ("Pool.close", "Pool.close()"),
        ("Pool.__exit__", "Pool.__exit__(kind, error, trace)"),
    ]


def test_parameters_tell_kind_and_whether_they_are_required() -> None:
    """As `inspect` names them."""
    (entry,) = api_entries("def f(a, /, b, c=1, *args, d, e=2, **kw): ...", "stub.py")
    assert entry.parameters == (
        ("a", "POSITIONAL_ONLY", True),
        ("b", "POSITIONAL_OR_KEYWORD", True),
        ("c", "POSITIONAL_OR_KEYWORD", False),
        ("args", "VAR_POSITIONAL", False),
        ("d", "KEYWORD_ONLY", True),
        ("e", "KEYWORD_ONLY", False),
        ("kw", "VAR_KEYWORD", False),
    )


def test_a_stub_that_is_not_python_is_an_authoring_error() -> None:
    """With the line."""
    with pytest.raises(AuthoringError, match=r"stub\.py: line 1"):
        api_entries("def f(:", "stub.py")


COMPLETE = """
def spawn(f, *args, name=None, **kw): ...
class Pool:
    def __init__(self, size, name="worker"): ...
    @staticmethod
    def default(): ...
    def close(self): ...
    def __exit__(self, *exc): ...
"""


@pytest.mark.parametrize(
    "source",
    [
        COMPLETE,
        COMPLETE.replace("def spawn(f,", "def spawn(func, /,"),  # nobody can name it: *args stands behind it
        COMPLETE.replace('name="worker"', 'name="worker", extra=1, *more, other=2'),
        COMPLETE.replace("def close(self)", "def close(self, extra=None, *, other=1)"),
        COMPLETE.replace("    def close(self): ...", "    close = lambda self: None"),
        COMPLETE.replace("    def close(self): ...", "    @classmethod\n    def close(cls): ..."),
        "class Base:\n    def close(self): ...\n"
        + COMPLETE.replace("class Pool:", "class Pool(Base):").replace("    def close(self): ...\n", ""),
        "import functools\n" + COMPLETE + "\nspawn = functools.partial(lambda tag, f, *a, name=None, **k: 0, 'x')\n",
        COMPLETE.replace('(self, size, name="worker")', "(self, *args, **kw)"),
    ],
)
def test_whatever_a_caller_cannot_tell_apart_is_accepted(source: str) -> None:
    """Lenient: the API is what can be called, not how it is spelt."""
    assert problems(source) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", [("missing", "spawn"), ("missing", "Pool")]),
        ("Pool = spawn = 1", [("not-callable", "spawn"), ("not-callable", "Pool")]),
        (COMPLETE.replace("    def close(self): ...\n", ""), [("missing", "Pool.close")]),
        (COMPLETE.replace("def close(self)", "def close()"), [("signature", "Pool.close")]),
        (COMPLETE.replace("def close(self)", "def close(self, now)"), [("signature", "Pool.close")]),
        (COMPLETE.replace("size, name=", "size, label="), [("signature", "Pool.__init__")]),
        (COMPLETE.replace('self, size, name="worker"', "self, size"), [("signature", "Pool.__init__")]),
        (COMPLETE.replace("name=None, ", ""), []),  # **kw takes it
        (COMPLETE.replace("*args, name", "name"), [("signature", "spawn")]),
        (COMPLETE.replace(", **kw", ""), [("signature", "spawn")]),
        (COMPLETE.replace('    def __init__(self, size, name="worker"): ...\n', ""), [("signature", "Pool.__init__")]),
        (COMPLETE.replace("(self, *exc)", "(self)"), [("signature", "Pool.__exit__")]),
        (COMPLETE + "\ndef Pool(size, name='worker'): ...", [("not-callable", "Pool")]),
    ],
)
def test_what_a_caller_would_stumble_over_is_a_problem(source: str, expected: list[tuple[str, str]]) -> None:
    """One row a name; the methods of a missing class are not listed again."""
    assert problems(source) == expected


TRICKS = """
class Angry:
    @property
    def __signature__(self): raise SystemExit
    def __call__(self): ...
class Liar:
    __signature__ = 42
    def __call__(self): ...
class Loud(type):
    def __getattribute__(cls, name): raise RuntimeError(name)
class Shy(metaclass=Loud):
    pass
"""


@pytest.mark.parametrize("trick", ["Angry()", "Liar()"])
def test_a_signature_that_plays_tricks_is_no_problem_and_no_crash(trick: str) -> None:
    """Then it cannot be told; a run will."""
    assert problems(TRICKS + f"f = {trick}\n", "def f(a): ...") == []


def test_a_class_that_hides_from_lookups_is_looked_at_statically() -> None:
    """Nothing of the submission's runs for it."""
    assert problems(TRICKS, "class Shy:\n    def close(self): ...") == [("missing", "Shy.close")]


def test_a_problem_tells_what_was_seen_without_asking_a_default_for_its_text() -> None:
    """A default's `__repr__` is the submission's code."""
    module = types.ModuleType("submission")
    source = "class Bad:\n    def __repr__(self): raise SystemExit\ndef f(b=Bad()): ...\n"
    exec(compile(source, "submission.py", "exec"), module.__dict__)
    rows = [["f", False, "f(a)", [["a", "POSITIONAL_OR_KEYWORD", True]]]]
    assert api_problems(module, rows) == [["signature", "f", "f(a)", "f(b)", 3]]
