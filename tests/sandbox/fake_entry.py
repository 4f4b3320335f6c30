"""A stand-in for the engine: runs a request's `source` as a plain program, with the wire's descriptor as `WIRE`."""

import os
from typing import Any, NoReturn


def prepare() -> None:
    """Nothing to prepare."""


def serve_run(request: dict[str, Any], out_fd: int) -> NoReturn:
    """Execute the source; end the process as the engine does, without running any clean-up."""
    exec(compile(request["source"], "student.py", "exec"), {"WIRE": out_fd, "__name__": "student"})
    os._exit(0)
