"""Checks of ex04: timers in a cooperative scheduler. All expectations live here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from threadmarks.grading import Note, Run, Trace, Watch, check, expect, witness

NEAR_S = 0.005
"""Stamps may differ by this much: parks come back late, floating point rounds, and a busy loop reads a coarse clock."""

BLOCKED_S = 0.0001
"""More virtual time than this outside of the clock is a blocking call."""


def _stamp(note: Note, begin: Note) -> float:
    """Virtual seconds from `begin` to `note`, as shown to students."""
    return round(note.time_s - begin.time_s, 4)


def _stamps(trace: Trace, name: str, begin: Note) -> list[float]:
    return [_stamp(note, begin) for note in trace.notes(name)]


def _near(seen: float, wanted: float) -> bool:
    return abs(seen - wanted) <= NEAR_S


def _all_near(seen: Sequence[float], wanted: Sequence[float]) -> bool:
    return len(seen) == len(wanted) and all(map(_near, seen, wanted))


@check(
    points=3,
    title="Three sleeps side by side take as long as the longest",
    concept="non-blocking sleep",
    visibility="visible",
    about="TimerScheduler.run",
)
async def test_max_not_sum(run: Run) -> None:
    trace = await run("three_sleepers")
    begin = trace.note("begin")
    lengths = sorted(trace.inputs().sample(range(2, 10), 3))
    sleeps = {name: tenths / 10 for name, tenths in zip("ABC", lengths, strict=True)}
    told = f"{sleeps['A']}, {sleeps['B']} and {sleeps['C']} s"
    longest, together = sleeps["C"], sum(lengths) / 10
    wakes = {note.value: _stamp(note, begin) for note in trace.notes("woke")}
    total = _stamp(trace.note("end"), begin)
    expect(
        len(trace.notes("woke")) == len(wakes) == 3,
        code="wakes-missing",
        message="Not every sleeping task woke exactly once.",
        measured="tasks that woke",
        seen=[note.value for note in trace.notes("woke")],
        wanted=["A", "B", "C"],
        means="run() goes on while a timer is left; when it is due, its task becomes ready, once.",
    )
    early = next((note for note in trace.notes("woke") if _stamp(note, begin) < sleeps[note.value] - NEAR_S), None)
    expect(
        early is None,
        code="woke-early",
        message="A task woke before its time was over.",
        measured=f"when the tasks that sleep {told} woke",
        seen=[wakes[name] for name in sleeps],
        wanted=list(sleeps.values()),
        means="The timer must keep *what to do later*: a function that is called while the timer is made runs now.",
        place=early,
    )
    expect(
        not _near(total, together),
        code="sum-not-max",
        message="The sleeps came one after the other.",
        measured=f"virtual seconds for sleeps of {told} side by side",
        seen=total,
        wanted=longest,
        means="The thread slept, and with it every task. Only the one task should be put aside.",
    )
    expect(
        _all_near([wakes[name] for name in sleeps], list(sleeps.values())) and _near(total, longest),
        code="woke-late",
        message="Tasks woke late, or run() ended late.",
        measured=f"when the tasks that sleep {told} woke, and when run() ended",
        seen=[*(wakes[name] for name in sleeps), total],
        wanted=[*sleeps.values(), longest],
        means="The deadline is the time of the yield plus the duration, and the loop parks no longer than to the "
        "earliest.",
    )


@check(
    points=1,
    title="Tasks wake in order of their deadlines, equal ones as asked for",
    concept="timers",
    about="TimerScheduler.run",
)
async def test_order(run: Run) -> None:
    trace = await run("wake_order", allow=("raised",))
    deadlines = trace.inputs().sample([0.1, 0.1, 0.2, 0.2, 0.3, 0.3], 6)
    told = " ".join(map(str, deadlines))
    wanted = [name for _, name in sorted(zip(deadlines, "ABCDEF", strict=True))]
    compared = (
        trace.error is not None and trace.error.type == "TypeError" and "'<' not supported" in trace.error.message
    )
    expect(
        not compared,
        code="timers-compared",
        message="Two timers with the same deadline were compared by something that has no order.",
        measured=f"how run() ended, with deadlines {told}",
        seen=f"TypeError: {trace.error.message}" if trace.error else "",
        wanted="no exception",
        means="When two deadlines in a heap of tuples are equal, the next entries are compared. Put a running number "
        "between deadline and task.",
    )
    trace = await run("wake_order")
    log = trace.note("log").value
    expect(
        log == wanted,
        code="wake-order",
        message="Tasks did not wake in the right order.",
        measured=f"order of waking; A to F sleep {told}",
        seen=" ".join(log),
        wanted=" ".join(wanted),
        means="The earliest deadline first; among equal ones, whoever asked first.",
    )


@check(
    points=1,
    title="Tasks that wait for each other are a Deadlock, found before parking",
    concept="deadlock",
    about="TimerScheduler.run",
)
async def test_deadlock(run: Run) -> None:
    for scenario, timers in (("circle", 0), ("circle_beside_sleeper", 1)):
        trace = await run(scenario, allow=("deadlock",))
        expect(
            not trace.has("parked_for_ever"),
            code="parked-for-ever",
            message="Your loop parked for ever, although nobody could wake it.",
            measured="park(None) while two tasks wait for each other and no timer is left",
            seen="park(None)",
            wanted="Deadlock raised by run()",
            means="Nothing outside can help: look whether a timer is left before you park, and raise Deadlock if none "
            "is.",
            place=trace.note("parked_for_ever") if trace.has("parked_for_ever") else None,
        )
        trace = await run(scenario)
        expect(
            trace.note("ended").value == "Deadlock",
            code="deadlock-unnoticed",
            message="Two tasks wait for each other, and run() returned as if all were well.",
            measured="how run() ended",
            seen=trace.note("ended").value,
            wanted="Deadlock",
            means="When nothing is ready and no timer is left but tasks still wait, nobody will ever wake them.",
        )
        expect(
            len(trace.notes("slept")) == timers,
            code="deadlock-too-early",
            message="Deadlock was raised while a task was still asleep.",
            measured="whether the sleeping task woke before run() ended",
            seen=False,
            wanted=True,
            means="As long as a timer is left, there is something to wait for.",
        )
        expect(
            timers > 0 or trace.note("parks").value == 0,
            code="parked-before-deadlock",
            message="Your loop parked with no timer to wait for, before it raised Deadlock.",
            measured="parks, when two tasks wait for each other and nobody sleeps",
            seen=trace.note("parks").value,
            wanted=0,
            means="A park needs an end: the deadline of a timer that is left.",
        )


@check(
    points=3,
    title="No thread is started, and nothing blocks but clock.park",
    concept="non-blocking sleep",
    evidence="trace",  # that nothing blocks is seen only inside; threads are counted outside as well
    witness="no_thread_for_sleeps",
    about="TimerScheduler.run",
)
async def test_never_blocks(run: Run) -> None:
    trace = await run("every_kind_of_wait")
    started = trace.student_threads
    expect(
        not started,
        code="threads-started",
        message="Your scheduler started a thread.",
        measured="threads started while four tasks slept, ticked and waited",
        seen=len(started),
        wanted=0,
        means="threading.Timer is a thread for each sleep. A list of deadlines that the one loop looks at is enough.",
        place=started[0] if started else None,
    )
    elapsed = trace.note("end").time_s - trace.note("begin").time_s
    blocked = elapsed - trace.note("use").value["passed_s"]
    expect(
        blocked <= BLOCKED_S,
        code="blocking-call",
        message="Something other than clock.park let time pass: the whole thread was blocked.",
        measured="virtual seconds that passed outside of clock.park",
        seen=round(blocked, 4),
        wanted=0,
        place=_first_block(trace),
        means="time.sleep (or any other blocking call) stops the thread, and with it every task. Yield the wish to "
        "sleep to the loop instead; only the loop waits, and only by clock.park.",
    )
    done = trace.note("done").value
    expect(
        done == ["handle", "interval", "sleep", "sleep", "timeout"],
        code="tasks-left-out",
        message="Not every task ran to its end.",
        measured="kinds of waiting that came to an end",
        seen=done,
        wanted=["handle", "interval", "sleep", "sleep", "timeout"],
        means="run() goes on until no task is left: none that is ready, none that sleeps, none that waits.",
    )


@witness("sleepers_that_call")
def no_thread_for_sleeps(watch: Watch) -> None:
    """No thread is made while tasks sleep, and all come to their end."""
    watch.threads(most=0)
    watch.serve("done")
    watch.hold(ran=1)
    done = sorted(str(call.value) for call in watch.seen("done"))
    wanted = ["hurried", "inner", "slow", "ticker", "waiter"]
    watch.fact(done == wanted, "tasks that came to their end", done, wanted)


def _first_block(trace: Trace) -> int | None:
    """The student's line at which the main thread first waited other than by the scenario's clock."""
    before: tuple[Any, ...] = ()
    for event in trace.record.events:
        if event.thread == 0 and event.line and event.kind in ("sleep", "wait") and before[:1] != ("clock_moves",):
            return event.line
        before = event.data if event.kind == "note" else ()
    return None


@check(
    points=3,
    title="One park for each deadline; long sleeps are no more work than short ones",
    concept="idle waiting",
    about="TimerScheduler.run",
)
async def test_park_count(run: Run) -> None:
    short = await run("short_sleeps")
    use = short.note("use").value
    _expect_all_woke(short)
    expect(
        type(use["steps"]) is int and use["steps"] >= 11,
        code="steps-miscounted",
        message="steps is not the number of resumes.",
        measured="steps of five tasks that sleep once (one of them twice)",
        seen=use["steps"],
        wanted="11",
        means="Count one step each time a task is resumed, also when it ends in that resume.",
    )
    expect(
        use["spun_s"] == 0,
        code="busy-wait",
        message="Your loop read the clock again and again instead of parking.",
        measured="reads of the clock during five short sleeps",
        seen=use["reads"],
        wanted="a few for each sleep, and a park to wait",
        means="Asking 'is it time yet?' in a loop uses a whole processor. The earliest deadline tells how long nothing "
        "can happen: park for so long.",
    )
    expect(
        use["parks"] >= 1,
        code="never-parked",
        message="Your loop never parked, although every task was asleep.",
        measured="parks for five different deadlines",
        seen=0,
        wanted="1 to 5",
        means="The loop waits by clock.park, and by nothing else: no other sleep, no other thread.",
    )
    expect(
        use["parks"] <= 5,
        code="too-many-parks",
        message="Your loop parked more often than there were deadlines.",
        measured="parks for five different deadlines",
        seen=use["parks"],
        wanted="at most 5",
        means="Do not park in small slices to look around: until the earliest deadline, nothing can happen.",
        place=short.notes("park")[0] if short.has("park") else None,
    )
    long = await run("long_sleeps")
    _expect_all_woke(long)
    more = long.note("use").value
    expect(
        more["steps"] == use["steps"] and more["parks"] <= 5,
        code="work-grows-with-time",
        message="Longer sleeps make more work.",
        measured="steps and parks, with sleeps of 0.5 s and more against 500 s and more",
        seen=[[use["steps"], use["parks"]], [more["steps"], more["parks"]]],
        wanted="the same for both",
        means="A sleeping task is not resumed and the loop does not look at it: how long it sleeps must not matter.",
    )
    expect(
        more["spun_s"] == 0 and more["reads"] <= 2 * use["reads"] + 10,
        code="busy-wait",
        message="With longer sleeps your loop reads the clock more often.",
        measured="reads of the clock, with short and with long sleeps",
        seen=[use["reads"], more["reads"]],
        wanted="about the same",
        means="Between two deadlines there is nothing to ask the clock for.",
    )


def _expect_all_woke(trace: Trace) -> None:
    expect(
        trace.note("woke").value == 5,
        code="wakes-missing",
        message="Not every sleeping task woke.",
        measured="tasks that ended, of 5",
        seen=trace.note("woke").value,
        wanted=5,
        means="run() goes on while a timer is left.",
    )


@check(
    points=3, title="A busy task does not keep a sleeper from waking", concept="starvation", about="TimerScheduler.run"
)
async def test_no_starvation(run: Run) -> None:
    trace = await run("busy_neighbour")
    expect(
        trace.has("turns"),
        code="wakes-missing",
        message="The sleeping task never woke.",
        measured="turns of the busy task until the sleeper woke",
        seen="never",
        wanted="50 to 60",
        means="run() goes on while a timer is left.",
    )
    turns = trace.note("turns").value
    expect(
        turns >= 50,
        code="woke-early",
        message="The sleeping task woke before its time was over.",
        measured="turns of 1 ms of the busy task until sleep(0.05) was over",
        seen=turns,
        wanted="50 to 60",
        means="Due is what clock.now() has reached.",
    )
    expect(
        turns <= 60,
        code="starved",
        message="A task that is always ready kept a sleeping task from waking.",
        measured="turns of 1 ms of the busy task until sleep(0.05) was over (it stops after 300)",
        seen=turns,
        wanted="50 to 60",
        means="Look at the timers in every round, not only when nothing is ready.",
    )


@check(
    points=1,
    title="sleep(0) and sleep(-1) let others run; a sleep counts from its yield",
    concept="timers",
    about="sleep",
)
async def test_zero_negative(run: Run) -> None:
    trace = await run("short_naps")
    for name, call in (("zero", "sleep(0)"), ("negative", "sleep(-1)")):
        log = trace.note(name).value
        expect(
            log == ["nap", "other", "awake"],
            code="nap-gives-no-way",
            message=f"{call} did not let the other ready task run first.",
            measured="order of resumes",
            seen=" ".join(log),
            wanted="nap other awake",
            means="sleep(0) is how a task says 'after you': it goes behind those that are ready.",
        )
        seconds = _stamp(trace.note(f"end_{name}"), trace.note(f"begin_{name}"))
        expect(
            _near(seconds, 0),
            code="nap-takes-time",
            message=f"{call} let time pass.",
            measured="virtual seconds",
            seen=seconds,
            wanted=0,
            means="A deadline that is now, or that has been, is due at once.",
        )
    late = _stamp(trace.note("late_woke"), trace.note("late_begin"))
    expect(
        not _near(late, 0.5),
        code="deadline-at-construction",
        message="A sleep was counted from the moment when it was made, not from its yield.",
        measured="virtual seconds for: command = sleep(0.5); yield sleep(0.3); yield command",
        seen=late,
        wanted=0.8,
        means="sleep(d) only says how long. The loop sets the deadline when the task yields it, as a Future does "
        "nothing "
        "until it is polled.",
        place=trace.note("late_woke"),
    )
    expect(
        _near(late, 0.8),
        code="sleep-length",
        message="Two sleeps, one after the other, did not take as long as both together.",
        measured="virtual seconds for: command = sleep(0.5); yield sleep(0.3); yield command",
        seen=late,
        wanted=0.8,
        means="The deadline is the time of the yield plus the duration.",
    )


@check(
    points=2, title="interval ticks at its first tick + k periods, without drift", concept="interval", about="interval"
)
async def test_interval(run: Run) -> None:
    trace = await run("ticks")
    begin = trace.note("asked")
    period = trace.inputs().choice([0.25, 0.5, 0.75, 1.0])
    seen = _stamps(trace, "tick", begin)
    wanted = [round(k * period, 4) for k in range(8)]
    expect(
        bool(seen) and _near(seen[0], 0),
        code="first-tick",
        message="The first tick did not come at once.",
        measured="virtual seconds from the first `yield next(it)` to the first tick",
        seen=seen[:1],
        wanted=[0],
        means="An interval begins with a tick; the periods count from there.",
    )
    drifted = len(seen) > 1 and _near(seen[1], 1.4 * period)
    expect(
        not drifted,
        code="interval-drift",
        message="The interval drifts: each period begins when the body of the loop is over.",
        measured=f"ticks, with a period of {period} s and a body that takes {0.4 * period:.3f} s",
        seen=seen,
        wanted=wanted,
        means="Count from the first tick (first + k * period), not from now: otherwise what the body takes is added.",
    )
    expect(
        _all_near(seen, wanted),
        code="wrong-ticks",
        message="The ticks did not come at first + k * period.",
        measured=f"ticks in 7.9 periods of {period} s, with a body that takes {0.4 * period:.3f} s",
        seen=seen,
        wanted=wanted,
        means="Tick number k is due at first + k * period; each `yield next(it)` gives exactly one.",
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """A `timeout(1.0, ...)`: what should come of it and when, and when the task and run() should end after that."""

    inner: str
    outcome: list[Any]
    at_s: float
    end_s: float


def _cases(trace: Trace) -> dict[str, _Case]:
    draw = trace.inputs()
    own, helpers = (f"{draw.randrange(16**8):08x}" for _ in range(2))
    return {
        "quick": _Case("sleeps 0.2 s and returns", ["value", own], 0.2, 0.45),
        "slow": _Case("would sleep 5 s", ["raised", "TimeoutError", "finally"], 1.0, 2.0),
        "failing": _Case("raises KeyError after 0.1 s", ["raised", "KeyError"], 0.1, 1.6),
        "helped": _Case("waits for a task of 0.5 s", ["value", helpers], 0.5, 0.75),
        "unhelped": _Case("waits for a task of 1.5 s", ["raised", "TimeoutError"], 1.0, 2.0),
    }


@check(
    points=2,
    title="timeout gives the value, the exception or TimeoutError, and leaves nothing behind",
    concept="cancellation",
    about="timeout",
)
async def test_timeout(run: Run) -> None:
    trace = await run("timeouts", allow=("raised",))
    for name, case in _cases(trace).items():
        if not trace.has(f"{name}_end"):
            trace = await run("timeouts")  # an exception left run(): say so
        _expect_case(trace, name, case)
    parks = (await run("timeout_beside_a_sleeper")).note("parks").value
    expect(
        parks <= 2 or parks > 5,  # who parks in slices is told so by park_count
        code="timer-left-behind",
        message="After a timeout, the loop still parked for the timer of the task that had been ended.",
        measured="parks, when a sleep of 1.0 s is cut short after 0.1 s beside a sleep of 5.0 s",
        seen=parks,
        wanted="2: until 0.1 s, and until 5.0 s",
        means="Ending the inner generator does not take its timer out of the heap. Remove it, or skip it when it comes up.",
    )


def _expect_case(trace: Trace, name: str, case: _Case) -> None:
    begin = trace.note(f"{name}_begin")
    means = "Whichever comes first decides: the end of gen (its value or its exception), or the time."
    expect(
        trace.has(f"{name}_outcome"),
        code="timeout-outcome",
        message=f"timeout(1.0, gen), where gen {case.inner}, had no outcome.",
        measured="what `v = yield from timeout(1.0, gen)` did",
        seen="neither a value nor TimeoutError nor gen's own exception",
        wanted=" ".join(case.outcome[:2]),
        means=means,
    )
    outcome = trace.note(f"{name}_outcome")
    expect(
        outcome.value[:2] == case.outcome[:2],
        code="timeout-outcome",
        message=f"timeout(1.0, gen), where gen {case.inner}, had the wrong outcome.",
        measured="what `v = yield from timeout(1.0, gen)` did",
        seen=" ".join(map(str, outcome.value[:2])),
        wanted=" ".join(case.outcome[:2]),
        means=means,
        place=outcome,
    )
    expect(
        outcome.value == case.outcome,
        code="timeout-finally",
        message="The `finally` block of the generator that was timed out did not run.",
        measured="whether `finally` ran before TimeoutError came",
        seen=False,
        wanted=True,
        means="To cancel is to end the inner generator: throw into it or close() it, so that it can clean up.",
        place=outcome,
    )
    seconds = _stamp(outcome, begin)
    expect(
        _near(seconds, case.at_s),
        code="timeout-time",
        message=f"timeout(1.0, gen), where gen {case.inner}, ended at the wrong time.",
        measured="virtual seconds until the outcome",
        seen=seconds,
        wanted=case.at_s,
        means="The time counts from the moment when timeout begins to run.",
        place=outcome,
    )
    ends = [
        _stamp(trace.note(f"{name}_slept"), begin) if trace.has(f"{name}_slept") else None,
        _stamp(trace.note(f"{name}_end"), begin),
    ]
    expect(
        _all_near([end if end is not None else -1.0 for end in ends], [case.end_s] * 2),
        code="timer-left-behind",
        message=f"After timeout(1.0, gen), where gen {case.inner}, a timer or a wait was left behind.",
        measured=f"when the task's next sleep ({round(case.end_s - case.at_s, 2)} s) ended, and when run() ended",
        seen=["never" if end is None else end for end in ends],
        wanted=[case.end_s] * 2,
        means="When one side has won, take the other away: the timer of the time-out, or what the cancelled generator "
        "was waiting for. Otherwise it wakes the task in the middle of something else, or the loop parks for it.",
    )


@check(
    points=1,
    title="The Tokio program: its two tasks at the right times",
    concept="tokio::spawn",
    visibility="visible",
    about="TimerScheduler.run",
)
async def test_program_timeline(run: Run) -> None:
    trace = await run("two_tasks")
    begin = trace.note("begin")
    for name, wanted in (("task 1", [0, 0.5, 1.0, 1.5]), ("task 2", [0, 0.7])):
        seen = _stamps(trace, name, begin)
        expect(
            _all_near(seen, wanted),
            code="wrong-timeline",
            message=f"{name} of the Tokio program did not run at the right times.",
            measured="virtual seconds at which it printed",
            seen=seen,
            wanted=wanted,
            means="The two tasks sleep side by side: neither changes the other's times.",
        )
    end = _stamp(trace.note("end"), begin)
    expect(
        _near(end, 2.0),
        code="wrong-timeline",
        message="The Tokio program did not end at the right time.",
        measured="virtual seconds until run() returned",
        seen=end,
        wanted=2.0,
        means="main waits for both tasks: the slower one sleeps 4 times 0.5 s.",
    )
