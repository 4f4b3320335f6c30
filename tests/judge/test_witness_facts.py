"""What the judge makes of made-up runs: which facts contest, and which are notes only."""

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from threadmarks import wire
from threadmarks.judge.decode import Answer, Broken
from threadmarks.judge.hidden import Hidden, hidden_threads
from threadmarks.judge.watch import Allowance, Fact, Stand, Unsaid, Watch
from threadmarks.judge.witness import Judged, conclude, judged
from threadmarks.judge.witness_line import Call, Line
from threadmarks.runner.plain_line import BEGIN, RAISED
from threadmarks.sandbox.host import RawRun, Stop


def raw_run(**changes: Any) -> RawRun:
    """A run that ended well, but for the changes."""
    values: dict[str, Any] = {
        "wire": b"",
        "stray": b"",
        "stray_total": 0,
        "stop": Stop.ITSELF,
        "exit_code": 0,
        "cpu_s": 0.0,
        "max_rss_bytes": 0,
        "orphans": 0,
        "tasks": None,
        "voluntary_switches": 0,
    }
    return RawRun(**{**values, **changes})


def trace_of(threads: int) -> wire.ScheduleTrace:
    """A schedule with so many threads beside main."""
    rows = tuple(
        wire.ThreadRecord(
            serial=serial,
            name="t",
            parent=0,
            origin="student",
            line=1,
            started_ns=0,
            ended_ns=0,
            panic="",
            resumes=1,
            points=1,
        )
        for serial in range(threads + 1)
    )
    return wire.ScheduleTrace(
        spec="block",
        outcome=wire.Outcome.COMPLETED,
        virtual_ns=0,
        threads=rows,
        events=(),
        dropped_events=0,
        choices="",
        points=0,
        waits=(),
        error=None,
        value=None,
        digest="",
    )


def answer(*threads: int, broken: Broken | None = None) -> Answer:
    """An answer with a schedule for each number of threads."""
    return Answer(loaded=None, traces=tuple(map(trace_of, threads)), broken=broken)


@pytest.mark.parametrize(
    ("tasks", "told", "hidden"),
    [
        (4, answer(4), None),
        (5, answer(4), Hidden(made=5, reported=4)),
        (204, answer(4), Hidden(made=204, reported=4)),
        (4, answer(4, 4, 4), None),  # carriers are used again
        (12, answer(4, 4, 4), None),
        (13, answer(4, 4, 4), Hidden(made=13, reported=12)),
        (0, answer(4), None),
        (None, answer(0), None),  # a rung that cannot count
        (9, answer(4, broken=Broken.DIED), None),  # what came after its last trace is unknown
        (9, answer(), None),  # only loaded
    ],
)
def test_more_threads_made_than_told_are_hidden_ones(tasks: int | None, told: Answer, hidden: Hidden | None) -> None:
    """The sum over the schedules of a process is the most that the engine can have made."""
    assert hidden_threads(raw_run(tasks=tasks), told) == hidden


def watch_of(*, most: int = 0, least: int = 0, until_begin: int | None = 1) -> Watch:
    """A watch whose run is over."""
    watch = Watch(None, lambda: 0, "seed")  # type: ignore[arg-type]  # its line is not used
    watch.allowance = Allowance(most=most, least=least)
    watch.made_until_begin = until_begin
    return watch


@pytest.mark.parametrize(
    ("tasks", "until_begin", "contested"),
    [(5, 1, False), (6, 1, True), (205, 1, True), (15, 11, False), (4, 1, True), (None, 1, False), (205, None, False)],
)
def test_the_kernels_count_is_held_against_the_allowance(
    tasks: int | None, until_begin: int | None, contested: bool
) -> None:
    """Threads of the import do not count; without a count there is no contest."""
    told = conclude("w", Judged(), watch_of(most=4, least=4, until_begin=until_begin), raw_run(tasks=tasks))
    assert (told.contest is not None) is contested
    assert bool(told.remarks) is (tasks is None or until_begin is None)


def test_a_count_that_includes_the_import_can_only_clear() -> None:
    """Where process ids are not the run's own, only the sum is known."""
    few = conclude("w", Judged(), watch_of(most=4, until_begin=None), raw_run(tasks=5))
    assert (few.contest, few.remarks) == (None, ())
    many = conclude("w", Judged(), watch_of(most=4, until_begin=None), raw_run(tasks=6))
    assert (many.contest, len(many.remarks)) == (None, 1)


def test_too_few_threads_prove_nothing_when_the_run_did_not_come_so_far() -> None:
    """The lower bound is for runs that were watched to the end."""
    told = conclude("w", Judged(remark="it was too slow"), watch_of(most=4, least=4), raw_run(tasks=2))
    assert (told.contest, told.remarks) == (None, ("it was too slow",))


@pytest.mark.parametrize(
    ("changes", "contested"),
    [
        ({"exit_code": 0}, True),
        ({"exit_code": 3}, True),
        ({"exit_code": -11}, True),  # a segmentation fault
        ({"exit_code": -9}, False),  # for want of memory, or processor time
        ({"exit_code": -24}, False),  # processor time
        ({"exit_code": -9, "stop": Stop.DEADLINE}, False),
        ({"exit_code": -9, "stop": Stop.OUTPUT_FLOOD}, False),
        ({"exit_code": 97}, False),  # the engine, before anything was said
    ],
)
def test_a_process_that_leaves_is_contested_unless_a_limit_may_have_ended_it(
    changes: dict[str, Any], contested: bool
) -> None:
    """A limit of time or memory may come of load."""
    told = conclude("w", Judged(hung_up=True), watch_of(), raw_run(**changes))
    assert (told.contest is not None) is contested
    assert bool(told.remarks) or contested


def test_a_fact_of_the_witness_is_what_is_told() -> None:
    """The first one, whatever the count says."""
    fact = Fact(measured="jobs", seen="1", wanted="3")
    assert conclude("w", Judged(contest=fact), watch_of(), raw_run(tasks=300)).contest is fact


# ---- a run that is only a socket: nobody can look at its process


def watched(function: Callable[[Watch], None], *calls: list[Any], hang_up: bool = False) -> Judged:
    """What a witness function makes of calls that come one after the other, from a process that cannot be seen."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def play() -> None:
        for call in calls:
            theirs.send(json.dumps(call).encode())
        if hang_up:
            theirs.close()

    thread = threading.Thread(target=play)
    thread.start()
    try:
        return judged(function, Watch(Line(ours), lambda: 0, "seed"))
    finally:
        thread.join()
        ours.close()
        theirs.close()


def waits_for_two(watch: Watch) -> None:
    """A witness function."""
    if watch.until(lambda: len(watch.open("job")) == 2, 0.1) is Stand.UNSEEN:
        raise Unsaid("two jobs did not come in time")


BEGUN = [1, BEGIN, None]


def test_too_few_calls_are_a_note_when_the_process_cannot_be_seen() -> None:
    """A time-out is nothing but a time-out."""
    assert watched(waits_for_two, BEGUN, [2, "job", None]) == Judged(remark="two jobs did not come in time")


def test_enough_calls_are_enough() -> None:
    """Seen or not."""
    assert watched(waits_for_two, BEGUN, [2, "job", None], [3, "job", None]) == Judged()


def test_one_call_too_many_is_a_fact() -> None:
    """Nothing else can have made it."""

    def one_only(watch: Watch) -> None:
        watch.never_more("job", 1)
        waits_for_two(watch)

    contest = watched(one_only, BEGUN, [2, "job", None], [3, "job", None]).contest
    assert contest == Fact(measured="calls of job open at once", seen="2", wanted="at most 1")


@pytest.mark.parametrize(
    ("error", "contested"),
    [
        (["KeyError", "1"], True),
        (["RuntimeError", "no"], True),
        (["RuntimeError", "can't start new thread"], False),
        (["MemoryError", ""], False),
        (["TimeoutError", ""], False),
        ("nonsense", True),
    ],
)
def test_exceptions_that_load_may_bring_are_notes(error: Any, contested: bool) -> None:
    """A machine that gives no more threads is no lie of the file."""
    end = watched(waits_for_two, BEGUN, [2, RAISED, error])
    assert (end.contest is not None) is contested
    assert bool(end.remark) is not contested


@pytest.mark.parametrize("junk", [7, [1], [1, 2, 3], {"a": 1}, ["1", "job", None]])
def test_what_is_no_call_is_contested(junk: Any) -> None:
    """An honest file never writes on the line."""
    contest = watched(waits_for_two, BEGUN, junk).contest
    assert contest is not None
    assert contest.measured == "what came over the witness's line"


def test_the_same_number_twice_is_contested() -> None:
    """Each call has its own."""
    contest = watched(waits_for_two, BEGUN, [2, "job", None], [2, "job", None]).contest
    assert contest is not None


def test_an_end_in_the_middle_is_told() -> None:
    """What it means depends on how the process ended."""
    assert watched(waits_for_two, BEGUN, [2, "job", None], hang_up=True) == Judged(hung_up=True)


def test_a_flood_of_calls_ends() -> None:
    """A witness scenario makes some dozens."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        line = Line(ours)
        line._taken = 20_000
        theirs.send(b'[1,"job",null]')
        with pytest.raises(Exception, match="more than 20000 calls"):
            line.take()


def test_served_calls_get_their_answers() -> None:
    """Open ones at once, later ones as they come; a function is asked for each."""
    answers = []

    def serve(watch: Watch) -> None:
        watch.until(lambda: bool(watch.open("job")))
        watch.serve("job", lambda call: call.value * 2)
        watch.until(lambda: len(watch.seen("job")) == 2)
        answers.append(watch.open("job"))

    assert watched(serve, BEGUN, [2, "job", 4], [3, "job", 5]) == Judged()
    assert answers == [[]]
    assert Call(number=3, name="job", value=5).value == 5


MEASURED = "processor time of the turns"


@pytest.mark.parametrize(
    ("before", "then", "contested"),
    [
        ([0.002, 0.003, 0.004], [0.9, 0.081, 0.5], True),
        ([0.002, 0.003, 0.004], [0.9, 0.079, 0.5], False),  # the extremes are chosen in the program's favour
        ([0.002, 0.002, 0.040], [0.5, 0.5, 0.5], False),
        ([0.002], [0.002], False),
    ],
)
def test_processor_time_contests_only_as_a_great_multiple(before: Any, then: Any, contested: bool) -> None:
    """Load moves each span a little; only what is far beyond that, in every round, is claimed."""
    end = watched(lambda watch: watch.dearer(MEASURED, {"before": before, "then": then}, 20), BEGUN)
    assert (end.contest is not None) is contested


def test_processor_time_that_the_kernel_does_not_tell_is_a_remark() -> None:
    """No silence: a program cannot bring that about, so it must not be held against it."""
    said: list[Any] = []

    def ask(watch: Watch) -> None:
        watch.dearer(MEASURED, {"before": [watch.processor_s()], "then": [1.0]}, 20)
        said.extend([watch.remarks, watch.silences])

    assert watched(ask, BEGUN) == Judged()
    assert said == [[f"{MEASURED}: the kernel does not tell"], []]
