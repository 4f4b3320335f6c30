"""What one schedule leaves behind, the next does not see; and what the record takes."""

import pytest

from threadmarks import wire

CHANGES = {
    "globals": ("seen.append(1); return len(seen)", 1),
    "thread names": ("t = threading.Thread(); return t.name", "Thread-1"),
    "environment": ("old = os.environ.get('X', ''); os.environ['X'] = 'set'; return old", ""),
    "random numbers": ("return random.random()", 0.8444218515250481),
    "logging": (
        "logging.getLogger().setLevel(0); logging.basicConfig(); old = len(logging.getLogger().handlers); return old",
        1,
    ),
    "hooks": ("old = threading.excepthook.__name__; threading.excepthook = print; return old", "_excepthook"),
    "recursion limit": ("old = sys.getrecursionlimit(); sys.setrecursionlimit(500); return old", 1000),
    "contextvars": ("old = var.get('none'); var.set('set'); return old", "none"),
    "thread count": ("threading.Thread(target=threading.Event().wait).start(); return threading.active_count()", 2),
}
SOURCE = """
import contextvars, logging, os, random, sys, threading
seen = []
var = contextvars.ContextVar("var")

def change():
    {body}
"""


@pytest.mark.parametrize(("body", "wanted"), CHANGES.values(), ids=CHANGES.keys())
def test_each_schedule_starts_afresh(play_all, body, wanted):
    """Otherwise the second schedule of a file would be judged by what the first one did."""
    messages = play_all(SOURCE.format(body=body), "change()", "block", "random.s1", "block", full=False)
    values = [message.value for message in messages if isinstance(message, wire.ScheduleTrace)]
    assert values == [wanted] * 3


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("[None, True, 1, 1.5, 'a', (1, 2), {'k': [1]}]", [None, True, 1, 1.5, "a", [1, 2], {"k": [1]}]),
        ("object()", {"type": "object"}),
        ("type('Int', (int,), {})(5)", {"type": "Int"}),
        ("type('Str', (str,), {})('5')", {"type": "Str"}),
        ("float('nan')", {"type": "float", "text": "nan"}),
        ("10 ** 30", {"type": "int", "bits": 100}),
        ("{1: 2}", {"type": "dict"}),
        ("'\\ud800'", "\\ud800"),
        ("ValueError('x')", {"type": "ValueError"}),
    ],
)
def test_only_plain_values_reach_the_record(play, value, wanted):
    """A subclass of int could lie later; a foreign object could run code while it is encoded."""
    driver = f"def go(student, probe):\n    probe.note('v', {value})\n    return {value}\n"
    trace = play("", driver)
    assert trace.value == wanted
    assert trace.events[-1].data == ("v", wanted)


def test_output_is_recorded_by_line_and_capped(play):
    """A flood is cut, not fatal; what a thread prints is told with its thread."""
    source = """
import sys, threading
def talk():
    print("one", end=" ")
    t = threading.Thread(target=lambda: print("from", "thread"))
    t.start()
    t.join()
    print("two", object())
    sys.stderr.write("err")
    print("x" * 100_000)
"""
    trace = play(source, "talk()", output_bytes=1000)
    output = [(event.thread, *event.data) for event in trace.events if event.kind is wire.EventKind.OUTPUT]
    assert output[0] == (1, "stdout", "from thread\n")
    assert output[1] == (0, "stdout", "one two <object object at 0x…>\n")
    assert len(output[2][2]) == 1000 - len(output[0][2]) - len("one two <object object at 0x7f0000000000>\n")
    assert output[3] == (0, "stderr", "err")
    assert trace.dropped_events == 1


@pytest.mark.parametrize(
    ("source", "phase", "kind"),
    [
        ("def (:", "syntax", "SyntaxError"),
        ("x = 1\n  y = 2", "syntax", "IndentationError"),
        ("import nothing_like_this", "import", "ModuleNotFoundError"),
        ("1 / 0", "import", "ZeroDivisionError"),
        ("import sys; sys.exit(3)", "import", "SystemExit"),
        ("exit()", "import", "SystemExit"),
        ("import os; os._exit(0)", "import", "exited"),
        ("while True: pass", "import", "spinning"),
        ("import threading; threading.Event().wait()", "import", "deadlock"),
    ],
)
def test_a_source_that_does_not_load_says_why(play_all, source, phase, kind):
    """One message, before any schedule counts."""
    messages = play_all(source, "f()", steps=200_000)
    loaded = messages[1]
    assert isinstance(loaded, wire.Loaded)
    assert (loaded.phase, loaded.error and loaded.error.type) == (phase, kind)
    assert messages[-1] == wire.End(nonce="nonce", schedules=0)


def test_exit_in_the_middle_is_an_outcome(play):
    """`os._exit` ends the process; the record is told before."""
    trace = play("import os\ndef leave():\n    os._exit(0)\n", "leave()")
    assert trace.outcome is wire.Outcome.EXITED


def test_a_flood_of_waits_does_not_push_out_what_was_noted(play):
    """A check's facts come last in a long run; the picture may be cut, the facts may not."""
    driver = """
import time

def go(student, probe):
    for _ in range(500):
        time.sleep(0.001)
    probe.note("end", 1)
"""
    trace = play("", driver, events=100)
    assert trace.events[-1].data == ("end", 1)
    assert trace.dropped_events > 0
