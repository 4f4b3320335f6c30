"""Calls that the engine does not control are named, not hung on."""

import pytest

from threadmarks.wire import End, Stuck


@pytest.mark.parametrize(
    ("body", "function"),
    [
        ("r, w = os.pipe()\n    os.read(r, 1)", "stall"),
        ("r, w = os.pipe()\n    threading.Thread(target=os.read, args=(r, 1)).start()", ""),
        ("r, w = os.pipe()\n    open(r).read()", "stall"),
        ("t = threading.Thread(target=lambda: os.read(os.pipe()[0], 1))\n    t.start()\n    t.join()", "<lambda>"),
    ],
)
def test_a_blocking_call_outside_the_engine_is_named_with_its_line(play_all, body, function):
    """'Uncontrolled call at line N' helps; a time-out does not."""
    source = f"import os, threading\ndef stall():\n    {body}\n"
    messages = play_all(source, "stall()", stuck_s=0.4)
    stuck = messages[-1]
    assert isinstance(stuck, Stuck)
    assert function in stuck.function
    if function:
        assert stuck.line in (3, 4)
    assert not any(isinstance(message, End) for message in messages)


def test_hard_work_is_not_taken_for_a_blocking_call(play):
    """The watchdog looks for sleep in the kernel, so a call that computes for long is left alone."""
    source = "def work():\n    return len(str(sorted(range(3_000_000), reverse=True))) > 0\n"
    assert play(source, "work()", stuck_s=0.2).value is True


def test_library_work_without_a_point_is_not_taken_for_one_either(play):
    """Hours in the standard library's own Python are work, too."""
    source = "import textwrap\ndef work():\n    return len(textwrap.wrap('word ' * 60_000)) > 0\n"
    assert play(source, "work()", stuck_s=0.05).value is True


@pytest.mark.parametrize(
    "call", ["os.fork()", "os.system('true')", "subprocess.run(['true'])", "os.kill(os.getpid(), 9)"]
)
def test_starting_processes_is_refused_in_words(play, call):
    """An honest accident gets a sentence."""
    trace = play(f"import os, subprocess\ndef start():\n    {call}\n", "start()")
    assert trace.error is not None
    assert trace.error.type == "PermissionError"
    assert "an exercise may not" in trace.error.message
