"""Sockets under control: real ones, whose traces are the same each time and whatever else the machine does."""

import subprocess
import sys

import pytest

from tests.runner.playing import PROGRAMS, notes, request_for
from threadmarks import wire

SOURCE = (PROGRAMS / "connections.py").read_text()
WINDOW = 65_536


def value(play, scenario):
    """What a program returned; it must have come to its end."""
    trace = play(SOURCE, scenario, network=True)
    assert trace.outcome is wire.Outcome.COMPLETED, trace.error
    return trace.value


def test_a_send_takes_what_there_is_room_for(play):
    """The same on every machine, or whoever ignores what `send` returns is found on some only."""
    assert value(play, "window()") == [WINDOW, "BlockingIOError", 1000, "BlockingIOError"]


def test_many_small_sends_lose_nothing(play):
    """The kernel holds each in a packet of its own, and back when too many are unanswered."""
    assert value(play, "small_writes()") == 300


def test_a_full_window_is_not_writable_for_any_selector(play):
    """A loop that waits for room must sleep until there is some; a reset wakes it."""
    assert value(play, "writable()") == [[True] * 3, [False] * 3, [True] * 3, [True] * 3]


def test_what_came_before_accept_is_all_there_at_accept(play):
    """The kernel completes connections by itself."""
    assert value(play, "early_client()") == [50_000, WINDOW - 50_000, "BlockingIOError", WINDOW, 0]


def test_ends_and_resets_are_seen_at_once(play):
    """Whether the next call fails must not depend on when the kernel delivers."""
    assert value(play, "ends()") == repr(
        [
            [b"last", b"", 5, b"still"],
            [b"", 1, "BrokenPipeError", b""],
            ["ConnectionResetError", "BrokenPipeError"],
        ]
    )


def test_who_waits_in_the_queue_of_a_listener_that_closes_is_reset(play):
    """And who comes later is refused."""
    assert value(play, "refused()") == ["ConnectionResetError", "ConnectionRefusedError"]


def test_ports_that_the_kernel_chose_are_counted(play):
    """They may be printed, compared, hashed."""
    assert value(play, "ports()") == [49_152, 49_153]


def test_a_socket_that_nobody_keeps_ends_its_connection(play):
    """Its memory is freed, and its descriptor closed."""
    assert value(play, "forgotten()") == [0]


def test_poll_and_epoll_park_in_virtual_time(play):
    """Whoever does without `selectors` is not held up for real."""
    assert value(play, "raw_poll()") == [[[], 2.0], [True, 3.0], [[], 2.0], [True, 3.0]]


def test_datagrams_pass(play):
    """They have no other end that could be asked."""
    assert value(play, "datagrams()") == ["hello", True]


def test_two_full_windows_are_a_deadlock(play):
    """Both wait for room, which only the other could make."""
    trace = play(SOURCE, "full_at_both_ends()", network=True)
    assert trace.outcome is wire.Outcome.DEADLOCK
    assert [wait.what for wait in trace.waits] == ["socket.send", "socket.send"]


def test_an_echo_server_sees_partial_sends_and_full_windows(play):
    """The program of the tests below would prove nothing if everything went at once."""
    trace = play(SOURCE, "echo(probe)", network=True)
    assert trace.outcome is wire.Outcome.COMPLETED, trace.error
    assert {kind for _, (_, kind) in notes(trace, "ended")} == {"ConnectionError", "ConnectionResetError"}
    assert len({size for _, (_, size) in notes(trace, "sent")}) > 10
    back = {number: sum(size for _, (one, size) in notes(trace, "back") if one == number) for number in range(6)}
    assert back == {number: 0 if number == 3 else 3 * (70_001 * number + 1) for number in range(6)}


@pytest.fixture
def busy():
    """Two processes that compute for as long as the test runs."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def bytes_of(host, spec):
    """What a run of the echo server reports."""
    raw = host.run(request_for(SOURCE, "echo(probe)", spec, network=True))
    assert isinstance(wire.decode_line(raw.wire.splitlines()[-1]), wire.End)
    return raw.wire


@pytest.mark.parametrize("spec", ["block", "random.p10.s7"])
def test_twenty_runs_are_one(host, spec):
    """Byte for byte: events, times, sizes, and the order of everything."""
    assert len({bytes_of(host, spec) for _ in range(20)}) == 1


@pytest.mark.usefixtures("busy")
def test_twenty_runs_are_one_on_a_busy_machine(host):
    """The kernel delivers later then, and the run waits for it."""
    assert len({bytes_of(host, "random.p10.s7") for _ in range(20)}) == 1


def test_schedules_in_one_process_see_nothing_of_each_other(play_all, play):
    """Connections that one left open are not the next one's, and ports are counted anew."""
    specs = [f"random.p10.s{seed}" for seed in range(10)]
    together = [m for m in play_all(SOURCE, "echo(probe)", *specs, network=True) if isinstance(m, wire.ScheduleTrace)]
    assert len({trace.digest for trace in together}) > 1
    assert play(SOURCE, "echo(probe)", specs[9], network=True).digest == together[9].digest
