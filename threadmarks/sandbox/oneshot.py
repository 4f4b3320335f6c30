"""The child's side of the plain rung: one process, one run, on its standard input and output.

Says that it is ready (one line on the wire: Python's version), reads the request to the end of its input, and runs it. The
wire keeps the first output under a private number; numbers 1 and 2 lead to the stray output from then on. Standard library
only, and only what every system has; what a system lacks (limits of resources) is left out: there, the judge's clock and its
limits of bytes are all there is.
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

from threadmarks.sandbox import engine

apply_limits: Callable[[Mapping[str, float]], None] | None = None
with contextlib.suppress(ImportError):  # not every system has it; imported here, because the kit is soon out of reach
    from threadmarks.sandbox.confine.limits import apply as apply_limits

ENGINE_FAILED = 97
"""As `frames.ENGINE_FAILED`; that module needs sockets that not every system has."""

_exit = os._exit  # the engine puts its own in the place of os._exit


def serve(package_parent: str, entry: str) -> NoReturn:
    """Load, say so, take the request, run it. Never returns."""
    wire = os.dup(1)
    os.dup2(2, 1)
    try:
        if sys.platform == "win32":  # there, a descriptor changes line ends unless it is told not to
            import msvcrt

            for descriptor in (0, wire):
                msvcrt.setmode(descriptor, os.O_BINARY)
        loaded = engine.load(package_parent, entry)
        read = os.read
        loaded.prepare()
        sys.dont_write_bytecode = True
        os.write(wire, b"%d.%d\n" % sys.version_info[:2])
        request = bytearray()
        while part := read(0, 1 << 18):
            request += part
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        if not request:
            _exit(0)  # the judge has no work for this one, or is gone
        decoded = json.loads(request)
        if apply_limits is not None:
            with contextlib.suppress(OSError, ValueError):  # a system may know a limit and not take it
                apply_limits(decoded["limits"])
        loaded.serve_run(decoded, wire)
    except BaseException:  # whatever it is, the judge must be told, and this process must end
        import traceback

        os.write(2, traceback.format_exc().encode(errors="replace"))
    finally:
        _exit(ENGINE_FAILED)
