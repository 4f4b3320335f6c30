"""The plain programs of `fake_entry`, in runners that are forked as on a kernel that does not tell where thread ids lie."""

from tests.sandbox.fake_entry import prepare, serve_run
from threadmarks.sandbox.confine import libc

__all__ = ["prepare", "serve_run"]

libc.CAN_FORK_SIBLINGS = False
