"""Every construct of the policy's table is found on its line, and what only looks like it is left alone."""

import ast
from pathlib import Path

import pytest

from threadmarks import catalog, content
from threadmarks.authoring.wrong import declaration
from threadmarks.runner.constructs import KINDS, TABLE
from threadmarks.runner.source_policy import MOST_HITS, policy_hits


def searched(source, *, allowed=(), forbidden=(), reflection=True, replaceable=()):
    """The rows for a source."""
    policy = {
        "allowed_imports": list(allowed),
        "forbidden_imports": list(forbidden),
        "reflection": reflection,
        "may_replace": list(replaceable),
    }
    return policy_hits(ast.parse(source), policy)


def marked(source):
    """The lines that end with `# here`."""
    return sorted(number for number, line in enumerate(source.splitlines(), 1) if line.endswith("# here"))


HITS = [
    ("engine", "import threadmarks  # here"),
    ("engine", "import threadmarks.runner.baton  # here"),
    ("engine", "from threadmarks.runner import originals  # here"),
    ("engine", "from threadmarks import runner  # here"),
    ("engine", "import threadmarks.prelude\nprint(threadmarks.runner.baton.active)  # here"),
    ("engine", "f = __preemption_point__  # here"),
    ("interpreter", "import ctypes  # here"),
    ("interpreter", "from ctypes import util as u  # here"),
    ("interpreter", "def f():\n    import gc  # here\n    gc.collect()"),
    ("interpreter", "import _thread as t  # here"),
    ("interpreter", "__import__('_thread')  # here"),
    ("interpreter", "import importlib\nimportlib.import_module('_xxsubinterpreters')  # here"),
    ("interpreter", "import threading as th\nth._start_new_thread(print, ())  # here"),
    ("objects-from-bytes", "import pickle  # here"),
    ("objects-from-bytes", "from marshal import loads  # here"),
    ("frames", "import sys\nsys._getframe(1)  # here"),
    ("frames", "from sys import _getframe as g  # here"),
    ("frames", "import sys as s\nwho = s\nwho._current_frames()  # here"),
    ("frames", "import sys\ngetattr(sys, '_getframe')(1)  # here"),
    ("frames", "import sys\ngetattr(sys, '_get' + 'frame')(1)  # here"),
    ("frames", "from inspect import *\ndef f():\n    return currentframe()  # here"),
    ("frames", "import inspect\ninspect.stack()  # here"),
    ("frames", "import traceback\nfor f, n in traceback.walk_stack(None):  # here\n    pass"),
    ("frames", "try:\n    x\nexcept Exception as e:\n    e.__traceback__.tb_frame  # here"),
    ("frames", "def f(gen):\n    return gen.gi_frame.x  # here"),
    ("frames", "def f(t):\n    return getattr(t, 'tb_frame')  # here"),
    ("frames", "def f(t):\n    return getattr(t, 'tb_' + 'frame')  # here"),
    ("frames", "from operator import attrgetter\nget = attrgetter('tb_frame.x')  # here"),
    ("frames", "def f(e):\n    return '{0.tb_frame}'.format(e)  # here"),
    ("frames", "def f(e):\n    match e:\n        case object(f_back=b):  # here\n            return b"),
    ("function-insides", "def f(e):\n    match e:\n        case object(__globals__=b):  # here\n            return b"),
    ("frames", "from operator import attrgetter\nget = attrgetter('a', 'x.f_back')  # here"),
    ("tracing", "import sys\nsys.settrace(print)  # here"),
    ("tracing", "import threading\nthreading.setprofile(print)  # here"),
    ("tracing", "import sys\nm = sys.monitoring  # here\nm.use_tool_id(1, 'x')"),
    ("function-insides", "def f(job):\n    return job.__globals__  # here"),
    ("function-insides", "def f(job):\n    return job.__closure__[0]  # here"),
    ("function-insides", "def f(cell):\n    cell.cell_contents = 1  # here"),
    ("reachable-objects", "object.__subclasses__()  # here"),
    ("builtins-namespace", "print(__builtins__)  # here"),
    ("loaded-modules", "import sys\nsys.modules['time'] = None  # here"),
    ("loaded-modules", "import sys\nfor name in sys.modules:  # here\n    pass"),
    ("module-namespace", "import time\nvars(time)['sleep'] = None  # here"),
    ("module-namespace", "import time\ntime.__dict__['sleep']  # here"),
    ("replaced", "import time\ntime.sleep = print  # here"),
    ("replaced", "import time as t\ndef f():\n    del t.sleep  # here"),
    ("replaced", "from threading import Thread\nThread.start = print  # here"),
    ("replaced", "import threading\nT = threading.Thread\nT.run = print  # here"),
    ("replaced", "import threading\nsetattr(threading, 'Lock', None)  # here"),
    ("replaced", "import threading\nsetattr(threading.Lock, name(), None)  # here"),
    ("replaced", "import threading\ntype.__setattr__(threading.Thread, 'start', None)  # here"),
    ("replaced", "import builtins\nbuiltins.print = None  # here"),
    ("replaced", "import time\nx, time.sleep = 1, 2  # here"),
    ("replaced", "from unittest import mock\nmock.patch('time.sleep')  # here"),
    ("replaced", "from unittest.mock import patch\nimport time\npatch.object(time, 'sleep')  # here"),
    ("code-assigned", "def f(job):\n    job.__code__ = f.__code__  # here"),
    ("code-assigned", "def f(job, code):\n    setattr(job, '__code__', code)  # here"),
    ("computed-import", "__import__(name)  # here"),
    ("computed-import", "import importlib\nimportlib.import_module('_thr' + end)  # here"),
    ("computed-import", "import importlib\nimportlib.reload(x)  # here"),
    ("computed-attribute", "def f(x, name):\n    return getattr(x, name)  # here"),
    ("computed-attribute", "def f(x, name):\n    return getattr(x, name[::-1], None)  # here"),
    ("computed-attribute", "getattr(x, f'tb_{kind}')  # here"),
    ("computed-attribute", "import builtins\nbuiltins.getattr(x, name)  # here"),
    ("computed-attribute", "look = getattr  # here\nlook(x, 'a')"),
    ("computed-attribute", "values = list(map(getattr, things, names))  # here"),
    ("computed-attribute", "import builtins\nlook = builtins.getattr  # here"),
    ("computed-attribute", "getattr(*pair)  # here"),
    ("computed-attribute", "setattr(x, 'a' + name, 1)  # here"),
    ("computed-attribute", "delattr(x, name)  # here"),
    ("computed-attribute", "from operator import attrgetter\nget = attrgetter('a', name)  # here"),
    ("computed-attribute", "import operator as o\nget = o.attrgetter(*names)  # here"),
    ("computed-attribute", "from operator import methodcaller\ncall = methodcaller(name, 'a')  # here"),
    ("computed-attribute", "x.__getattribute__('a')  # here"),
    ("computed-attribute", "look = object.__getattribute__  # here"),
    ("computed-attribute", "from operator import methodcaller\ncall = methodcaller('__getattribute__', 'a')  # here"),
    ("computed-attribute", "super().__getattr__(name)  # here"),
    ("run-text", "exec('x = 1')  # here"),
    ("run-text", "run = eval  # here\nrun('1')"),
    ("run-text", "import builtins\nbuiltins.compile('1', 'x', 'eval')  # here"),
    ("processes", "import os\nos.fork()  # here"),
    ("processes", "from os import system  # here\nsystem('ls')"),
    ("processes", "import os\nos._exit(0)  # here"),
    ("descriptors", "import os\nos.write(3, b'x')  # here"),
    ("descriptors", "f = open(3, 'w')  # here"),
    ("descriptors", "f = open(int('3'), 'w')  # here"),
    ("descriptors", "f = open(mode='w', file=3)  # here"),
    ("descriptors", "import io\nf = io.open(3)  # here"),
    ("system-files", "open('/proc/self/maps')  # here"),
    ("system-files", "import os\nos.listdir('/proc' + '/self/fd')  # here"),
]

NEAR_MISSES = {
    "engine": [
        "import threadmarks.prelude",
        "from threadmarks.prelude import JoinError",
        "from threadmarks import prelude",
        "import threadmarks.prelude\nthreadmarks.prelude.JoinError(ValueError())",
        "import threadmarks_notes",
    ],
    "interpreter": ["import threading\nthreading.Thread(target=print)", "ctypes = gc = 1", "self._thread = 1"],
    "objects-from-bytes": ["import json\njson.loads('{}')", "pickle = 'a cucumber'"],
    "frames": [
        "import inspect\ninspect.iscoroutinefunction(print)\ninspect.signature(print)\ninspect.isgenerator(1)",
        "import inspect\ninspect.getgeneratorstate(g)",
        "import traceback\ntraceback.print_exc()\ntraceback.format_exc()\ntraceback.extract_stack()",
        "import sys\nsys.exc_info()",
        "def ended(gen):\n    return gen.gi_frame is None",
        "def f(error):\n    return error.with_traceback(error.__traceback__.tb_next)",
        '"""A docstring may speak of tb_frame, f_back and /proc."""',
        "def f():\n    'of sys._getframe and f_back, too'",
        "print('frame f_backwards')",
        "def stack(): ...\nstack()",
    ],
    "tracing": [
        "import sys\nsys.setswitchinterval(1e-6)\nsys.setrecursionlimit(5000)",
        "class Tracer:\n    def settrace(self, f): ...\nTracer().settrace(1)",
        "def settrace(): ...\nsettrace()",
    ],
    "function-insides": ["print(f.__name__, f.__doc__, f.__qualname__, f.__wrapped__)", "f.__defaults__", "globals()"],
    "reachable-objects": ["class A: ...\nprint(A.__mro__, A.__bases__, A.__class__)"],
    "builtins-namespace": ["import builtins\nbuiltins.print(1)", "__name__ == '__main__'"],
    "loaded-modules": ["import sys\nsys.modules[__name__]", "modules = {}\nmodules['time'] = 1", "self.modules = []"],
    "module-namespace": ["vars()", "vars(self)['x'] = 1", "self.__dict__.update(a=1)"],
    "replaced": [
        "import threading\nthreading.excepthook = print",
        "import sys\nsys.excepthook = print\nsys.stderr = sys.stdout",
        "import threading\nthreading.current_thread().name = 'x'",
        "import queue\nclass Pool:\n    def __init__(self, queue):\n        queue.owner = self",
        "import queue\nqueue = queue.Queue()\nqueue.owner = 1",
        "import threading\nclass Worker(threading.Thread): ...\nWorker.daemon = True",
        "import time\ndef f():\n    for time in range(3):\n        time.x = 1",
        "import time\nf = lambda time: setattr(time, 'x', 1)",
        "import time\n[setattr(time, 'x', 1) for time in []]",
        "from dataclasses import dataclass\nobject.__setattr__(self, 'x', 1)\nsetattr(self, 'x', 1)",
        "import threading\nlocal = threading.local()\nlocal.x = 1",
        "import threading\ndef f():\n    global threading\n    threading = object()\n    threading.x = 1",
        "try:\n    x()\nexcept Exception as error:\n    error.seen = True",
        "import os\nos.environ['A'] = 'b'",
        "def f(mock):\n    mock.patch('time.sleep')",
    ],
    "code-assigned": ["print(f.__code__.co_argcount)", "self.code = 1"],
    "computed-import": ["import importlib\nimportlib.import_module('queue')", "__import__('queue')"],
    "computed-attribute": [
        "getattr(x, 'name')",
        "getattr(x, 'na' + 'me', None)",
        "getattr(x, 'na' 'me')",
        "setattr(self, 'x', value)\ndelattr(self, 'x')",
        "hasattr(x, name)",
        "def getattr(x, name): ...\ngetattr(x, y)\nlook = getattr",
        "def f(x, getattr):\n    return getattr(x, y)",
        "config.getattr(section, name)",
        "from operator import attrgetter, itemgetter\nattrgetter('deadline', 'task.number')\nitemgetter(place)",
        "from operator import methodcaller\nmethodcaller('close', argument)",
        "class A:\n    def __getattr__(self, name):\n        raise AttributeError(name)",
        "class A:\n    def __getattribute__(self, name):\n        return 1",
        "def f(e):\n    match e:\n        case Frame(back=b, locals=c):\n            return b",
    ],
    "run-text": [
        "import re\nre.compile('x')",
        "from re import compile\ncompile('x')",
        "def exec(job): ...\nexec(1)",
        "class A:\n    def f(self):\n        self.eval()\n        pool.exec(1)",
    ],
    "processes": ["import os\nos.cpu_count()\nos.getpid()\nos.path.join('a', 'b')", "import sys\nsys.exit()", "exit()"],
    "descriptors": [
        "import os\nos.write(1, b'x')\nos.write(2, b'x')",
        "import sys\nsys.stdout.write('x')",
        "open('notes.txt')",
        "open(path)\nopen(folder / 'notes.txt')\nopen(name())\nopen(str(number))",
        "def int(text): ...\nopen(int('notes'))",
        "pool.open(3)",
        "f.write('x')\nf.close()",
    ],
    "system-files": ["print('see the /proc folder')", "open('proc/x')", "'/process'[1:]"],
}


@pytest.mark.parametrize(("construct", "source"), HITS)
def test_a_construct_is_found_on_its_line(construct, source):
    """However it is spelled, and nothing else is found beside it."""
    assert sorted((kind, line) for kind, _, line in searched(source)) == [(construct, line) for line in marked(source)]


@pytest.mark.parametrize(
    ("construct", "source"), [(construct, source) for construct, sources in NEAR_MISSES.items() for source in sources]
)
def test_what_only_looks_like_a_construct_is_left_alone(construct, source):
    """Half of the points hang on it: honest code must not be accused for a name."""
    assert searched(source) == []


def test_every_construct_has_a_hit_and_a_near_miss():
    """A row of the table that nothing tests may match nothing, or everything."""
    names = {construct.name for construct in TABLE}
    assert {construct for construct, _ in HITS} == names == set(NEAR_MISSES)
    assert len(names) == len(TABLE)
    assert all(construct.why.endswith(".") and construct.why.count(".") >= 1 for construct in TABLE)


EVERY_NAME = [
    *((construct.name, f"import {module}") for construct in TABLE for module in sorted(construct.modules)),
    *(
        (construct.name, f"import {path.split('.')[0]}\n{path}")
        for construct in TABLE
        for path in sorted(construct.paths)
    ),
    *((construct.name, f"x.{name}") for construct in TABLE for name in sorted(construct.attributes)),
    *((construct.name, name) for construct in TABLE for name in sorted(construct.names)),
    *((construct.name, f"x = '{opening}'") for construct in TABLE for opening in construct.openings),
]


@pytest.mark.parametrize(("construct", "source"), EVERY_NAME)
def test_every_name_of_the_table_is_found(construct, source):
    """In the plainest spelling."""
    assert [(kind, line) for kind, _, line in searched(source)] == [(construct, len(source.splitlines()))]


def test_nothing_is_searched_for_where_reflection_is_allowed():
    """Imports still are."""
    source = "import sys\nsys.settrace(print)\nimport gc\n"
    assert searched(source, reflection=False, forbidden=["gc"]) == [["forbidden-import", "import of gc", 3]]


@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("import concurrent.futures", True),
        ("import concurrent.futures.thread as t", True),
        ("from concurrent import futures", True),
        ("from concurrent import futures as f", True),
        ("from concurrent.futures import ThreadPoolExecutor", True),
        ("def f():\n    from concurrent.futures.thread import x", True),
        ("__import__('concurrent.futures')", True),
        ("import importlib\nimportlib.import_module('concurrent.futures')", True),
        ("from importlib import import_module\nimport_module('concurrent.futures.thread')", True),
        ("import concurrent", False),
        ("import concurrent.futuresque", False),
        ("from concurrent import other", False),
        ("from .concurrent import futures", False),
        ("x = 'concurrent.futures'", False),
        ("print('concurrent.futures')", False),
        ("__import__(name)", False),
    ],
)
def test_a_forbidden_import_is_found_however_it_is_written(line, hit):
    """With literal names; one put together at run time is not."""
    expected = [["forbidden-import", "import of concurrent.futures", len(line.splitlines())]] if hit else []
    assert searched(line, forbidden=["concurrent.futures"], reflection=False) == expected


@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("import socket", "import of socket"),
        ("from socket import create_connection", "import of socket"),
        ("import unittest", "import of unittest"),
        ("__import__('socket')", "import of socket"),
        ("import multiprocessing.pool", "import of multiprocessing.pool"),
        ("import threading, queue", ""),
        ("import collections.abc", ""),
        ("from collections.abc import Callable", ""),
        ("from unittest import mock", ""),
        ("import unittest.mock as m", ""),
        ("from __future__ import annotations", ""),
        ("from threadmarks.prelude import JoinError", ""),
        ("import numpy", ""),  # no module of the standard library: that import fails by itself, and is told as such
        ("from . import socket", ""),
    ],
)
def test_an_import_outside_of_the_list_is_found(line, hit):
    """Only where there is a list."""
    allowed = ["threading", "queue", "collections", "unittest.mock"]
    expected = [["unlisted-import", hit, 1]] if hit else []
    assert searched(line, allowed=allowed) == expected
    assert searched(line) == []


def test_one_import_is_one_hit():
    """Forbidden, unlisted and a construct at once: the exercise's own word comes first."""
    found = searched("import gc", allowed=["queue"], forbidden=["gc"])
    assert found == [["forbidden-import", "import of gc", 1]]
    assert searched("import gc", allowed=["queue"]) == [["interpreter", "import of gc", 1]]


def test_the_first_line_of_each_thing_is_given_and_not_too_many():
    """A report of a hundred lines would not be read."""
    assert searched("eval('1')\nexec('1')\neval('2')\n") == [["run-text", "eval", 1], ["run-text", "exec", 2]]
    many = "import time\n" + "".join(f"time.a{number} = 1\n" for number in range(100))
    assert [line for _, _, line in searched(many)] == list(range(2, 2 + MOST_HITS))


def test_what_may_be_replaced_may_be_replaced():
    """ex00 is about wrapping `Thread.start`; that does not allow it to wrap anything else."""
    source = (
        "import threading, time\nfrom unittest import mock\nthreading.Thread.start = 1\nmock.patch.object(threading.Thread, 'run')\n"
        "vars(threading.Thread)\nmock.patch('threading.Thread.start')\nthreading.Lock = 1\n"
    )
    assert searched(source, replaceable=["threading.Thread"]) == [["replaced", "a change of threading.Lock", 7]]


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "+".join(["'a'"] * 900),
        "a = a\n" * 3000,
        "".join(f"a{number} = a{number + 1}\n" for number in range(3000)) + "a0.x = 1",
        "x = a" + ".b" * 500,
        "import time\n" + "time = time.time\n" * 3000 + "time.x = 1",
        "f(" * 80 + ")" * 80,
    ],
)
def test_an_odd_source_is_searched_all_the_same(source):
    """Deep, long and circular ones: no recursion, no explosion."""
    assert searched(source) == []


CONTENT = [
    (exercise, path)
    for exercise in catalog.load()
    for path in (exercise.stub, exercise.reference, *exercise.alternatives, *exercise.wrong)
]


@pytest.mark.parametrize(("exercise", "path"), CONTENT, ids=[str(path.name) for _, path in CONTENT])
def test_no_file_of_ours_is_accused(exercise, path):
    """They are written as students write; those that a policy hits would be students. A wrong one may declare what it breaks."""
    policy = exercise.meta.policy
    text = path.read_text(encoding="utf-8")
    found = searched(
        text,
        allowed=policy.allowed_imports,
        forbidden=policy.forbidden_imports,
        reflection=policy.reflection == "forbidden",
        replaceable=policy.may_replace,
    )
    declared = declaration(text, str(path)).policy if path in exercise.wrong else ()
    assert sorted(told for _, told, _ in found) == sorted(declared)


@pytest.mark.parametrize(
    "path", sorted(Path(content.PACKAGE.parent, "tests/adapters").glob("ex*.py")), ids=lambda path: path.stem
)
def test_a_library_behind_an_adapter_is_no_reflection(path):
    """What an adapter imports may be forbidden; how it is written is not."""
    assert searched(path.read_text(encoding="utf-8")) == []


def test_every_kind_is_known():
    """The judge refuses any other."""
    assert {"forbidden-import", "unlisted-import"} < KINDS
