"""The name of a result: a digest of all that its verdict is a function of. The same name, the same verdict."""

import hashlib
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from threadmarks import __version__, content
from threadmarks.catalog import Exercise, foundations, read_content

_ROUNDS = 200_000
_SALT = b"threadmarks/batch/secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a batch's gradings hold to."""

    secret: str
    lowest: str  # the weakest rung accepted
    official: bool = True

    def __repr__(self) -> str:
        return f"Terms(lowest={self.lowest!r}, official={self.official})"  # never the secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The part of a result's name that is the grader's and not the submission's."""

    python: str
    digest: str

    def differs(self, other: "Kit") -> str:
        """In words, how a judge with this kit is not one with the other; "" when their verdicts are the same."""
        if self.python != other.python:
            return f"it runs {self.python}, and the machine that asks {other.python}"
        if self.digest != other.digest:
            return "its kit or its exercises are not those of the machine that asks"
        return ""


def kit(exercise: Exercise) -> Kit:
    """What this process would grade an exercise with."""
    return Kit(python=python_version(), digest=kit_digest(exercise))


def key(exercise: Exercise, text: str, terms: Terms) -> str:
    """The name of the result of `text` under these terms, in hexadecimal digits."""
    digest = hashlib.sha256()
    parts = (
        kit_digest(exercise),
        python_version(),
        exercise.id,
        _secret_digest(terms.secret),
        terms.lowest,
        str(terms.official),
    )
    for part in (*parts, text):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def python_version() -> str:
    """The Python that a verdict is one of, as far as verdicts hang on it."""
    return f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"


@lru_cache(maxsize=8)
def _secret_digest(secret: str) -> str:
    """Slow on purpose: a result's name may be seen, and must not serve to try secrets quickly."""
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), _SALT, _ROUNDS).hex()


@lru_cache(maxsize=64)
def kit_digest(exercise: Exercise) -> str:
    """The kit's version with a digest of its files, the exercise's, and the reference solutions that it builds on.

    A checkout changes without changing its version.
    """
    digest = hashlib.sha256(__version__.encode())
    folders = (content.PACKAGE, exercise.grader_folder, exercise.folder)
    for number, folder in enumerate(folders):
        for path in sorted(folder.rglob("*")):
            inner = path.relative_to(folder)
            if _counts(path, inner, whole=number > 0):
                digest.update(f"\0{number} {inner.as_posix()}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    for each in foundations(exercise):
        digest.update(f"\0{each.id}\0".encode() + hashlib.sha256(read_content(each.reference).encode()).digest())
    return digest.hexdigest()


def _counts(path: Path, inner: Path, *, whole: bool) -> bool:
    """Of the package its own code and templates (not the content that a wheel carries in it), of an exercise everything."""
    if "__pycache__" in inner.parts or inner.parts[0] == "_content" or not path.is_file():
        return False
    return whole or path.suffix in (".py", ".ini")
