"""Checks of ex03: a cooperative scheduler on one thread. All expectations live here."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

from threadmarks.grading import Run, Trace, Watch, check, expect, witness

MAIN_THREAD = 0
READS_TO_WAIT = 20
"""Reads of attributes that one task may need to begin to wait, to be woken and to get its value; seen were 2 to 8."""
WAITED_TURNS = WAITERS = 5_000
"""In a plain run: enough that looking at each waiting task at each turn takes 75 times as long, in the quickest way."""
ROUNDS = 3
MOST_DEARER = 20
"""Times the processor time, in a plain run. Right files show 0.8 to 1.5, idle and under overload."""


def _work(trace: Trace, begin: str, end: str) -> int:
    """Preemption points (roughly: bytecode instructions) of the student's file on the main thread between two marks."""
    return _points(trace, end) - _points(trace, begin)


def _points(trace: Trace, mark: str) -> int:
    return trace.mark(mark).counters.get(MAIN_THREAD, (0, 0))[1]


def _count(value: object) -> int:
    """`value` if it is a whole number, as counts are; else -1, which no check wants."""
    return value if type(value) is int else -1


def _word(draw: Random) -> str:
    """The text that the scenario drew."""
    return f"{draw.randrange(16**8):08x}"


def _joined(log: Sequence[Any]) -> str:
    return " ".join(str(entry) for entry in log)


@check(
    points=2,
    title="No thread is started",
    concept="task scheduling",
    evidence="outside",
    witness="no_thread_for_tasks",
    visibility="visible",
    about="Scheduler.run",
)
async def test_zero_threads(run: Run) -> None:
    trace = await run("mixed_work")
    started = trace.student_threads
    expect(
        not started,
        code="threads-started",
        message="Your scheduler started a thread.",
        measured="threads started while three tasks ran",
        seen=len(started),
        wanted=0,
        means="A task is not a thread. It is an object that the loop resumes by a call, and that comes back at its "
        "yield.",
        place=started[0] if started else None,
    )
    log = trace.note("log").value
    expect(
        sorted(log) == ["A1", "A2", "A3", "B1", "B2", "W"],
        code="tasks-left-out",
        message="Not every task ran to its end.",
        measured="what three tasks wrote down, in any order",
        seen=_joined(sorted(log)),
        wanted="A1 A2 A3 B1 B2 W",
        means="run() goes on until no task is left, neither a ready nor a waiting one. (W waits for A.)",
    )


@witness("tasks_that_call")
def no_thread_for_tasks(watch: Watch) -> None:
    """No thread is made while tasks run, and each gets its two turns."""
    watch.threads(most=0)
    count = watch.random.randrange(3, 9)
    watch.serve("count", count)
    watch.hold(turn=1)  # a thread that the first turn runs on is there to be seen, where the kernel does not count
    watch.serve("turn")
    watch.hold(ran=1)
    turns = sorted(str(call.value) for call in watch.seen("turn"))
    wanted = sorted([*map(str, range(count)), *map(str, range(count)), "waiter"])
    watch.fact(turns == wanted, "turns that tasks had, in any order", turns, wanted)


@check(
    points=4,
    title="Tasks take turns: A1 B1 C1 A2 B2 ...",
    concept="task scheduling",
    visibility="visible",
    about="Scheduler.run",
)
async def test_rotation(run: Run) -> None:
    trace = await run("three_lengths")
    lengths = trace.inputs().sample([2, 4, 5], 3)
    wanted = [
        f"{name}{turn}"
        for turn in range(1, max(lengths) + 1)
        for name, turns in zip("ABC", lengths, strict=True)
        if turn <= turns
    ]
    log = trace.note("log").value
    in_one_go = log[: lengths[0]] == [f"A{turn}" for turn in range(1, lengths[0] + 1)]
    expect(
        not in_one_go,
        code="no-rotation",
        message="Your scheduler finished the first task before it began the second.",
        measured=f"order of the resumes of three tasks ({lengths[0]}, {lengths[1]} and {lengths[2]} resumes)",
        seen=_joined(log),
        wanted=_joined(wanted),
        means="At a yield a task gives way: it goes to the back of the queue, and the task at the front is next.",
    )
    expect(
        log == wanted,
        code="wrong-order",
        message="Your scheduler did not resume the tasks in turn.",
        measured=f"order of the resumes of three tasks ({lengths[0]}, {lengths[1]} and {lengths[2]} resumes)",
        seen=_joined(log),
        wanted=_joined(wanted),
        means="First in, first out: take the first ready task, resume it once, put it at the back. When a task ends, "
        "nobody else may lose a turn.",
    )


@check(points=1, title="spawn only queues; a task may spawn another", concept="lazy start", about="Scheduler.spawn")
async def test_lazy_spawn(run: Run) -> None:
    trace = await run("spawning")
    before = trace.note("before_run").value
    expect(
        before == [],
        code="eager-spawn",
        message="spawn() ran a part of the task before run() was called.",
        measured="resumes before run()",
        seen=_joined(before),
        wanted="none",
        means="Calling a generator function runs nothing of it, and neither does spawn: only run() resumes tasks.",
    )
    log = trace.note("log").value
    expect(
        "C1" in log and trace.note("late_done").value == [True],
        code="late-spawn-lost",
        message="A task that was spawned by another task did not run in this run().",
        measured="resumes while A (which spawns C) and B ran",
        seen=_joined(log),
        wanted="C1 and C2 among them",
        means="Tasks can be spawned at any time. A loop over the tasks that were there at the beginning misses the "
        "rest.",
    )
    position = {entry: index for index, entry in enumerate(log)}
    complete = len(log) == len(position) == 10
    expect(
        complete and position["B1"] < position["C1"] < position["A3"],
        code="late-spawn-order",
        message="A task that was spawned during run() did not start in its turn.",
        measured="order of resumes; A spawns C in its first resume, while B is already queued",
        seen=_joined(log),
        wanted="C1 after B1, and before A's third resume",
        means="A new task goes behind those that are ready already; it is neither run inside spawn nor kept for later.",
    )


@check(
    points=2,
    title="The handle keeps what the task returned, None too",
    concept="join handle",
    about="TaskHandle.result",
)
async def test_results(run: Run) -> None:
    trace = await run("return_values")
    for done, outcome in trace.note("early").value:
        expect(
            done is False and outcome == ["raised", "RuntimeError"],
            code="result-before-done",
            message="A task that has not run yet is done, or its result() does not raise RuntimeError.",
            measured="done, and what result() does before run()",
            seen=[done, *outcome],
            wanted=[False, "raised", "RuntimeError"],
            means="None can be a task's real result, so 'no result yet' needs a mark of its own.",
        )
    late = trace.note("late").value
    draw = trace.inputs()
    values = [draw.randrange(1000, 10_000), _word(draw), None, 0]
    expect(
        len(late) == 4 and all(done is True for done, _ in late),
        code="not-done",
        message="A handle is not done although run() has returned.",
        measured="done of four handles after run()",
        seen=[done for done, _ in late],
        wanted=[True] * 4,
        means="run() returns when no task is left; each task's end sets done on its handle.",
    )
    for (_, outcome), value in zip(late, values, strict=True):
        expect(
            outcome == ["value", value],
            code="result-lost",
            message="result() did not give what the task returned.",
            measured="result() of a task after run()",
            seen=outcome[1] if outcome[0] == "value" else f"raised {outcome[1]}: {outcome[2]}",
            wanted=value,
            means="A generator's return value is not what next() gives: it is the `value` of the StopIteration that "
            "ends it.",
        )


@check(points=3, title="A task that raises harms nobody else", concept="panic isolation", about="Scheduler.run")
async def test_panic_isolated(run: Run) -> None:
    trace = await run("panics")
    raised = trace.note("run_raised").value if trace.has("run_raised") else ""
    expect(
        not raised,
        code="panic-ends-run",
        message=f"An exception in one task came out of run(): {raised}.",
        measured="what run() raised",
        seen=raised or "nothing",
        wanted="nothing",
        means="A panic belongs to its task: the loop catches it (BaseException: SystemExit as well), keeps it in the "
        "handle, and goes on.",
    )
    good, log = trace.note("good").value, trace.note("log").value
    expect(
        good == [True, True] and sorted(log) == ["A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4"],
        code="panic-stops-others",
        message="Tasks that did not raise were not finished.",
        measured="done of the two tasks that do not raise, and their resumes",
        seen=[*good, _joined(sorted(log))],
        wanted=[True, True, "A1 A2 A3 A4 B1 B2 B3 B4"],
        means="When a task panics, the tasks before and behind it in the queue must still get all their turns.",
    )
    bad = trace.note("bad").value
    expect(len(bad) == 3, code="panic-lost", message="A handle of a panicked task is missing.", seen=len(bad), wanted=3)
    for kind, outcome in zip(("ValueError", "SystemExit", "an exception that is false"), bad, strict=True):
        told = "join_error" in outcome
        expect(
            outcome["done"] is True and told,
            code="panic-lost",
            message=f"The handle of a task that raised {kind} does not tell of it.",
            measured="done, and what result() did",
            seen=[outcome["done"], "JoinError" if told else outcome.get("raised", "returned a value")],
            wanted=[True, "JoinError"],
            means="result() of a panicked task raises JoinError. Ask `is not None`: an exception object can be false.",
        )
        expect(
            outcome["original"] is True,
            code="panic-payload",
            message=f"JoinError.payload is not the exception that left the task ({kind}).",
            measured="whether payload is the very exception that was raised",
            seen=False,
            wanted=True,
            means="Whoever joins needs the original exception, not a copy of its text.",
        )


@check(
    points=3,
    title="Waiting for a task costs nothing, and delivers",
    concept="waiting without polling",
    witness="turns_cost_the_same",
    about="Scheduler.run",
)
async def test_wait_no_spin(run: Run) -> None:
    trace = await run("long_wait")
    _expect_still_time(trace)
    _expect_idle_waiters(trace)
    _expect_no_looks(await run("waits_apart"))
    _expect_delivery(await run("waits"))


@witness("tasks_that_wait")
def turns_cost_the_same(watch: Watch) -> None:
    """A turn takes no more processor time while thousands of tasks wait, wherever the looking is done.

    Both spans lie in one process, and the fastest of the crowded ones is held against the slowest of the others: what
    load and caches do to them is a small part of the factor.
    """
    watch.serve("rounds", ROUNDS)
    watch.serve("turns", WAITED_TURNS)
    spans: dict[str, list[float | None]] = {"before": [], "then": []}
    for _ in range(ROUNDS):
        for name, waiters in (("before", 0), ("then", WAITERS)):
            watch.hold(scheduler=1)
            watch.answer_all("scheduler", waiters)
            watch.hold(first_turn=1)
            begin_s = watch.processor_s()
            watch.answer_all("first_turn")
            watch.hold(last_turn=1)
            end_s = watch.processor_s()
            spans[name].append(None if begin_s is None or end_s is None else end_s - begin_s)
            watch.answer_all("last_turn")
    watch.hold(ran=1)
    measured = f"processor time of {WAITED_TURNS} turns beside {WAITERS} waiting tasks, as a multiple of that of the turns alone"
    watch.dearer(measured, spans, MOST_DEARER)


def _expect_still_time(trace: Trace) -> None:
    expect(
        trace.virtual_s == 0,
        code="sleeps-between-turns",
        message="Your scheduler sleeps between turns.",
        measured="virtual seconds that passed while tasks were ready all the time",
        seen=round(trace.virtual_s, 6),
        wanted=0,
        means="As long as a task is ready, the loop has work. A pause 'to save the processor' only makes "
        "everything late.",
    )


def _expect_idle_waiters(trace: Trace) -> None:
    draw = trace.inputs()
    turns, word = draw.randrange(980, 1020), _word(draw)
    for waiters in (0, 1, 20):
        got = trace.note(f"got_{waiters}").value
        expect(
            got == [word] * waiters,
            code="waiter-not-resumed",
            message="A task that waited for another did not get its return value.",
            measured=f"what {waiters} waiting task(s) received",
            seen=got,
            wanted=[word] * waiters,
            means="When a task ends, each task that waits for it becomes ready again, with the value to be sent into "
            "it.",
        )
    alone, waiting = _count(trace.note("steps_0").value), _count(trace.note("steps_1").value)
    expect(
        alone == turns,
        code="steps-miscounted",
        message="steps is not the number of resumes.",
        measured=f"steps after one task of {turns} resumes (the last of them ends it)",
        seen=trace.note("steps_0").value,
        wanted=turns,
        means="Count one step each time a task is resumed, also when it ends in that resume.",
    )
    expect(
        turns < waiting <= turns + 3,
        code="waiting-takes-steps",
        message="Waiting for a task took steps.",
        measured=f"steps with one task of {turns} resumes and one that waits for it",
        seen=waiting,
        wanted=f"{turns + 2} (at most {turns + 3})",
        means="A waiting task is in no queue. It is looked at twice: when it begins to wait, and when it is woken.",
    )
    base = _work(trace, "begin_0", "end_0")
    loaded = _work(trace, "begin_20", "end_20")
    expect(
        loaded <= 2 * base,
        code="waiting-polls",
        message="Your scheduler keeps looking at tasks that wait.",
        measured="work of your file while 20 tasks wait, as a multiple of its work while none waits",
        seen=round(loaded / max(base, 1), 1),
        wanted="about 1 (at most 2)",
        means="Do not ask at each turn whether the other task is done; let its end put the waiting tasks back.",
    )


def _expect_no_looks(trace: Trace) -> None:
    """Looks are counted at the objects that are looked at: loops in compiled code pass no instruction of the file."""
    resumed = trace.note("resumed_100").value
    expect(
        resumed == 100,
        code="waiter-not-resumed",
        message="Not every task that waited for another was resumed.",
        measured="waiting tasks that were resumed, of 100 that each wait for another task",
        seen=resumed,
        wanted=100,
    )
    alone, waiting = _count(trace.note("reads_0").value), _count(trace.note("reads_100").value)
    most = 2 * alone + 100 * READS_TO_WAIT
    expect(
        0 <= waiting <= most,
        code="waiting-polls",
        message="Your scheduler keeps looking at tasks that wait.",
        measured=f"reads of your objects' attributes in 2000 turns while 100 tasks wait (without them: {alone})",
        seen=waiting,
        wanted=f"about {alone} (at most {most})",
        means="Do not ask at each turn whether the other task is done, not even in one call that asks all of them; let "
        "its end put the waiting tasks back.",
    )


def _expect_delivery(trace: Trace) -> None:
    draw = trace.inputs()
    soon, later = _word(draw), _word(draw)
    expect(
        trace.has("finished") and trace.note("finished").value == soon,
        code="wait-for-finished",
        message="A task that waits for a task which is done already does not get its value.",
        measured="what `yield handle` gave, for a handle that was done",
        seen=trace.note("finished").value if trace.has("finished") else "never resumed",
        wanted=soon,
        means="The end of the other task is past and will wake nobody: look at `done` before you put the task aside.",
    )
    expect(
        trace.note("both").value == [later, later],
        code="second-waiter-lost",
        message="Two tasks waited for the same task, and not both were resumed with its value.",
        measured="what the two tasks received",
        seen=trace.note("both").value,
        wanted=[later, later],
        means="A handle can have many waiters: keep a list of them.",
    )
    for name in ("panic", "late_panic"):
        seen = trace.note(name).value if trace.has(name) else ["never resumed", False]
        expect(
            seen == ["JoinError", True],
            code="panic-not-thrown",
            message="A task that waits for a task which panics does not get JoinError.",
            measured="what `yield handle` did in the waiting task, and whether payload is the original exception",
            seen=seen,
            wanted=["JoinError", True],
            means="The panic goes to whoever waits: resume that task with gen.throw(JoinError(original)).",
        )


@check(
    points=2,
    title="current names the running task; every task gets its turn",
    concept="fairness",
    about="Scheduler.run",
)
async def test_fairness(run: Run) -> None:
    trace = await run("ten_tasks")
    outside = [trace.note("current_before").value, trace.note("current_after").value]
    expect(
        outside == ["None", "None"],
        code="current-outside",
        message="current is not None while no task runs.",
        measured="current before and after run()",
        seen=outside,
        wanted=["None", "None"],
        means="current says whose code runs at this moment; set it around each resume, and only there.",
    )
    wrong = trace.note("current_wrong").value
    expect(
        not wrong,
        code="current-wrong",
        message="Inside a task, current was not the handle that spawn() returned for it.",
        measured="running task, and whom current named",
        seen=wrong[0] if wrong else [],
        wanted="the running task's own handle",
        means="Set current before you resume the task, to the very object that spawn() returned.",
    )
    log, lengths = trace.note("log").value, _lengths(trace)
    counts = {name: log.count(name) for name in lengths}
    expect(
        counts == lengths,
        code="turns-missing",
        message="Not every task got all its turns.",
        measured="resumes of each task",
        seen=counts,
        wanted=lengths,
        means="run() returns only when no task is left.",
    )
    unfair = _first_unfair(log)
    expect(
        unfair is None,
        code="skipped-turn",
        message="Between two resumes of one task, another task that was ready did not get exactly one turn.",
        measured=f"turns of {unfair[1]} between resume {unfair[2]} and the next of {unfair[0]}" if unfair else "",
        seen=unfair[3] if unfair else 1,
        wanted=1,
        means="Taking a task out of a list while a for loop walks over it makes the loop jump over the next one.",
    )


def _lengths(trace: Trace) -> dict[str, int]:
    """How many turns each task of `ten_tasks` has."""
    draw, lengths = trace.inputs(), [100] * 12
    for place in draw.sample(range(12), 2):
        lengths[place] = draw.randrange(30, 70)
    return dict(zip("ABCDEFGHIJKL", lengths, strict=True))


def _first_unfair(log: Sequence[str]) -> tuple[str, str, int, int] | None:
    """The first (task, other, resume of `task`, turns) where `other`, alive, did not get exactly one turn after it."""
    places: dict[str, list[int]] = {}
    for index, name in enumerate(log):
        places.setdefault(name, []).append(index)
    for name, mine in places.items():
        for number, (begin, end) in enumerate(pairwise(mine), start=1):
            for other, theirs in places.items():
                if other == name or theirs[-1] < begin:
                    continue
                turns = sum(1 for index in theirs if begin < index < end)
                if turns != 1:
                    return name, other, number, turns
    return None


@check(points=2, title="10 000 tasks, and 2000 that wait in a chain", concept="scale", about="Scheduler.run")
async def test_scale(run: Run) -> None:
    growth = await run("growth")
    _expect_no_thread_per_task(growth)
    _expect_linear_work(growth)
    _expect_still_lists(await run("queue_moves"))
    await _expect_flat_chain(run)
    await _expect_all_of_ten_thousand(run)


async def _expect_all_of_ten_thousand(run: Run) -> None:
    trace = await run("ten_thousand", allow=("spinning",))
    tasks = 10_000 + trace.inputs().randrange(100)
    if not trace.completed and trace.has("so_far"):
        # Our own limit on the instructions of one run. That the work per task does not grow has been shown before.
        expect.note(
            code="heavy-turns",
            message="Your scheduler takes many instructions for each turn; 10 000 tasks were not run to the end.",
            measured="tasks that ran before the limit",
            seen=trace.notes("so_far")[-1].value,
            wanted=tasks,
        )
        return
    trace = await run("ten_thousand")
    ran, steps = trace.note("ran").value, _count(trace.note("steps").value)
    expect(
        ran == tasks,
        code="tasks-left-out",
        message=f"Not all of {tasks} tasks ran.",
        measured="tasks that ran",
        seen=ran,
        wanted=tasks,
        means="run() goes on until no task is left.",
    )
    expect(
        tasks <= steps <= 2 * tasks,
        code="steps-not-minimal",
        message=f"{tasks} tasks that end in their first resume did not take the right number of steps.",
        measured="steps",
        seen=trace.note("steps").value,
        wanted=f"{tasks} (at most {2 * tasks})",
        means="A task that has ended is gone; it needs no further resume.",
    )


def _expect_no_thread_per_task(trace: Trace) -> None:
    started = trace.student_threads
    expect(
        len(started) <= 100,
        code="thread-per-task",
        message="Your scheduler needs a thread for every task; 10 000 of them are more than a process may have.",
        measured="threads started for 100 and then 400 tasks",
        seen=len(started),
        wanted="0 (at most 100)",
        means="A thread costs a stack and a place in the system's tables. A task is one small object: that is why "
        "there "
        "can be many.",
        place=started[0] if started else None,
    )


def _expect_linear_work(trace: Trace) -> None:
    small = _work(trace, "begin_100", "end_100")
    large = _work(trace, "begin_400", "end_400")
    expect(
        large <= 8 * max(small, 1),
        code="work-grows-faster",
        message="With more tasks, each turn of your scheduler takes longer.",
        measured="work of your file for 400 tasks, as a multiple of its work for 100",
        seen=round(large / max(small, 1), 1),
        wanted="about 4 (at most 8)",
        means="Do not walk over all tasks to find the next one: the queue's front is the next one.",
    )


def _expect_still_lists(trace: Trace) -> None:
    for phase, count in trace.note("rewritten").value.items():
        expect(
            count <= 3,
            code="queue-shifts",
            message="Each turn of your scheduler moves the whole queue.",
            measured=f"how often, in ten turns with tasks {phase}, a list of 500 or more entries changed most of its "
            "places",
            seen=count,
            wanted="0 (at most 3)",
            means="list.pop(0), list.remove and a new list per turn move every entry behind the gap, one by one. "
            "collections.deque takes from its front without moving the others.",
        )


async def _expect_flat_chain(run: Run) -> None:
    means = (
        "Do not run the awaited task from inside the waiting one, nor the waiters from inside the end of another. "
        "Put them into the queue; the one loop resumes everybody."
    )
    trace = await run("chain", allow=("raised",))
    expect(
        trace.completed or trace.error is None or trace.error.type != "RecursionError",
        code="recursion",
        message="A chain of 2000 waiting tasks ended in RecursionError.",
        measured="how run() ended",
        seen="RecursionError",
        wanted="all 2000 tasks done",
        means=means,
    )
    trace = await run("chain")
    low, high = trace.note("depth").value
    expect(
        high - low <= 100,
        code="recursion",
        message="A chain of waiting tasks makes your scheduler call itself, once for each task.",
        measured="calls on the stack in a chain of 2000 tasks: difference between the deepest and the flattest resume",
        seen=high - low,
        wanted="0 (at most 100)",
        means=means,
    )
    passed = trace.note("passed").value
    expect(
        passed == 2000,
        code="chain-broken",
        message="In a chain of 2000 tasks, not every one was resumed when the one it waited for was done.",
        measured="tasks that ran to their end",
        seen=passed,
        wanted=2000,
        means="Each end wakes the tasks that wait for it.",
    )
    steps = _count(trace.note("steps").value)
    least = 2 * 1999 + 1 + trace.inputs().randrange(1, 20)
    expect(
        least <= steps <= 2 * least,
        code="steps-not-minimal",
        message="A chain of 2000 waiting tasks did not take the right number of steps.",
        measured="steps",
        seen=trace.note("steps").value,
        wanted=f"{least} (at most {2 * least})",
        means="A waiting task is resumed once when the other ends; asking in between costs a step for each question.",
    )


@check(points=1, title="Tasks that wait for each other are a Deadlock", concept="deadlock", about="Scheduler.run")
async def test_deadlock(run: Run) -> None:
    trace = await run("circle")
    ended = trace.note("ended").value
    expect(
        ended == "Deadlock",
        code="deadlock-unnoticed",
        message="Two tasks wait for each other, and run() returned as if all were well.",
        measured="how run() ended",
        seen=ended,
        wanted="Deadlock",
        means="When no task is ready but some still wait, nobody will ever wake them: that is not the end of the work.",
    )
    passed = trace.note("passed").value
    expect(
        passed == [] and trace.note("waiting_done").value == [False, False],
        code="deadlock-broken-open",
        message="A task that waits in a circle was resumed although the other one was not done.",
        measured="tasks that got past their `yield handle`",
        seen=len(passed),
        wanted=0,
        means="A waiting task stays aside until the task that it waits for is done.",
    )
    expect(
        trace.note("free_done").value is True,
        code="deadlock-too-early",
        message="Deadlock was raised while another task could still run.",
        measured="whether the third task was done when run() ended",
        seen=False,
        wanted=True,
        means="A circle of waiting tasks is only fatal when nobody else is left: until then there is work to do.",
    )
