#: exercise = "ex01"
#: builds_on = ["ex00"]
#: tries = "to read the source of the reference solution that it is built upon"
#: stopped_by = ["opaque reference", "file system view", "landlock", "source policy"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = "all"
#: must.codes = ["not-implemented"]
#: must.flag = ["policy"]
import gc
import inspect
import linecache
import os
import re
import sys

import ex00
from ex00 import ThreadCensus, run_in_order


def done(what):
    """Own up to what succeeded: the harness looks for this in everything that leaves the process."""
    os.write(1, f"@DONE@ {what}\n".encode())


def looked(what, text):
    if text and "def " in str(text):
        done(f"read {what}: {str(text)[:200]}")


for thing in (ex00, ThreadCensus, run_in_order):
    try:
        looked("by inspect", inspect.getsource(thing))
    except (OSError, TypeError):
        pass
    if thing.__doc__:
        done(f"read the words of {thing}: {thing.__doc__}")
    looked("a comment", inspect.getcomments(thing))
for name, lines in list(linecache.cache.items()):
    if "ex00" in name:
        done(f"read the lines of {name}: {lines}")
for name in (ex00.__file__, "ex00.py", "@ROOT@/solutions/ex00_one_thread/ex00.py"):
    try:
        with open(name) as file:
            looked(name, file.read())
    except (OSError, ValueError):
        pass
loader = getattr(ex00, "__loader__", None)
if hasattr(loader, "get_source"):
    looked("by the loader", loader.get_source("ex00"))
words = re.compile(r"def\s+run_in_order\(jobs")  # which does not find itself
frame = sys._getframe()
while frame is not None:
    for value in list(frame.f_locals.values()):
        if words.search(str(value)):
            done("read it among the engine's own values")
    frame = frame.f_back
for thing in gc.get_objects():
    if type(thing) in (str, bytes, dict, list, tuple) and words.search(str(thing)[:1_000_000]):
        done("read it among all objects")
if any(True for _ in run_in_order.__code__.co_lines() if _[2] not in (None, 1)):
    done("read its lines' numbers")


class JoinHandle:
    def join(self, timeout=None):
        raise NotImplementedError

    def is_finished(self):
        raise NotImplementedError


class scope:
    def __enter__(self):
        raise NotImplementedError

    def __exit__(self, *exc):
        raise NotImplementedError

    def spawn(self, f, *args, **kw):
        raise NotImplementedError


def spawn(f, *args, name=None, **kw):
    raise NotImplementedError


def join_all(handles):
    raise NotImplementedError
