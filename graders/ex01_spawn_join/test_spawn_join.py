"""The checks of ex01. Every expectation lives here."""

from threadmarks.grading import Explore, Run, Stand, Trace, Watch, check, expect, witness

STUCK = ("deadlock", "stalled")
"""Outcomes that a check explains in its own words."""

SPAWNED = 3
"""Closures that are spawned in runs that count threads."""


@check(
    points=2,
    title="Each spawn starts exactly one new thread, and the closure runs on it",
    concept="spawn",
    evidence="outside",
    witness="a_thread_for_each_closure",
    visibility="visible",
    about="spawn",
)
async def test_new_thread(run: Run) -> None:
    trace = await run("spawn_three")
    started = trace.started_between("before", "after")
    expect(
        len(started) >= 3,
        code="no-new-thread",
        message="spawn did not start a thread for its closure.",
        measured="threads started by three calls of spawn",
        seen=len(started),
        wanted=3,
        means="Thread.run() is an ordinary call on the caller's thread. Only Thread.start() asks the OS for a new one.",
    )
    expect(
        len(started) == 3,
        code="extra-threads",
        message="spawn started more threads than one for each closure.",
        measured="threads started by three calls of spawn",
        seen=len(started),
        wanted=3,
        means="The new thread can keep its own outcome; nobody needs to be hired to watch it.",
        place=started[-1],
    )
    ran_on, handles = trace.note("ran_on").value, trace.note("handles").value
    expect(
        sorted(ran_on) == sorted(thread.serial for thread in started),
        code="closure-on-wrong-thread",
        message="The three closures did not run on the three new threads, one on each.",
        measured="the thread (by number; main is 0, -1: never ran) that each closure ran on",
        seen=ran_on,
        wanted=[thread.serial for thread in started],
    )
    expect(
        handles == ran_on,
        code="handle-names-wrong-thread",
        message="JoinHandle.thread is not the thread that runs the closure.",
        measured="the thread (by number) in each handle",
        seen=handles,
        wanted=ran_on,
    )


@witness("closures_that_call")
def a_thread_for_each_closure(watch: Watch) -> None:
    """As many threads as closures, none more; no closure runs on main."""
    watch.threads(most=SPAWNED, least=SPAWNED)
    watch.serve("count", SPAWNED)
    while watch.until(lambda: bool(watch.seen("spawned")) and len(watch.seen("closure")) >= SPAWNED) is not Stand.MET:
        watch.not_on_main("closure")
        if not watch.open("closure"):
            watch.hold(spawned=1)  # nothing is held that could keep it from coming
            watch.hold(closure=SPAWNED - len(watch.seen("closure")))
        watch.answer_all("closure")  # who waits in spawn for its closure costs points elsewhere
    ran = sorted(str(call.value) for call in watch.seen("closure"))
    watch.fact(ran == [str(number) for number in range(SPAWNED)], "the closures that ran", ran, "each once")


@check(
    points=3,
    title="spawn returns at once, while the closure still waits",
    concept="spawn",
    visibility="visible",
    about="spawn",
)
async def test_returns_at_once(run: Run) -> None:
    trace = await run("gate_after_spawn", allow=STUCK)
    expect(
        trace.has("returned"),
        code="spawn-blocks",
        message="spawn did not return while its closure was waiting for something that main does after the spawn.",
        measured="whether spawn returned",
        seen=False,
        wanted=True,
        means="start() and then join() inside spawn is a function call with extra steps: nothing goes on meanwhile. "
        "Waiting belongs to join.",
        place=_main_waits_at(trace),
    )
    expect(
        trace.has("went_on"),
        code="closure-never-ran",
        message="spawn returned, but its closure never got past the open gate.",
        measured="whether the closure ran to its end within a second, without a join",
        seen=False,
        wanted=True,
        means="A thread runs by itself once it is spawned, whether or not somebody joins it.",
    )


@check(
    points=3,
    title="Main and three spawned threads are all under way at the same time",
    concept="spawn",
    evidence="outside",
    witness="all_under_way",
    visibility="visible",
    about="spawn",
)
async def test_overlap(run: Run) -> None:
    trace = await run("meet_at_a_barrier", allow=STUCK)
    expect(
        trace.has("met"),
        code="no-overlap",
        message="Main and three spawned threads never met at a barrier for four.",
        measured="threads that had come to the barrier when everything stood still",
        seen=len(trace.notes("at_barrier")),
        wanted=4,
        means="Threads that are not all started before anybody waits for one of them do not overlap.",
        place=_main_waits_at(trace),
    )


@witness("closures_that_call")
def all_under_way(watch: Watch) -> None:
    """Main and all closures call the judge before it lets one of them go on."""
    watch.serve("count", SPAWNED)
    watch.hold(closure=SPAWNED, spawned=1)


def _words(trace: Trace, count: int) -> list[str]:
    """The texts that the scenario drew."""
    draw = trace.inputs()
    return [f"{draw.randrange(16**8):08x}" for _ in range(count)]


def _main_waits_at(trace: Trace) -> int | None:
    """The student's line on which main was waiting when the run ended."""
    return next((wait.line for wait in trace.waits if wait.thread == 0 and wait.line > 0), None)


@check(
    points=2,
    title="join returns exactly what the closure returned; arguments arrive as they were passed",
    concept="join",
    about="JoinHandle.join",
)
async def test_result(run: Run, explore: Explore) -> None:
    trace = await run("many_values", allow=STUCK)
    (word,) = _words(trace, 1)
    joined = [note.value for note in trace.notes("joined")]
    for fact in joined:
        label = fact["label"]
        expect(
            fact["ran"],
            code="closure-never-ran",
            message="The closure given to spawn was never called.",
            measured=f"calls of a closure that returns {label}",
            seen=0,
            wanted=1,
            means="A Thread keeps its target in _target, _args and _kwargs, and a subclass that replaces run() has to "
            "call what it was given. Better keep the closure yourself.",
        )
        expect(
            fact["kind"] == "value" and fact["same"] and (label != "a text" or fact["got"] == word),
            code="result-wrong",
            message=f"join did not return the object that the closure returned: {label}.",
            measured=f"join() of a closure that returns {label}",
            seen=fact["kind"] if fact["kind"] != "value" else "another value",
            wanted="the very object",
            means="None, 0 and an exception object are results like any other. "
            "Keep beside the value whether it is a value or a panic; do not guess from what it looks like.",
        )
    waiting = [note.value for note in trace.notes("joining")]
    expect(
        len(joined) == 6,
        code="join-never-returned",
        message=f"join never came back for a closure that had returned {waiting[-1] if waiting else 'a value'}.",
        measured="joins that came back, of six",
        seen=len(joined),
        wanted=6,
        means='A falsy result is a result. "Not result" is not the same as "not done".',
        place=_main_waits_at(trace),
    )
    trace = await run("many_arguments")
    draw, seen = trace.inputs(), trace.note("seen").value
    first, second, scale, timeout, alone = (draw.randrange(1000) for _ in range(5))
    wanted = [
        {"args": [[first, second], "three"], "kw": {"scale": scale, "timeout": timeout}},
        {"args": [[alone]], "kw": {}},
    ]
    expect(
        sorted(seen, key=repr) == sorted(wanted, key=repr),
        code="arguments-changed",
        message="The closure was not called with the arguments that were given to spawn.",
        measured=f"what f got from spawn(f, ({first}, {second}), 'three', scale={scale}, timeout={timeout}) "
        f"and spawn(f, [{alone}], name='teller')",
        seen=seen,
        wanted=wanted,
        means="args is a tuple: f(args) passes one argument, f(*args) passes them all. Only `name` belongs to spawn.",
    )
    for scenario in ("two_quick_results", "two_results_after_a_meeting"):
        await explore(scenario, _results_arrive, schedules=60)


def _results_arrive(trace: Trace) -> None:
    """A join that comes back has the result, however the threads interleave."""
    joined = trace.note("joined").value
    wanted = [["value", word] for word in _words(trace, 2)]
    expect(
        joined == wanted,
        code="result-too-early",
        message="join came back before the result of its thread was there.",
        measured="join() of two closures that return at once",
        seen=joined,
        wanted=wanted,
        means="First store the outcome, then say that it is there. The other way round, a joiner can slip in between.",
    )


@check(
    points=3,
    title="A panic reaches whoever joins, as JoinError with the closure's own exception, and nothing is printed",
    concept="panic",
    visibility="visible",
    about="JoinHandle.join",
)
async def test_panic(run: Run, explore: Explore) -> None:
    trace = await run("many_panics")
    joined = [note.value for note in trace.notes("joined")]
    expect(
        len(joined) == 3,
        code="not-reached",
        message="Not all three panicking threads could be joined.",
        measured="joins that came back, of three",
        seen=len(joined),
        wanted=3,
    )
    for fact in joined:
        label = fact["label"]
        expect(
            fact["ran"],
            code="closure-never-ran",
            message="The closure given to spawn was never called.",
            measured=f"calls of a closure that raises {label}",
            seen=0,
            wanted=1,
        )
        expect(
            fact["kind"] == "panic",
            code="panic-lost",
            message=f"A closure raised {label}, and join did not raise JoinError.",
            measured=f"what join did after the closure raised {label}",
            seen="returned a value" if fact["kind"] == "value" else fact["kind"],
            wanted="JoinError",
            means="An exception that leaves a thread's function is gone unless you keep it. SystemExit ends only its "
            "own thread and says nothing; and an exception object may be falsy, so ask `is not None`.",
        )
        expect(
            fact["same"],
            code="panic-replaced",
            message=f"A closure raised {label}, and JoinError.payload is another object.",
            measured="whether JoinError.payload is the object that was raised",
            seen=False,
            wanted=True,
        )
        expect(
            fact["named"],
            code="traceback-lost",
            message=f"The traceback of the {label} in JoinError.payload does not lead to the closure any more.",
            measured="whether the payload's traceback names the closure",
            seen=False,
            wanted=True,
            means="The exception object carries its traceback; pass on the object itself, unchanged.",
        )
    expect(
        trace.stderr == "",
        code="panic-on-stderr",
        message="Something was printed to stderr while closures panicked; a panic is for the joiner only.",
        measured="what was written to stderr",
        seen=trace.stderr,
        wanted="",
        means="threading prints an exception that leaves the thread's function. Catch it there and keep it for join. "
        "(Print to stdout while you look for a mistake.)",
    )
    await explore("two_quick_panics", _panics_arrive, schedules=60)


def _panics_arrive(trace: Trace) -> None:
    """A join that comes back has the panic, however the threads interleave."""
    joined = trace.note("joined").value
    expect(
        joined == [["panic", True], ["panic", True]],
        code="panic-too-late",
        message="join came back before the panic of its thread was there.",
        measured="join() of two closures that raise at once, and whether JoinError.payload is what was raised",
        seen=joined,
        wanted=[["panic", True], ["panic", True]],
        means="First store the outcome, then say that it is there. A panic is an outcome like a value.",
    )


@check(
    points=2,
    title="A join that times out raises TimeoutError and leaves the handle usable",
    concept="join",
    about="JoinHandle.join",
)
async def test_timeout(run: Run) -> None:
    trace = await run("join_with_timeout")
    timed = trace.note("timed").value
    expect(
        timed["kind"] == "TimeoutError",
        code="timeout-wrong",
        message="join(0.01) on a thread that is still waiting did not raise TimeoutError.",
        measured="what join(0.01) did",
        seen="returned a value" if timed["kind"] == "value" else timed["kind"],
        wanted="TimeoutError",
        means="thread.join(timeout) returns None in both cases: ask is_alive() afterwards. And everything that join "
        "looks at must exist before the thread has finished.",
    )
    expect(
        0.01 - 1e-6 <= timed["waited"] <= 1,
        code="timeout-wrong-time",
        message="join(0.01) did not wait for about its 0.01 seconds.",
        measured="virtual seconds spent in join(0.01)",
        seen=round(timed["waited"], 6),
        wanted=0.01,
    )
    later, wanted = trace.note("later").value, ["value", *_words(trace, 1)]
    expect(
        later == wanted,
        code="lost-after-timeout",
        message="After a join that timed out, a later join did not return the value.",
        measured="what the second join did, after the thread had ended",
        seen=later,
        wanted=wanted,
        means="A time-out says only that the caller stopped waiting. The thread runs on, and its outcome still counts.",
    )


@check(
    points=1,
    title="Joining twice or joining oneself is refused; is_finished never waits",
    concept="join",
    about="JoinHandle.join",
)
async def test_misuse(run: Run) -> None:
    trace = await run("join_twice")
    joined = [note.value for note in trace.notes("joined")]
    expect(
        [fact["second"] for fact in joined] == ["AlreadyJoined"] * 2,
        code="joined-twice",
        message="A handle that was joined could be joined again.",
        measured="what a second join did, after a value and after a panic",
        seen=[fact["second"] for fact in joined],
        wanted=["AlreadyJoined"] * 2,
        means="join consumes the handle, as in Rust, where a second join does not even compile.",
    )
    trace = await run("join_oneself")
    answers = [note.value for note in trace.notes("self_join")]
    expect(
        trace.has("asked"),
        code="closure-never-ran",
        message="The closure given to spawn was never called.",
        measured="calls of a closure that joins its own handle",
        seen=0,
        wanted=1,
    )
    expect(
        answers == ["RuntimeError"],
        code="self-join-allowed",
        message="A thread that joined its own handle was not refused with a RuntimeError.",
        measured="what join did when the thread called it on itself",
        seen=answers[0] if answers else "it waits for itself for ever",
        wanted="RuntimeError",
        means="A thread that waits for its own end waits for ever. Thread.join refuses this; your own waiting must too.",
    )
    trace = await run("ask_is_finished")
    gated = [note.value for note in trace.notes("gated")]
    expect(
        gated == [False] and trace.note("ended").value is True,
        code="is-finished-wrong",
        message="is_finished did not say at once whether the thread has ended.",
        measured="is_finished() while the thread waits, and after it has ended",
        seen=[gated[0] if gated else "did not return", trace.note("ended").value],
        wanted=[False, True],
    )


@check(
    points=1,
    title="A thread that nobody joins does not keep the program alive",
    concept="detached threads",
    about="spawn",
)
async def test_detached(run: Run) -> None:
    trace = await run("end_of_the_program", allow=STUCK)
    trace.note("main_returned")
    expect(
        trace.has("blocked"),
        code="closure-never-ran",
        message="The closure given to spawn was never called.",
        measured="calls of the closure",
        seen=0,
        wanted=1,
    )
    expect(
        trace.has("ended"),
        code="exit-waits",
        message="Main had returned, and the program waited for a spawned thread that nobody joined.",
        measured="whether the program ended while a spawned thread was blocked for ever",
        seen=False,
        wanted=True,
        means="The interpreter joins every thread that is not a daemon before it exits, and then calls what atexit "
        "registered. In Rust, and here, a detached thread is cut off when main ends.",
    )


@check(
    points=1,
    title="No thread of a scope outlives its block, and its panics are not lost",
    concept="scoped threads",
    about="scope",
)
async def test_scoped(run: Run) -> None:
    for scenario, threads in (("scope_that_waits", 2), ("scope_that_raises", 2), ("scope_with_panics", 3)):
        trace = await run(scenario)
        alive = trace.note("alive").value
        expect(
            alive == [False] * threads,
            code="scope-left-early",
            message="A block was left while a thread of its scope was still running.",
            measured=f"which of the {threads} threads were alive after the block ({scenario.replace('_', ' ')})",
            seen=alive,
            wanted=[False] * threads,
            means="The block waits for its threads however it is left, also by an exception.",
        )
    left_with = (await run("scope_that_raises")).note("left_with").value
    expect(
        left_with == "the block's exception",
        code="scope-hides-exception",
        message="The block raised, and something else left the with statement.",
        measured="what left the with statement, when the block raised and a thread panicked too",
        seen=left_with,
        wanted="the block's exception",
    )
    trace = await run("scope_with_panics")
    expect(
        trace.note("left_with").value == "the second's",
        code="scope-loses-panic",
        message="Leaving the block did not raise the JoinError of the first thread, in the order of spawning, that panicked.",
        measured="whose JoinError left the with statement",
        seen=trace.note("left_with").value,
        wanted="the second's",
        means="A panic that nobody joined is still somebody's problem: the scope's.",
    )
    waited = await run("scope_that_waits")
    afterwards = [waited.note("joined").value, trace.note("joined").value]
    (fine,) = _words(trace, 1)
    wanted = [[["value", word] for word in _words(waited, 2)], [["value", fine], ["panic", True]]]
    expect(
        afterwards == wanted,
        code="scope-consumes-handles",
        message="After the block, the handles of a scope could not be joined any more.",
        measured="joins after the block, in two scenarios",
        seen=afterwards,
        wanted=wanted,
        means="Waiting for a thread and taking its outcome are two things. The scope only waits.",
    )
    left_with = (await run("scope_with_a_joined_panic")).note("left_with").value
    expect(
        left_with == "nothing",
        code="scope-repeats-panic",
        message="A panic that the block had already joined was raised again when the block was left.",
        measured="what left the with statement",
        seen=left_with,
        wanted="nothing",
    )


@check(
    points=2,
    title="join_all waits for all threads, then returns their values in order or raises the first panic",
    concept="join",
    about="join_all",
)
async def test_join_all(run: Run) -> None:
    trace = await run("join_all_values")
    values, wanted = trace.note("values").value, _words(trace, 3)
    expect(
        values == wanted,
        code="join-all-wrong-values",
        message="join_all did not return the values in the order of the handles.",
        measured="join_all of three threads that finish in another order, given as an iterator",
        seen=values,
        wanted=wanted,
        means="The order in which threads finish is chance; the order of the handles is yours.",
    )
    trace = await run("join_all_panics")
    alive, raised = trace.note("alive").value, trace.note("raised").value
    expect(
        alive == [False] * 4,
        code="join-all-stopped-early",
        message="join_all came back while some of its threads were still running.",
        measured="which of the four threads were alive when join_all raised",
        seen=alive,
        wanted=[False] * 4,
        means="The first error is no reason to leave the other threads unwatched: join all, then raise.",
    )
    expect(
        raised == "the second's",
        code="join-all-wrong-panic",
        message="join_all did not raise the JoinError of the first panicking thread in the order of the handles.",
        measured="whose JoinError was raised, when the second and the fourth thread panicked",
        seen=raised,
        wanted="the second's",
    )


@check(
    points=0,
    title="Two threads can recurse deeply at once: each has a stack of its own",
    concept="own stack",
    about="spawn",
)
async def test_own_stack(run: Run) -> None:
    trace = await run("two_deep_recursions", allow=STUCK)
    depth = trace.inputs().randrange(480, 520)
    depths = [note.value for name in ("main", "child") for note in trace.notes(name)]
    expect(
        depths == [depth, depth],
        code="no-overlap",
        message=f"Main and the child did not both stand {depth} calls deep at the same time.",
        measured="how deep main and the child were when they met",
        seen=depths,
        wanted=[depth, depth],
        means="A new OS thread brings its own stack. That is what makes it expensive: memory and a call into the kernel.",
    )
