"""The checks of ex14. Every expectation lives here."""

from typing import Any

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

NEAR_S = 0.001
"""How far from its moment something may come, in virtual seconds."""
DEFAULT_WORKERS = 4
WORKERS = (2, 3, 5, 6)
END_S = 2.0  # of either program
SLOW_S = 1.5  # so that task 2 has not ended when task 1 has
CHILD, MAIN = "Child thread", "Main thread"
THREADS_LINES = {CHILD: 4, MAIN: 2}
THREADS_PERIODS = {CHILD: 0.5, MAIN: 0.7}
TASK_1, TASK_2 = "Async task 1", "Async task 2"
TOKIO_LINES = {TASK_1: 4, TASK_2: 2}
TOKIO_PERIODS = {TASK_1: 0.5, TASK_2: 0.7}
FORECAST = {
    "threads": {"threads": 2, "lines": 6, "end": END_S},
    "tokio": {"threads": DEFAULT_WORKERS + 1, "lines": 6, "end": END_S},
}
PROGRAMS = {"threads": "the_threads_program", "tokio": "the_tokio_program"}
SCHEDULES = {"threads": 24, "tokio": 40}
"""Upon the student's own files twice as many: what hides behind an order is found by one in twenty, measured."""
TITLES = {"threads": "the threads program", "tokio": "the Tokio program"}
MEASURES = {
    "threads": "how many threads there are at most at once, main included",
    "lines": "how many lines are said",
    "end": "after how many seconds it has ended",
}
STUCK = ("deadlock", "stalled", "spinning", "raised")
FORECAST_MEANS = {
    "threads": "Threads are there because somebody asked for them: main, and each spawn of std::thread. Tasks ask for none. They run on the "
    "workers that the runtime has made, however many tasks there are; main waits beside them.",
    "lines": "1..5 ends before 5.",
    "end": "What runs side by side takes as long as the longest of it, not the sum. Each turn ends with a sleep, the last one too.",
}
ORDER_MEANS = (
    "Lines that are due at different moments come in the order of these moments. Of lines that are due at the same moment, "
    "nobody says which comes first: two threads, or two workers, are ready, and the scheduler takes either. Only a join, an await, a lock or "
    "a channel makes an order."
)
DECORATOR_MEANS = "The macro only rewrites the function: each call builds a runtime, blocks on the body, shuts down, and gives on what came out."
CURRENT_MEANS = (
    "Which runtime is current belongs to a thread, and only while a task of that runtime runs there. A task can go on on another worker than "
    "the one on which it began."
)
DOWN_MEANS = "Shutting down belongs in a `finally`: a body that panics leaves the function, too."
RANGE_MEANS = "The range 1..5 goes from 1 to 4, and range(1, 5) does so too. Count what is really said before you trust a loop's bounds."
TEXT_MEANS = "The texts are those of the Rust program, letter by letter: compare the last list, where there should be nothing, with what is wanted."
DROP_MEANS = "When the body has ended the runtime is shut down: a task that has not ended is dropped where it waits, and its `finally` blocks run."


def _near(seconds: float, wanted_s: float) -> bool:
    return abs(seconds - wanted_s) <= NEAR_S


# ---- the forecast


@check(
    points=1,
    title="The forecast says how many threads, how many lines, and when it ends; not in which order lines come that are due together",
    concept="nondeterminism",
    visibility="visible",
    about="predict",
)
async def test_predict(run: Run, explore: Explore) -> None:
    trace = await run("forecast", allow=("raised",))
    if trace.error is not None:
        expect(
            trace.error.type != "NotImplementedError",
            code="not-implemented",
            message="Predict first: predict() is not written yet.",
            means="Read the two programs, decide how many threads and lines there will be and when each ends, and write it down "
            "before you write the programs. It is judged by itself, without them.",
        )
        await run("forecast")
    _foretold(trace)
    orders = {name: await _the_same_every_time(run, explore, name, scenario) for name, scenario in PROGRAMS.items()}
    tried = {TITLES[name]: number for name, number in orders.items() if number}
    if max(tried.values(), default=0) > 1:
        expect.note(
            code="order-is-open",
            message="What cannot be foretold: in which order lines come that are due at the same moment.",
            measured=f"different orders of the lines of {' and of '.join(tried)}, under many schedules",
            seen=list(tried.values()),
            wanted="any of them is right",
            means=ORDER_MEANS,
        )


def _foretold(trace: Trace) -> None:
    """The forecast has its keys, is right, and is no measurement."""
    told = trace.note("forecast").value
    shape = (
        {name: sorted(row) if isinstance(row, dict) else row for name, row in told.items()}
        if isinstance(told, dict)
        else told
    )
    wanted_shape = {name: sorted(row) for name, row in FORECAST.items()}
    expect(
        shape == wanted_shape,
        code="forecast-incomplete",
        message="The forecast does not have the keys that it should.",
        measured="the keys of what predict() returned",
        seen=shape,
        wanted=wanted_shape,
    )
    started, seconds = trace.note("cost").value
    expect(
        [started, seconds] == [0, 0.0],
        code="forecast-by-running",
        message="predict() measures: it starts threads, or takes time. A forecast is made without running anything.",
        measured="threads started by predict(), and seconds that it took",
        seen=[started, round(seconds, 3)],
        wanted=[0, 0.0],
        means="What one run shows is one of many. Read the programs: threads, lines and the end follow from them. "
        + ORDER_MEANS,
    )
    for name, row in FORECAST.items():
        for key, wanted in row.items():
            seen = told[name][key]
            expect(
                isinstance(seen, int | float) and _near(seen, wanted),
                code="wrong-forecast",
                message=f"Your forecast for {TITLES[name]} is not what happens.",
                measured=MEASURES[key],
                seen=f"your forecast: {seen!r}",
                wanted=f"what happens: {wanted!r}",
                means=FORECAST_MEANS[key],
            )


async def _the_same_every_time(run: Run, explore: Explore, name: str, scenario: str) -> int:
    """What can be foretold is the same under every schedule. Gives the number of different orders of the lines."""
    base = await run(scenario, allow=STUCK)
    if not base.completed or not base.has("lines"):
        return 0  # the program's own checks say so
    facts, orders = _facts(base), set()
    if facts[1:] != [FORECAST[name]["lines"], END_S]:
        return 0  # likewise

    def holds(trace: Trace) -> None:
        error = trace.error
        if error is not None and "NoRuntime" in f"{error.type} {error.message}":
            return  # spawn_outside tells it
        expect(
            error is None,
            code="order-assumed",
            message=f"Under another order of its threads, {TITLES[name]} raises {error.type if error else ''}.",
            measured="how the program ends, under many schedules",
            seen=_ending(trace),
            wanted="as it does under the usual one",
            means="Something in it needs an order that nobody has promised: of lines that are due at the same moment, or of steps on a "
            "variable that several threads write. Only a join, an await, a lock or a channel makes an order.",
            place=next((frame.line for frame in reversed(error.frames) if frame.file == "student"), None)
            if error
            else None,
        )
        expect(
            _facts(trace) == facts,
            code="differs-by-order",
            message=f"Under another order of its threads, {TITLES[name]} does something else.",
            measured="threads started, lines said, and seconds until the end",
            seen=_facts(trace),
            wanted=facts,
            means="All three can be foretold: no schedule changes them.",
        )
        orders.add(tuple(text for text, _, _ in trace.note("lines").value))

    await explore(scenario, holds, schedules=SCHEDULES[name], upon_own=2 * SCHEDULES[name], allow=("raised",))
    return len(orders)


def _facts(trace: Trace) -> list[Any]:
    started = len(trace.started_between("begin", "end"))
    return [started, len(trace.note("lines").value), round(trace.note("returned").value[0], 3)]


# ---- the decorator


@check(
    points=3,
    title="The decorator makes an ordinary function: name, arguments, result and exception are the body's, each call has a runtime of its own",
    concept="#[tokio::main]",
    about="main",
    visibility="visible",
)
async def test_decorator(run: Run, explore: Explore) -> None:
    trace = await run("only_decorated")
    expect(
        [note.value for note in trace.notes("at_decoration")] == [[0, 0]] * 2,
        code="runs-at-decoration",
        message="Decorating a function ran it, or started threads.",
        measured="calls of the body, and threads started, when the decorated function had not been called, for each flavor",
        seen=[note.value for note in trace.notes("at_decoration")],
        wanted=[[0, 0]] * 2,
        means="A decorator gives back a function. What it does when it is called, it does not do while it is made.",
    )
    _gives_on(await run("decorated"))
    trace = await run("within_a_runtime", allow=("deadlock", "raised"))
    for flavor in ("current_thread", "multi_thread"):
        nested = next(
            (note.value[1] for note in trace.notes("nested") if note.value[0] == flavor), "it did not come back"
        )
        refused = [["raised", "RuntimeError"]] * 2
        expect(
            nested == [refused, refused, [], 0],
            code="nested-call",
            message="A call of a decorated function within a runtime has to raise RuntimeError, and to run and start nothing.",
            measured=f'within a body, and within a task, of flavor "{flavor}": how two decorated functions ended (current_thread and '
            "multi_thread), what ran of them, threads started",
            seen=nested,
            wanted=[refused, refused, [], 0],
            means="block_on would hold the thread on which this runtime's tasks run. Ask whether a runtime is current before you build one.",
        )
    expect(
        [note.value for note in trace.notes("ran")] == [["inner"]] * 2,
        code="call-after-nested",
        message="After a call that was refused, the same function has to work outside.",
        measured="what ran of a decorated function that was called when the outer one had returned",
        seen=[note.value for note in trace.notes("ran")],
        wanted=[["inner"]] * 2,
    )
    for flavor, slept, reads in (note.value for note in (await run("on_a_clock")).notes("slept")):
        expect(
            _near(slept, 0.25) and reads >= 1,
            code="clock-not-used",
            message="The clock that main was given is not the one that sleeps are measured with.",
            measured=f'flavor "{flavor}": seconds that sleep(0.25) took, and reads of the clock',
            seen=[round(slept, 3), reads],
            wanted="0.25, and at least one",
        )
    await explore("one_worker_returns", _returned, schedules=30, upon_own=60, allow=("deadlock", "raised"))
    await explore("two_threads_call", _two_mains, schedules=60, upon_own=80, allow=("raised",))


def _gives_on(trace: Trace) -> None:
    """What a decorated function is called, takes, returns and raises."""
    draw = trace.inputs()
    first, second, third = (draw.randrange(1000, 10_000) for _ in range(3))
    expect(
        [note.value for note in trace.notes("names")] == [["body", "What it does."]] * 2,
        code="name-lost",
        message="The decorated function does not have the name and the docstring of the body.",
        measured="its __name__ and __doc__, for each flavor",
        seen=[note.value for note in trace.notes("names")],
        wanted=[["body", "What it does."]] * 2,
        means="functools.wraps copies them.",
    )
    returned = [[first, [], 0, []], [second, [first, third], third, [["other", first]]]]
    expect(
        [note.value for note in trace.notes("returned")] == [returned] * 2,
        code="arguments-or-result",
        message="Arguments did not reach the body as they were passed, or its result did not come back.",
        measured="what a body returned that returns its arguments, called twice, for each flavor",
        seen=[note.value for note in trace.notes("returned")],
        wanted=[returned] * 2,
    )
    kinds = ["ValueError", "SystemExit", "_FalsyBoom", "KeyError"]
    expect(
        [note.value for note in trace.notes("raised")] == [[[kind, True] for kind in kinds]] * 2,
        code="another-exception",
        message="The function did not raise the very exception that its body raised.",
        measured="what came out of bodies that raise, and whether it was the same object, for each flavor",
        seen=[note.value for note in trace.notes("raised")],
        wanted=[[[kind, True] for kind in kinds]] * 2,
        means="block_on gives on what the body raised. Whatever it is, it goes through.",
    )
    again = ["value", [third, [], 0, []]]
    expect(
        [note.value for note in trace.notes("again")] == [again] * 2,
        code="not-callable-again",
        message="After a panic the decorated functions did not work any more.",
        measured="what a body returned that was called a third time",
        seen=[note.value for note in trace.notes("again")],
        wanted=[again] * 2,
        means=DECORATOR_MEANS,
    )


def _returned(trace: Trace) -> None:
    """Under any schedule the value comes back."""
    value = trace.inputs().randrange(1000, 10_000)
    seen = trace.note("got").value if trace.has("got") else _ending(trace)
    expect(
        seen == value,
        code="result-lost",
        message="The decorated function came back without what its body returned, or did not come back.",
        measured="what it returned",
        seen=seen,
        wanted=value,
        means="block_on waits for the end and hands over the result. Who waits for a signal of his own must have it sent when the result is there.",
    )


def _two_mains(trace: Trace) -> None:
    """Each of two threads that call at once has a runtime of its own."""
    draw = trace.inputs()
    wanted = [[draw.randrange(1000, 10_000), True] for _ in range(2)]
    seen = trace.note("got").value if trace.has("got") else _ending(trace)
    expect(
        seen == wanted,
        code="runtimes-mixed-up",
        message="Two threads called a decorated function at the same time, and got in each other's way.",
        measured='what a task returned that the body spawned, and whether it ran on the calling thread (flavor "current_thread"), for each thread',
        seen=seen,
        wanted=wanted,
        means="What belongs to one call (its runtime, and that it is current) belongs in a local variable or in the thread's own: a global is "
        "everybody's. " + CURRENT_MEANS,
    )


def _ending(trace: Trace) -> str:
    """How a run ended that did not come to what was asked for."""
    if trace.error is None:
        return f"nothing: {trace.outcome.value}"
    return f"{trace.error.type}: {trace.error.message}".removesuffix(": ")


@check(
    points=2,
    title="The workers are there while the body runs and none is left afterwards, also when it panics",
    concept="runtime",
    evidence="outside",
    witness="workers_come_and_go",
    about="main",
)
async def test_runtime_up_down(run: Run) -> None:
    trace = await run("up_and_down")
    workers = trace.inputs().choice(WORKERS)
    for flavor, wanted in (("multi_thread", workers), ("current_thread", 0)):
        for how, what in (("returns", "returned"), ("panics", "panicked")):
            name = f"{flavor}_{how}"
            started = len(trace.started_between(f"{name}_before", f"{name}_after"))
            during = trace.note(f"{name}_threads").value
            expect(
                [started, during] == [wanted, wanted],
                code="wrong-number-of-workers",
                message="The runtime does not have as many workers as it should.",
                measured=f"threads started by a call, and more threads within its body than before it, with "
                f'flavor="{flavor}", worker_threads={workers}',
                seen=[started, during],
                wanted=[wanted, wanted],
                means="multi_thread has worker_threads workers for each call, current_thread none: it runs on the thread that calls.",
            )
            left = trace.note(f"{name}_left").value
            expect(
                left == 0,
                code="workers-left",
                message=f"When the body had {what}, threads of the runtime were left.",
                measured=f'threads more than before the call, flavor "{flavor}", body that {how}',
                seen=left,
                wanted=0,
                means=DOWN_MEANS,
            )
    trace = await run("left_behind", allow=("raised",))
    if [_drops(note.value) for note in trace.notes("left_behind") if note.value[1] == "returns"] == [True, True]:
        _dropped(trace, "panics")  # else await_both tells it


@witness("body_at_the_judge")
def workers_come_and_go(watch: Watch) -> None:
    """While the body runs there are as many threads as asked for, none is made later, and none is left."""
    workers = watch.random.choice(WORKERS)
    watch.threads(most=workers, least=workers)
    watch.serve("workers", workers)
    watch.hold(body=1)
    made = watch.threads_now()
    watch.fact(made is None or made >= workers, "threads there while the body runs", made, workers)
    watch.answer_all("body")
    watch.hold(over=1)
    watch.alone("when the decorated function had returned")


DROPPED = ["its task begins", "its task is dropped", "the task begins", "the task is dropped"]


def _drops(row: list[Any]) -> bool:
    """Whether both tasks were dropped in time."""
    _, _, log, took, later = row
    return log == later == DROPPED and bool(took <= 0.5 + NEAR_S)


def _dropped(trace: Trace, how: str) -> None:
    """What became of tasks that were asleep when the body ended."""
    rows = [note.value for note in trace.notes("left_behind") if note.value[1] == how]
    what = "returned" if how == "returns" else "panicked"
    expect(
        [flavor for flavor, *_ in rows] == ["current_thread", "multi_thread"],
        code="dropping-failed",
        message=f"A body {what} while tasks of it slept, and an exception came out of the function.",
        measured="how the scenario ended",
        seen=_ending(trace),
        wanted="the function returns",
    )
    for flavor, _, log, took, later in rows:
        expect(
            took <= 0.5 + NEAR_S,
            code="waits-for-all-tasks",
            message=f"The body had {what}, and the function did not come back: it waited for tasks that nobody awaits.",
            measured=f'seconds that a call took whose body takes 0.5, flavor "{flavor}"',
            seen=round(took, 3),
            wanted=0.5,
            means=DROP_MEANS,
        )
        expect(
            not any("goes on" in entry for entry in later),
            code="task-outlives-main",
            message=f"A task went on when the body had {what} and the function had come back.",
            measured=f'what became of two tasks, 6 seconds later, flavor "{flavor}"',
            seen=later,
            wanted=DROPPED,
            means=DROP_MEANS,
        )
        expect(
            _drops([flavor, how, log, took, later]),
            code="not-dropped",
            message=f"The body {what} while two tasks slept, and they were not dropped, once each, by the time the function came back.",
            measured=f'what they had done then, and 6 seconds later, flavor "{flavor}"',
            seen=[log, later],
            wanted=[DROPPED, DROPPED],
            means=DROP_MEANS
            + " ex12's shutdown does it; ex07's executor has none, but its handles can be aborted: those of all tasks, also of "
            "tasks that tasks have spawned.",
        )


@check(
    points=1,
    title="spawn goes to the runtime whose task calls it, on whichever worker; outside of a runtime it raises NoRuntime",
    concept="current runtime",
    about="spawn",
)
async def test_spawn_outside(run: Run, explore: Explore) -> None:
    trace = await run("spawns", allow=("raised",))
    if trace.error is not None and trace.error.type == "NotImplementedError":
        await run("spawns")
    value = trace.inputs().randrange(1000, 10_000)
    wanted = [value, value + 1, ["JoinError", True]]
    seen = {note.value[0]: note.value[1] for note in trace.notes("values")}
    for flavor in ("current_thread", "multi_thread"):
        expect(
            seen.get(flavor) == wanted,
            code="spawn-within",
            message="Tasks that were spawned within a runtime did not give what they returned or raised.",
            measured=f'flavor "{flavor}": what three handles gave; the second task spawns another one after a sleep, the third panics',
            seen=seen.get(flavor, _ending(trace)),
            wanted=wanted,
            means="spawn gives on the coroutine to the current runtime, and returns its handle. " + CURRENT_MEANS,
        )
    outside = [note.value for note in (await run("outside")).notes("outside")]
    for flavor, where, ended in outside:
        expect(
            ended == ["raised", "NoRuntime"],
            code="spawn-outside",
            message="spawn was called outside of any runtime, and did not raise NoRuntime.",
            measured=f'how spawn ended {where}, flavor "{flavor}"',
            seen=ended,
            wanted=["raised", "NoRuntime"],
            means="Nobody is there to run the task, or nobody who was asked. " + CURRENT_MEANS,
        )
    expect(
        len(outside) == 8,
        code="spawn-outside",
        message="spawn was not refused everywhere outside of a runtime.",
        measured="places outside of a runtime",
        seen=len(outside),
        wanted=8,
    )
    await explore("spawns_after_a_sleep", _found_its_runtime, schedules=60, upon_own=80, allow=("raised", "deadlock"))


def _found_its_runtime(trace: Trace) -> None:
    """Under any schedule a task finds its runtime, on whichever worker it goes on."""
    value = trace.inputs().randrange(1000, 10_000)
    seen = trace.note("reached").value if trace.has("reached") else _ending(trace)
    expect(
        seen == value,
        code="runtime-not-found",
        message="A task went on after a sleep, called sleep or spawn, and did not find its runtime.",
        measured="what the last of three tasks says, each of which is spawned by the one before, after a sleep, on two workers",
        seen=seen,
        wanted=value,
        means=CURRENT_MEANS
        + " So it has to be known at each step of the task, or on every worker before any task runs.",
    )


# ---- the threads program


def _program(trace: Trace) -> list[tuple[str, int, float]]:
    """The lines of a program: text, thread, second."""
    return [(str(text), thread, seconds) for text, thread, seconds in trace.note("lines").value]


def _who(text: str) -> str:
    return text.partition(":")[0]


def _texts(trace: Trace, counts: dict[str, int], *, title: str) -> None:
    """Each says its lines, in its order; nothing else is said."""
    lines = _program(trace)
    wanted = {who: [f"{who}: iteration {number}" for number in range(1, count + 1)] for who, count in counts.items()}
    seen = {who: [text for text, _, _ in lines if _who(text) == who] for who in counts}
    others = [text for text, _, _ in lines if _who(text) not in counts]
    expect(
        not others and seen == wanted,
        code="wrong-lines",
        message=f"{title} does not say the lines that it should.",
        measured="the lines of each, in their order, and other lines",
        seen=[*seen.values(), others],
        wanted=[*wanted.values(), []],
        means=TEXT_MEANS if others else RANGE_MEANS,
    )


def _rhythm(trace: Trace, periods: dict[str, float], *, title: str) -> None:
    """Each says its lines at its moments."""
    lines = _program(trace)
    for who, period in periods.items():
        seen = [round(seconds, 6) for text, _, seconds in lines if _who(text) == who]
        wanted = [round(number * period, 6) for number in range(len(seen))]
        expect(
            all(_near(*both) for both in zip(seen, wanted, strict=True)),
            code="wrong-rhythm",
            message=f"{who} of {title} does not speak in its rhythm.",
            measured=f"seconds at which {who} said its lines",
            seen=seen,
            wanted=wanted,
            means="It says a line, then sleeps its period, whatever the other one does.",
        )


@check(
    points=2,
    title="The threads program has exactly one thread besides main, and each says its own lines",
    concept="thread::spawn",
    visibility="visible",
    evidence="outside",
    witness="one_thread_is_made",
    about="threads_program",
)
async def test_p1_threads(run: Run) -> None:
    trace = await run("the_threads_program")
    started = trace.started_between("begin", None)
    expect(
        len(started) == 1,
        code="wrong-number-of-threads",
        message="The threads program does not start exactly one thread.",
        measured="threads started",
        seen=len(started),
        wanted=1,
        means="There is one spawn in it. Main's own loop runs on the thread that calls.",
        place=started[-1] if started else None,
    )
    lines = _program(trace)
    seen = {who: sorted({thread for text, thread, _ in lines if _who(text) == who}) for who in THREADS_LINES}
    expect(
        seen == {CHILD: [started[0].serial], MAIN: [0]},
        code="said-by-another-thread",
        message="Lines are said by another thread than the one that they name.",
        measured="threads by which the lines of child and of main were said (0 is the one that called the program)",
        seen=[seen[CHILD], seen[MAIN]],
        wanted=[[started[0].serial], [0]],
    )
    expect(
        not trace.alive_at_end(),
        code="thread-left",
        message="The thread that was started never ends.",
        measured="threads alive five seconds later",
        seen=len(trace.alive_at_end()),
        wanted=0,
    )


@witness("threads_program_without_sleeps")
def one_thread_is_made(watch: Watch) -> None:
    """The kernel sees one thread made while the program runs."""
    watch.threads(most=1, least=1)
    watch.serve("say")
    watch.hold(over=1)


@check(
    points=3,
    title="Child says four lines and main two, each in its order and its rhythm",
    concept="range",
    visibility="visible",
    about="threads_program",
)
async def test_p1_lines(run: Run) -> None:
    trace = await run("the_threads_program")
    title = "The threads program"
    _texts(trace, THREADS_LINES, title=title)
    _rhythm(trace, THREADS_PERIODS, title="the threads program")
    sleeps = sorted(round(seconds, 6) for _, seconds, _, _ in trace.note("sleeps").value)
    wanted = sorted(period for who, period in THREADS_PERIODS.items() for _ in range(THREADS_LINES[who]))
    expect(
        sleeps == wanted,
        code="wrong-sleeps",
        message="Not every turn of the threads program ends with a sleep of its period.",
        measured="calls of the sleep that the program was given",
        seen=sleeps,
        wanted=wanted,
        means="The sleep stands in the loop, after the line, in the last turn too; and it is the one that the program is given.",
    )


@check(
    points=1,
    title="The threads program returns when the child has ended, its last sleep included",
    concept="join",
    about="threads_program",
)
async def test_p1_join(run: Run) -> None:
    trace = await run("the_threads_program")
    seconds, said, slept = trace.note("returned").value
    left = trace.note("left").value
    all_of_it = [len(trace.note("lines").value), len(trace.note("sleeps").value), 0]
    expect(
        [said, slept, left] == all_of_it and said > 0,
        code="not-joined",
        message="The threads program returned before the thread that it had started had ended.",
        measured=f"lines said, sleeps ended, and threads left when it returned (at {seconds:g} s)",
        seen=[said, slept, left],
        wanted=all_of_it,
        means="In Rust, whoever returns from main cuts all other threads off. join waits until the thread has ended.",
    )


# ---- the Tokio program


@check(
    points=4,
    title="Each line of the Tokio program comes at its moment, and it ends when the longer task has ended",
    concept="tokio::spawn",
    visibility="visible",
    about="tokio_program",
)
async def test_p2_timeline(run: Run) -> None:
    trace = await run("the_tokio_program")
    _texts(trace, TOKIO_LINES, title="The Tokio program")
    end_s = trace.note("returned").value[0]
    expect(
        end_s <= END_S + NEAR_S,
        code="one-after-the-other",
        message="The two tasks of the Tokio program run one after the other, not side by side.",
        measured="seconds until the program returned",
        seen=round(end_s, 3),
        wanted=END_S,
        means="`await spawn(...)` waits for the first task before there is a second one. Spawn both, then await both.",
    )
    _rhythm(trace, TOKIO_PERIODS, title="the Tokio program")
    expect(
        end_s >= END_S - NEAR_S,
        code="ended-early",
        message="The Tokio program returned before both tasks had ended.",
        measured="seconds until the program returned",
        seen=round(end_s, 3),
        wanted=END_S,
        means="Each turn ends with a sleep, the last one too; the program awaits both tasks.",
    )


@check(
    points=2,
    title="Tasks of the Tokio program need no threads of their own, and hold no worker while they sleep; one thread is enough",
    concept="tasks and threads",
    about="sleep",
)
async def test_p2_threads(run: Run) -> None:
    trace = await run("the_tokio_program", allow=STUCK)
    if trace.error is not None:
        await run("the_tokio_program")
    started = trace.started_between("begin", None)
    expect(
        len(started) == DEFAULT_WORKERS,
        code="wrong-number-of-threads",
        message="The Tokio program does not run on the four workers that @main() makes.",
        measured="threads started by the program",
        seen=len(started),
        wanted=DEFAULT_WORKERS,
        means="The runtime starts its workers; two tasks are not a reason for two more. And without workers it is another flavor.",
        place=started[0] if started else None,
    )
    held = _held(trace)
    expect(
        not held,
        code="worker-blocked",
        message="While a task of the Tokio program sleeps, its worker sleeps, too.",
        measured="calls that made a thread of the runtime wait for a while",
        seen=[what for what, _ in held],
        wanted=[],
        means="time.sleep, or any other call that blocks, holds the thread on which all tasks run. With four workers and two tasks it happens "
        "to look right; with one thread it takes the sum. Await the sleep of the runtime.",
        place=held[0][1] if held else None,
    )
    _on_one_thread(await run("the_same_on_one_thread"))


def _held(trace: Trace) -> list[tuple[str, int]]:
    """Calls, made by the program's own lines, in which a worker (or, sleeping, any thread) let time pass; each with its line."""
    begin, end = trace.mark("begin").step, trace.mark("end").step if trace.completed else None
    events = [each for each in trace.record.events if each.step >= begin and (end is None or each.step < end)]
    workers = {thread.serial for thread in trace.student_threads}
    held = []
    for number, event in enumerate(events):
        sleeps = event.kind == "sleep"
        if not event.line or not (sleeps or (event.kind == "wait" and event.thread in workers)):
            continue
        woke = next(
            (later.time_ns for later in events[number:] if later.kind == "wake" and later.thread == event.thread), None
        )
        if woke is None or woke > event.time_ns:
            held.append(("sleep" if sleeps else event.data[0], event.line))
    return held


def _on_one_thread(trace: Trace) -> None:
    """Two tasks on the thread that calls, side by side."""
    periods = [tenths / 10 for tenths in trace.inputs().sample(range(2, 10), 2)]
    names, seconds, started = trace.note("one_thread").value
    threads = sorted({thread for _, thread, _ in _program(trace)})
    expect(
        [started, threads] == [0, [0]],
        code="threads-of-current-thread",
        message='With flavor="current_thread" tasks run on another thread than the one that calls.',
        measured="threads started, and threads on which two tasks said their lines (0 is the one that calls)",
        seen=[started, threads],
        wanted=[0, [0]],
        means="current_thread is ex07's executor: all polls are made on the thread that calls block_on.",
    )
    wanted = sorted(
        [round(number * period, 6), f"{name}: iteration {number + 1}"]
        for name, period in zip(("one", "two"), periods, strict=True)
        for number in range(3)
    )
    seen = sorted([round(second, 6), text] for text, _, second in _program(trace))
    ends = round(3 * max(periods), 6)
    expect(
        seen == wanted and names == ["one", "two"] and _near(seconds, ends),
        code="another-timeline-on-one-thread",
        message='With flavor="current_thread" two tasks do not say the same lines at the same moments as on workers.',
        measured=f"lines of two tasks that speak three times, every {periods[0]:g} and {periods[1]:g} s; when they had ended; what they returned",
        seen=[seen, round(seconds, 6), names],
        wanted=[wanted, ends, ["one", "two"]],
        means="sleep has to be that of the runtime that is current: each has timers and a clock of its own.",
    )


def _all_said(trace: Trace, when: str) -> None:
    """Both tasks have said all their lines."""
    lines = _program(trace)
    said = {who: sum(_who(text) == who for text, _, _ in lines) for who in TOKIO_LINES}
    expect(
        all(said[who] >= count for who, count in TOKIO_LINES.items()),
        code="task-not-awaited",
        message="The Tokio program ended before a task of it had said all its lines.",
        measured=f"lines said by task 1 and by task 2{when}",
        seen=list(said.values()),
        wanted=list(TOKIO_LINES.values()),
        means="A task that nobody awaits ends when main ends, wherever it is. Await the handles of both.",
    )


@check(
    points=1,
    title="The Tokio program awaits both tasks; what nobody awaits ends with main",
    concept="dropping a task",
    about="tokio_program",
)
async def test_await_both(run: Run) -> None:
    trace = await run("the_tokio_program", allow=STUCK)
    if trace.error is not None:
        await run("the_tokio_program")
    if all(_who(text) in TOKIO_LINES for text, _, _ in _program(trace)):  # else p2_timeline tells it
        _all_said(trace, "")
        slow = await run("the_second_task_is_slow", allow=STUCK)
        if slow.error is None:
            _all_said(slow, f", when `say` takes {SLOW_S:g} seconds for the first line of task 2")
    _dropped(await run("left_behind", allow=("raised",)), "returns")
