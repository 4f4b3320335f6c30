"""The checks of ex07. Every expectation lives here."""

from itertools import pairwise
from typing import Any

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

NEAR_S = 0.001
"""How late a timer may ring, in virtual seconds."""
QUEUE_MEANS = (
    "`wake` puts the task into the ready queue, whatever the task is doing at that moment, and unparks the thread. Nothing "
    "else decides whether it is polled again."
)


async def _run(run: Run, scenario: str, *others: str) -> Trace:
    """A run whose end is what the check looks at: parked for ever, Deadlock, a future polled after its end, and `others`.

    Any other exception says best itself what it is.
    """
    trace = await run(scenario, allow=("deadlock", "raised"))
    if trace.error is not None and trace.error.type not in ("Deadlock", "PolledAfterReady", *others):
        await run(scenario)
    return trace


def _end(trace: Trace) -> str:
    """How block_on ended, when it did not return."""
    return f"it raised {trace.error.type}" if trace.error is not None else "it is parked for ever"


@check(
    points=1,
    title="Making futures and spawning tasks runs nothing, and no thread is ever started",
    concept="lazy futures",
    evidence="outside",
    witness="nothing_runs_before",
    visibility="visible",
)
async def test_lazy(run: Run) -> None:
    trace = await run("nothing_yet")
    before = trace.note("before").value
    expect(
        before == {"ran": [], "polls": 0},
        code="eager-start",
        message="Something ran before block_on was called.",
        measured="coroutines that had begun and polls that had been made, with six futures made and one task spawned",
        seen=before,
        wanted={"ran": [], "polls": 0},
        means="A future is a plan. Calling an async function, making a future, even spawning it does nothing; something must "
        "poll, and that is block_on.",
    )
    expect(
        trace.note("value").value == "spawn" and trace.note("after").value == ["spawn"],
        code="spawned-task-not-run",
        message="block_on of a spawned task's handle did not run that task, once, and only that.",
        measured="what the handle gave, and what ran",
        seen=[trace.note("value").value, trace.note("after").value],
        wanted=["spawn", ["spawn"]],
    )
    for each in (trace, await run("sleeps")):
        expect(
            len(each.threads) == 1,
            code="threads-started",
            message="The executor started a thread.",
            measured="threads, the main one included",
            seen=len(each.threads),
            wanted=1,
            means="All tasks are polled on the thread that calls block_on; it is also the one that sleeps.",
            place=each.threads[1] if len(each.threads) > 1 else None,
        )


@witness("tasks_before_and_after")
def nothing_runs_before(watch: Watch) -> None:
    """No thread is made, nothing calls before block_on is called, and each task calls once after it."""
    watch.threads(most=0)
    watch.serve("task", 0)
    watch.hold(made=1)
    early = len(watch.seen("task"))
    watch.fact(early == 0, "tasks that ran before block_on was called", early, 0)
    watch.answer_all("made")
    watch.hold(over=1)
    ran = sorted(call.value for call in watch.seen("task"))
    watch.fact(ran == [0, 1, 2], "tasks that ran", ran, [0, 1, 2])


@check(
    points=3,
    title="A task is polled when it was woken, and at no other time",
    concept="polling",
    about="Executor.block_on",
)
async def test_exact_polls(run: Run) -> None:
    trace = await _run(run, "counted_polls")
    draw = trace.inputs()
    wakes = list("AAABB")
    draw.shuffle(wakes)
    alone = draw.randrange(2, 6)
    expect(
        trace.has("log"),
        code="wake-from-outside-lost",
        message="A task was woken while the executor was parked, and was not polled again.",
        measured="how block_on ended, when two tasks are woken one at a time",
        seen=_end(trace),
        wanted="it returns",
        means=QUEUE_MEANS,
    )
    trace = await run("counted_polls")
    log = trace.note("log").value
    first, rest = log[:2], log[2:]
    expect(
        sorted(first) == ["A", "B"] and rest == [*wakes, "A", "B"],
        code="polled-without-a-wake" if len(log) > len(wakes) + 4 else "not-polled-after-a-wake",
        message="Tasks were not polled exactly as they were woken.",
        measured=f"polls; after the first of each, the tasks are woken one at a time: {' '.join([*wakes, 'A', 'B'])}",
        seen=" ".join(log),
        wanted=" ".join(["A B", *wakes, "A", "B"]),
        means="A wake is about one task. An executor that polls them all to see who was meant does work for nothing, and with "
        "ten thousand tasks it does nothing else.",
    )
    expect(
        trace.note("values").value == ["A", "B"],
        code="wrong-value",
        message="A handle did not give the value of its task.",
        measured="values of the two tasks",
        seen=trace.note("values").value,
        wanted=["A", "B"],
    )
    polls, counted = trace.note("alone").value
    expect(
        polls == alone + 1,
        code="polls-of-the-root",
        message="The root future was not polled exactly as it was woken.",
        measured=f"polls of a future that is pending {alone} times",
        seen=polls,
        wanted=alone + 1,
        means="block_on polls once, and then once for each wake.",
    )
    expect(
        counted == polls,
        code="polls-miscounted",
        message="The executor's `polls` is not the number of its polls.",
        measured="polls, and what the executor counted",
        seen=[polls, counted],
        wanted=[polls, polls],
    )


@check(
    points=3,
    title="A wake during the poll leads to another poll, after the others had their turn",
    concept="wakers",
    about="Executor.block_on",
)
async def test_wake_during_poll(run: Run) -> None:
    trace = await _run(run, "wakes_itself")
    times = trace.inputs().randrange(3, 9)
    expect(
        trace.has("polls"),
        code="wake-during-poll-lost",
        message="A future woke its task and then returned PENDING, and was never polled again.",
        measured=f"how block_on ended, for a future that does so {times} times",
        seen=_end(trace),
        wanted="it returns",
        means="The wake comes while the task is running, in no queue and in no table of waiting tasks. It must count all the "
        "same: forget that the task is queued *before* you poll it, not after.",
    )
    trace = await run("wakes_itself")
    expect(
        trace.note("polls").value == times + 1,
        code="polls-after-own-wakes",
        message="A future that wakes its own task was not polled once for each wake.",
        measured=f"polls of a future that wakes itself {times} times",
        seen=trace.note("polls").value,
        wanted=times + 1,
    )
    turns = (await run("gives_way")).note("turns").value
    expect(
        sorted(turns) == list("AAAABBBB"),
        code="turns-missing",
        message="Tasks that give way did not come to their end.",
        measured="turns of two tasks that await YieldNow() four times each",
        seen=" ".join(turns),
        wanted="A B A B A B A B",
    )
    expect(
        all(a != b for a, b in pairwise(turns)),
        code="does-not-give-way",
        message="A task that awaits YieldNow() went on before the other one had its turn.",
        measured="turns of two tasks that await YieldNow() four times each",
        seen=" ".join(turns),
        wanted="A B A B A B A B",
        means="Tasks are polled in the order in which they were woken. Who wakes itself goes to the end of the queue.",
    )


def _came(trace: Trace) -> None:
    """Under any schedule: the value that the thread has set."""
    value = trace.inputs().randrange(1000, 10_000)
    expect(
        trace.has("value"),
        code="wake-lost",
        message="A thread has set a OneShotFuture, and block_on waits for it for ever.",
        measured="how block_on ended",
        seen="it waits for ever",
        wanted=f"it returns {value}",
        means="Between looking and sleeping there is a gap: in the future (is the value there? keep the waker), in the queue "
        "(is anybody ready? sleep), in the parker (was it unparked? wait). In each, both steps belong under one lock, and a wake "
        "that comes too early is kept.",
    )
    expect(
        trace.note("value").value == value,
        code="wrong-value",
        message="block_on did not return the value that was set.",
        measured="what block_on returned",
        seen=trace.note("value").value,
        wanted=value,
    )


def _came_and_left(trace: Trace) -> None:
    """Under any schedule: the value; nobody took the wake that had come for a Deadlock."""
    value = trace.inputs().randrange(1000, 10_000)
    expect(
        trace.error is None or trace.error.type != "Deadlock",
        code="deadlock-too-early",
        message="block_on raised Deadlock, although a wake had come.",
        measured="how block_on ended; a thread sets a OneShotFuture, and then closes expect_wake()",
        seen="it raised Deadlock",
        wanted=f"it returns {value}",
        means="Whether somebody is ready and whether somebody is still expected are two questions. Between them a thread can "
        "wake a task and leave: ask both under one lock, or ask for those who are expected first.",
    )
    _came(trace)


@check(
    points=2,
    title="A wake between the last poll and the park is not lost",
    concept="parking",
    about="Executor.block_on",
)
async def test_wake_before_park(run: Run, explore: Explore) -> None:
    trace = await _run(run, "woken_before_it_sleeps")
    expect(
        trace.has("value") and trace.note("value").value == "gate",
        code="parked-on-a-wake",
        message="A task was woken just before the thread went to sleep, and the thread sleeps on.",
        measured="how block_on ended, when a waker is called at the beginning of park()",
        seen=_end(trace),
        wanted="it returns",
        means="wake() calls the parker's unpark() every time, whether or not the thread seems to be asleep: the parker keeps it "
        "until the next park.",
    )
    await explore("a_thread_sets", _came, schedules=160, allow=("deadlock",))
    await explore("a_thread_sets_and_leaves", _came_and_left, schedules=160, allow=("deadlock", "raised"))


def _both_came(trace: Trace) -> None:
    """Under any schedule: both values."""
    draw = trace.inputs()
    values = [draw.randrange(1000, 10_000) for _ in range(2)]
    expect(
        trace.has("values"),
        code="wake-lost",
        message="Two threads have set a OneShotFuture each, and the task that waits for both waits for ever.",
        measured="how block_on ended",
        seen="it waits for ever",
        wanted=values,
        means=QUEUE_MEANS
        + " Two threads may do so at the same time: the queue and the mark that a task is in it change under one lock.",
    )
    expect(
        trace.note("values").value == values,
        code="wrong-value",
        message="join did not give the values that were set.",
        measured="the values of two OneShotFutures",
        seen=trace.note("values").value,
        wanted=values,
    )


@check(
    points=2,
    title="A wake from another thread ends the park, and the task goes on where it was",
    concept="thread-safe wakers",
    evidence="outside",
    witness="set_by_a_thread",
    about="Executor.block_on",
)
async def test_wake_other_thread(run: Run, explore: Explore) -> None:
    trace = await _run(run, "woken_by_a_thread")
    value = trace.inputs().randrange(1000, 10_000)
    expect(
        trace.has("went_on"),
        code="wake-from-thread-lost",
        message="Another thread has set the value, and the task that waits for it does not go on.",
        measured="how block_on ended",
        seen=_end(trace),
        wanted="the task goes on, and block_on returns",
        means=QUEUE_MEANS,
    )
    note = trace.note("went_on")
    expect(
        note.thread == 0,
        code="polled-on-the-wakers-thread",
        message="The task went on in the thread that woke it.",
        measured="number of the thread (0 is the one that called block_on)",
        seen=note.thread,
        wanted=0,
        means="wake() only says that the task can go on. It is polled by the executor, on the executor's thread: nobody expects "
        "that setting a value runs somebody else's code.",
        place=note,
    )
    trace = await run("woken_by_a_thread")
    expect(
        note.value == value and trace.note("timed").value == 0,
        code="timed-park",
        message="The executor parked with a time-out although no task was asleep.",
        measured="parks with a time-out; what the task got",
        seen=[trace.note("timed").value, note.value],
        wanted=[0, value],
        means="Looking every few milliseconds hides lost wake-ups and costs power. Without timers there is nothing to wait for but "
        "unpark: park(None).",
    )
    await explore("two_threads_set", _both_came, schedules=60, allow=("deadlock",))


@witness("one_shot_set_by_a_thread")
def set_by_a_thread(watch: Watch) -> None:
    """The value that the judge gives to a thread is what the waiting task gets."""
    value = watch.random.randrange(1 << 30)
    watch.hold(value=1)
    watch.answer_all("value", value)
    watch.hold(went_on=1)
    (call,) = watch.open("went_on")
    watch.fact(call.value == value, "what the task got", call.value, value)
    watch.answer_all("went_on")
    watch.hold(over=1)


@check(
    points=2,
    title="While tasks sleep, the executor sleeps too",
    concept="timers",
    about="sleep",
)
async def test_no_busy_loop(run: Run) -> None:
    trace = await run("sleeps")
    lengths = [tenths / 10 for tenths in sorted(trace.inputs().sample(range(2, 10), 4))]
    begin, woke = trace.note("begin"), trace.note("woke")
    late = round(woke.time_s - begin.time_s - lengths[0], 4)
    expect(
        abs(late) <= NEAR_S,
        code="woke-at-another-time",
        message="block_on(sleep(...)) did not return when the time had passed.",
        measured=f"virtual seconds for a sleep of {lengths[0]} s",
        seen=round(lengths[0] + late, 4),
        wanted=lengths[0],
        means="What time it is, the clock that the executor was given says, and no other: a sleep asks its now() at the first poll, and "
        "the executor asks it whether the deadline has come.",
    )
    use = trace.note("one").value
    expect(
        use["polls"] <= 2 and use["parks"] <= 3,
        code="busy-loop",
        message="The executor polled or parked again and again while its one task slept.",
        measured=f"polls (at most 2) and parks (at most 3) during a sleep of {lengths[0]} s",
        seen=[use["polls"], use["parks"]],
        wanted=[2, 1],
        means="A timer is a deadline and a waker. Park until the earliest deadline, then wake its task.",
    )
    expect(
        not trace.has("clock_parked") and use["parks"] >= 1,
        code="parker-not-used",
        message="The executor did not sleep through its parker.",
        measured="calls of parker.park()",
        seen=use["parks"],
        wanted="at least 1",
        means="Whoever wants to wake the executor from outside calls unpark() on the parker it was given. It has to sleep there.",
    )
    expect(
        use["counted"] == use["parks"],
        code="parks-miscounted",
        message="The executor's `parks` is not the number of its parks.",
        measured="parks, and what the executor counted",
        seen=[use["parks"], use["counted"]],
        wanted=[use["parks"], use["parks"]],
    )
    begin = trace.note("begin_three")
    slept = {note.value: round(note.time_s - begin.time_s, 3) for note in trace.notes("slept")}
    expect(
        len(slept) == 3 and all(abs(seconds - at) <= NEAR_S for seconds, at in slept.items()),
        code="sleeps-not-side-by-side",
        message="Three tasks that sleep side by side did not wake at their times.",
        measured="virtual seconds until each woke",
        seen=list(slept.values()),
        wanted=lengths[1:],
    )
    three = trace.note("three").value
    expect(
        three["polls"] <= 12 and three["parks"] <= 8 and three["reads"] <= 200,
        code="busy-loop",
        message="The executor polled or parked again and again, or kept looking at the clock, while three tasks slept.",
        measured="polls (at most 12), parks (at most 8) and reads of the clock (at most 200)",
        seen=[three["polls"], three["parks"], three["reads"]],
        wanted=[10, 3, "some 20"],
        means="A timer is a deadline and a waker. Park until the earliest deadline, then wake its task.",
    )


@check(
    points=1,
    title="A hundred wakes before the next poll are one poll",
    concept="wakers",
    about="Executor",
)
async def test_coalesce(run: Run) -> None:
    trace = await _run(run, "hundred_wakes")
    expect(
        trace.has("polls") and len(trace.note("polls").value) == 1,
        code="clone-wakes-nobody",
        message="A task whose waker and its clones were called did not come to its end.",
        measured="how block_on ended",
        seen=_end(trace),
        wanted="it returns",
    )
    (polls,) = trace.note("polls").value
    expect(
        polls == 2,
        code="polled-for-each-wake",
        message="A task that was woken many times was polled many times.",
        measured="polls of a task that was woken a hundred times before its second poll",
        seen=polls,
        wanted=2,
        means="Being ready is a state, and not a count: keep a mark that the task is in the queue, and put it there once.",
    )


@check(
    points=2,
    title="The last waker counts: a future can move from task to task",
    concept="stale wakers",
)
async def test_stale_waker(run: Run) -> None:
    for scenario, what in (
        ("moved_one_shot", "a OneShotFuture"),
        ("moved_sleep", "a sleep"),
        ("moved_handle", "a JoinFuture"),
    ):
        trace = await _run(run, scenario)
        expect(
            trace.has("second") and trace.note("second").value == "ended",
            code="stale-waker",
            message=f"{what[0].upper()}{what[1:]} was polled by one task and then awaited by another, which never went on.",
            measured="whether the second task came to its end",
            seen=False,
            wanted=True,
            means="A future is moved, into a select or another task, and polled there with another waker. Keep the waker of "
            "*each* poll; the one of the first poll belongs to somebody who does not wait any more.",
        )
        pending = trace.note("pending").value
        expect(
            pending is True,
            code="ready-too-early",
            message=f"{what[0].upper()}{what[1:]} was ready at its first poll.",
            measured="whether the first poll gave PENDING",
            seen=pending,
            wanted=True,
        )
    answers = (await run("whose_waker")).note("answers").value
    expect(
        answers == [True, True, False, False],
        code="will-wake",
        message="will_wake does not tell whether two wakers wake the same task.",
        measured="will_wake of a waker with itself; of its clone with it; with another task's; with a clone of another task's",
        seen=answers,
        wanted=[True, True, False, False],
    )


@check(
    points=1,
    title="A finished future says so when it is polled again, and the executor never does that",
    concept="polling",
)
async def test_after_ready(run: Run) -> None:
    again = (await run("finished_futures")).note("again").value
    wrong = {kind: said for kind, said in again.items() if said != "PolledAfterReady"}
    expect(
        len(again) == 7 and not wrong,
        code="polled-after-ready",
        message="A future that was ready could be polled again.",
        measured="what a poll after Ready did, for each kind of future that does not raise PolledAfterReady",
        seen=wrong,
        wanted={},
        means="A value is handed out once. Whoever polls again has a bug, and wants to be told.",
    )
    trace = await _run(run, "woken_after_its_end")
    late = trace.note("late_polls").value if trace.has("late_polls") else "block_on did not return"
    expect(
        late == 0 and trace.has("joined") and trace.note("joined").value == ["A", "B", "C"],
        code="finished-future-polled",
        message="A future that had been ready was polled again.",
        measured="polls after Ready, of a task that is woken after its end and of a part of join",
        seen=late,
        wanted=0,
        means="Wakers outlive their task. A wake of a task that has ended does nothing; join polls only parts that are pending.",
    )


@check(
    points=2,
    title="A panic ends its task only, abort drops a task, and nobody is waited for in vain",
    concept="panics and cancellation",
)
async def test_panic_cancel(run: Run) -> None:
    trace = await _run(run, "panics", "ValueError", "JoinError", "SystemExit")
    word = f"{trace.inputs().randrange(16**8):08x}"
    wanted: list[Any] = [
        ["value", "first"],
        ["JoinError", "ValueError", word, True],
        ["value", "third"],
        ["JoinError", "SystemExit", "3", False],
    ]
    seen = (
        trace.note("ends").value if trace.has("ends") else f"block_on raised {trace.error.type if trace.error else ''}"
    )
    expect(
        seen == wanted,
        code="panic-not-contained",
        message="A task's panic did not come out of its handle as JoinError, or did not leave the others alone.",
        measured="what awaiting the handles of four tasks gave, of which the second and the fourth raise",
        seen=seen,
        wanted=wanted,
        means="The executor catches whatever leaves a task's poll and keeps it for the handle. Every exception counts.",
    )
    root = (await run("panics")).note("root").value
    expect(
        root == ["ValueError", True],
        code="root-panic",
        message="block_on did not raise the very exception that its future raised.",
        measured="what block_on raised",
        seen=root,
        wanted=["ValueError", True],
    )
    trace = await _run(run, "aborted")
    wanted = [["Cancelled"], ["value", "value"], ["Cancelled"]]
    seen = trace.note("ends").value if trace.has("ends") else "block_on did not return"
    expect(
        seen == wanted,
        code="abort-not-told",
        message="abort() did not do what it must.",
        measured="what the handles gave of a task that waited, of one that had ended, and of one that had not begun",
        seen=seen,
        wanted=wanted,
        means="An aborted task is over: its handle raises Cancelled. A task that has ended keeps its value.",
    )
    expect(
        trace.note("done").value == ["finally"],
        code="dropped-without-cleanup",
        message="An aborted coroutine's finally block did not run once, or an aborted task ran that had not begun.",
        measured="what ran after abort()",
        seen=trace.note("done").value,
        wanted=["finally"],
        means="To drop a coroutine is to close() it: that raises GeneratorExit where it waits, and runs its finally blocks.",
    )
    trace = await _run(run, "never_woken")
    expect(
        trace.has("ended") and trace.note("ended").value == "Deadlock",
        code="parked-for-ever",
        message="Nobody can ever wake the root future, and block_on waits for it.",
        measured="how block_on ended, with no other task, no timer and no expect_wake() open",
        seen="it is parked for ever" if not trace.has("ended") else trace.note("ended").value,
        wanted="Deadlock",
    )
    trace = await _run(run, "woken_late")
    expect(
        trace.has("value") and trace.note("value").value == "gate",
        code="deadlock-too-early",
        message="Somebody outside was expected, and block_on did not wait.",
        measured="how block_on ended, with expect_wake() open and a thread that wakes the task after an hour",
        seen=_end(trace),
        wanted="it returns",
    )
    trace = await _run(run, "expected_in_vain")
    expect(
        trace.has("ended") and trace.note("ended").value == "Deadlock",
        code="expected-in-vain",
        message="The last expect_wake() was closed without a wake, and block_on waits on.",
        measured="how block_on ended, parked while another thread closes expect_wake()",
        seen="it is parked for ever" if not trace.has("ended") else trace.note("ended").value,
        wanted="Deadlock",
        means="Closing it changes what block_on may wait for: unpark the thread, so that it looks again.",
    )


@check(
    points=1,
    title="await works for every future, as deep as one likes",
    concept="coroutines as futures",
    evidence="outside",
    witness="values_through_awaits",
    visibility="visible",
    about="from_coroutine",
)
async def test_await_bridge(run: Run) -> None:
    trace = await run("awaits_in_awaits")
    number = trace.inputs().randrange(1000, 10_000)
    expect(
        trace.note("deep").value == [number + 3, str(number)],
        code="await-loses",
        message="A value or an exception did not get through a chain of awaits.",
        measured="what three coroutines, each of which adds 1, made of a OneShotFuture's value; and the text of an exception",
        seen=trace.note("deep").value,
        wanted=[number + 3, str(number)],
        means="A coroutine yields the future that it waits for. Poll it; send its Ready in, or throw in what it raised.",
    )
    trace = await _run(run, "joins_and_selects")
    draw = trace.inputs()
    values = [draw.randrange(1000, 10_000) for _ in range(5)]
    wanted = [values[:3], [1, values[4]]]
    seen = trace.note("several").value if trace.has("several") else "block_on did not return"
    expect(
        seen == wanted,
        code="join-or-select",
        message="join or select did not give what it must.",
        measured="join of three futures, of which the last is ready first; (index, value) of select, where the second is ready",
        seen=seen,
        wanted=wanted,
    )
    left = trace.note("left").value
    expect(
        left == [2, 1, 0, 4, 3],
        code="loser-not-dropped",
        message="select did not drop the future that was not ready.",
        measured="coroutines that were left, in order; the last one lost",
        seen=left,
        wanted=[2, 1, 0, 4, 3],
        means="Nobody will poll it again: close() it, so that its finally blocks run.",
    )


@witness("values_that_are_awaited")
def values_through_awaits(watch: Watch) -> None:
    """The judge's value goes through three coroutines, and each of them adds one."""
    value = watch.random.randrange(1 << 30)
    watch.serve("value", value)
    watch.hold(deep=1)
    seen = watch.open("deep")[0].value
    watch.fact(seen == value + 3, "what came out of three awaits", seen, value + 3)
