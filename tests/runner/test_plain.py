"""The plain runner: no patches, calls to the judge from any number of threads, and no thread of its own."""

import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from threadmarks import wire
from threadmarks.runner import plain_line
from threadmarks.sandbox import template
from threadmarks.sandbox.host import PLAIN_ENTRY, Host, RawRun, Witness

NET_S = 30.0


class Judge:
    """The other end of a line; a test decides when which call is answered."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._end.settimeout(NET_S)

    def take(self) -> tuple[int, str, Any]:
        number, name, value = json.loads(self._end.recv(1 << 16))
        return number, name, value

    def answer(self, number: int, value: Any = None) -> None:
        self._end.send(json.dumps([number, value]).encode())


class Nobody:
    """An observer that does not look."""

    def started(self, pid: int) -> None:
        """Nothing to do."""


@pytest.fixture(scope="module")
def plain_host() -> Iterator[Host]:
    """A host whose runs are plain ones."""
    with Host(1, entry=PLAIN_ENTRY) as running:
        yield running


Begin = Callable[..., tuple[Judge, "Future[RawRun]"]]


@pytest.fixture
def begin(plain_host: Host) -> Iterator[Begin]:
    """`begin(scenario, source)`: a run that has loaded its file, and the judge's end of its line."""
    ends = []
    with ThreadPoolExecutor(1) as pool:

        def start(scenario: str, source: str = "") -> tuple[Judge, "Future[RawRun]"]:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ends.extend((ours, theirs))
            request = wire.RunRequest(
                version=wire.WIRE_VERSION,
                nonce="",
                module="ex99",
                source=source,
                scenario_source=scenario,
                scenario="scenario",
                schedules=(),
                full=False,
                input_seed=0,
                limits=wire.Limits(),
            )
            run = pool.submit(plain_host.run, request, None, Witness(line=theirs.fileno(), observer=Nobody()))
            return Judge(ours), run

        yield start
        for end in ends:
            end.close()


def test_the_line_is_where_the_sandbox_puts_it() -> None:
    """The runner may not import the sandbox; the number is written twice."""
    assert plain_line.LINE_FD == template.LINE_FD


def test_nothing_is_patched_but_the_number_of_cores(begin: Begin) -> None:
    """A file that looks finds the primitives of the interpreter, and no points in its code. Both accounts have the same cores."""
    scenario = """
def scenario(student, probe):
    import os, threading, time, _thread
    probe.call("types", [type(threading.Lock()).__module__, type(time.sleep).__name__, threading.active_count()])
    probe.call("cores", os.cpu_count())
    probe.call("names", list(student.f.__code__.co_names))
"""
    judge, run = begin(scenario, "def f():\n    time.sleep(0)\n")
    number, name, _ = judge.take()
    assert name == plain_line.BEGIN
    judge.answer(number)
    number, name, value = judge.take()
    assert (name, value) == ("types", ["_thread", "builtin_function_or_method", 1])
    judge.answer(number)
    number, name, value = judge.take()
    assert (name, value) == ("cores", 4)
    judge.answer(number)
    number, name, value = judge.take()
    assert (name, value) == ("names", ["time", "sleep"])
    judge.answer(number)
    number, name, _ = judge.take()
    assert name == plain_line.RETURNED
    judge.answer(number)
    raw = run.result(NET_S)
    assert raw.exit_code == 0
    assert raw.tasks in (None, 1)  # the one that said that the file is loaded


def test_calls_are_answered_in_any_order(begin: Begin) -> None:
    """Twenty threads wait at once; each gets its own answer, whoever reads the line."""
    scenario = """
def scenario(student, probe):
    import threading
    got = {}
    def ask(name):
        got[name] = [probe.call("ask", name), probe.call("again", name)]
    threads = [threading.Thread(target=ask, args=(str(n),)) for n in range(20)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    probe.call("got", got)
"""
    judge, run = begin(scenario)
    judge.answer(judge.take()[0])
    calls = [judge.take() for _ in range(20)]
    assert sorted(value for _, _, value in calls) == sorted(map(str, range(20)))
    for number, _, value in [*calls[1::2], *reversed(calls[::2])]:
        judge.answer(number, f"for {value}")
    for _ in range(20):
        number, name, value = judge.take()
        assert name == "again"
        judge.answer(number, f"again for {value}")
    number, _, got = judge.take()
    assert got == {str(n): [f"for {n}", f"again for {n}"] for n in range(20)}
    judge.answer(number)
    judge.answer(judge.take()[0])
    assert run.result(NET_S).exit_code == 0


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise KeyError('no')", ["KeyError", "'no'"]),
        ("def f(:", ["SyntaxError", "invalid syntax (ex99.py, line 1)"]),
        ("exit(3)", ["SystemExit", "3"]),
    ],
)
def test_an_exception_is_told(begin: Begin, source: str, told: list[str]) -> None:
    """Also one that leaves the import."""
    judge, run = begin("def scenario(student, probe): pass", source)
    number, name, value = judge.take()
    assert (name, value) == (plain_line.RAISED, told)
    judge.answer(number)
    assert run.result(NET_S).exit_code == 0


def test_the_run_ends_when_the_judge_hangs_up(begin: Begin) -> None:
    """Nobody would ever answer."""
    judge, run = begin("def scenario(student, probe):\n    probe.call('held')\n")
    judge.answer(judge.take()[0])
    assert judge.take()[1] == "held"
    judge._end.close()
    assert run.result(NET_S).exit_code == 0


def test_a_line_is_read_by_one_thread_at_a_time() -> None:
    """In this process: many threads, answers in random order, none lost; the reading is passed on."""
    threads, turns = 8, 50
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line = plain_line.Line(theirs.fileno())
    judge = Judge(ours)
    got: dict[int, list[Any]] = {}

    def ask(thread: int) -> None:
        got[thread] = [line.call("ask", [thread, turn]) for turn in range(turns)]

    asking = [threading.Thread(target=ask, args=(thread,), daemon=True) for thread in range(threads)]
    for thread in asking:
        thread.start()
    chance = random.Random(7)
    held: list[tuple[int, Any]] = []
    at_work, answered = threads, 0
    while answered < threads * turns:
        if len(held) < at_work:
            number, _, value = judge.take()
            held.append((number, value))
        while held and (len(held) == at_work or chance.random() < 0.5):
            number, value = held.pop(chance.randrange(len(held)))
            judge.answer(number, value)
            answered += 1
            at_work -= value[1] == turns - 1
    for thread in asking:
        thread.join(NET_S)
    assert got == {thread: [[thread, turn] for turn in range(turns)] for thread in range(threads)}
    ours.close()
    theirs.close()
