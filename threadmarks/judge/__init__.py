"""The judge: runs a submission's scenarios in the sandbox, holds every expectation, and says what became of each check.

`grade_source` is the one way in. It is imported on first use, so that naming this package costs nothing.
"""

from typing import Any

__all__ = ["grade_source"]


def __getattr__(name: str) -> Any:
    if name == "grade_source":
        from threadmarks.judge.grade import grade_source

        return grade_source
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
