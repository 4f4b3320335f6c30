"""A limit of real time ends programs that hang, and never one that the machine does not let run."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.sandbox.conftest import FAKE, FORKED, need, request_for
from tests.sandbox.test_observe import running
from threadmarks import wire
from threadmarks.sandbox import starvation
from threadmarks.sandbox.host import Host, Stop
from threadmarks.sandbox.ladder import Rung
from threadmarks.sandbox.starvation import PUT_OFF, Limit, Share, share, starved

linux = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")


def at(ran_s: float, ready_s: float) -> Share:
    """An account."""
    return Share(ran_s=ran_s, ready_s=ready_s)


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        (at(1, 1), at(1.5, 9), True),
        (at(1, 1), at(1, 1), False),  # it slept
        (at(1, 1), at(11, 1), False),  # it worked
        (at(0, 0), at(20, 60), False),  # many threads of its own were in its way
        (at(0, 0), at(3.4, 6), False),  # it had its share
        (at(0, 0), at(3.3, 5), True),
        (at(0, 0), at(3.3, 4.9), False),
        (None, at(0, 9), False),
        (at(0, 0), None, False),
    ],
)
def test_who_is_ready_and_not_let_on_a_processor_is_starved(
    before: Share | None, now: Share | None, kept: bool
) -> None:
    """In ten seconds. What is not known is no excuse."""
    assert starved(before, now, 10) is kept


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Share | None]], None]:
    """Let the kernel say what a function says."""

    def tell(what: Callable[[], Share | None]) -> None:
        monkeypatch.setattr(starvation, "share", lambda _pid: what())

    return tell


def times_asked_until_over(limit: Limit) -> int:
    """How often a limit that is asked whenever its time is over is put off."""
    put_off = 0
    while not limit.passed():
        put_off += time.monotonic() < limit.deadline
        while time.monotonic() < limit.deadline:
            pass
    return put_off


def test_a_limit_passes_for_a_process_that_could_have_run(accounts: Callable[..., None]) -> None:
    """That is what it is for."""
    accounts(lambda: at(0, 0))
    limit = Limit(lambda: 1, 0.001)
    assert times_asked_until_over(limit) <= 1
    assert not limit.hopeless


def test_a_limit_is_put_off_for_a_starved_process_and_not_for_ever(accounts: Callable[..., None]) -> None:
    """After that, whoever asked must say that nothing is known."""
    ready_s = iter(range(10_000))
    accounts(lambda: at(0, next(ready_s)))
    limit = Limit(lambda: 1, 0.001)
    assert times_asked_until_over(limit) >= PUT_OFF
    assert limit.hopeless


def test_a_process_that_has_not_begun_is_not_at_fault(accounts: Callable[..., None]) -> None:
    """Until then the kit's own processes are what is slow."""
    accounts(lambda: None)
    begun = [0] * PUT_OFF
    limit = Limit(lambda: begun.pop() if begun else 7, 0.001)
    assert times_asked_until_over(limit) >= 1


@linux
def test_a_busy_process_is_told_from_one_that_rests() -> None:
    """Time on a processor grows with work, and not with waiting."""
    with running("signal.pause()") as idle, running("sum(iter(int, 1))") as busy:
        settled = share(idle)
        while (now := share(idle)) != settled:
            settled = now
            time.sleep(0.05)
        before = share(busy)
        assert settled is not None
        assert before is not None
        while (now := share(busy)) is not None and now.ran_s < before.ran_s + 0.05:
            time.sleep(0.01)
        after = share(idle)
        assert after is not None
        assert after.ran_s == settled.ran_s


@linux
def test_a_process_that_is_gone_has_no_account() -> None:
    """None, and no error: it may end between two looks."""
    with running("signal.pause()") as pid:
        pass
    assert share(pid) is None


RIVALS = 12


@pytest.fixture
def crowded_core() -> Iterator[None]:
    """Keep this process, and what it starts, on one core, beside processes that never rest."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    # In sessions of their own: a scheduler that shares time between sessions must not count them as one.
    rivals = [
        subprocess.Popen([sys.executable, "-S", "-c", "sum(iter(int, 1))"], start_new_session=True)
        for _ in range(RIVALS)
    ]
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        for rival in rivals:
            rival.kill()
        for rival in rivals:
            rival.wait()


@linux
@pytest.mark.parametrize("rung", FORKED)
def test_a_run_that_is_kept_from_running_is_not_ended_by_its_limit(crowded_core: None, rung: Rung) -> None:
    """It needs a fifth of its limit in processor time, which it is given in twice the limit or more."""
    need(rung)
    program = "import os, time\nwhile time.process_time() < 0.12: pass\nos.write(WIRE, b'end')"
    with Host(1, entry=FAKE, rung=rung) as host:
        host.run(request_for("pass"))
        run = host.run(request_for(program, wire.Limits(wall_s=0.6)))
    assert (run.wire, run.stop) == (b"end", Stop.ITSELF)
