"""The checks of ex05. Every expectation lives here."""

from typing import Any

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

LATE_S = 0.001
"""How much later than its time a time-out may come, in virtual seconds."""
WORKERS = 3  # of the pools that witnesses look at
SLEEPING_MEANS = (
    "Who waits for a handle sleeps on its condition until the state says that the job has ended, and looks again whenever "
    "it is woken. Whoever ends the job changes the state and wakes all who wait."
)


def _got(value: Any) -> list[Any]:
    return ["value", value]


# ---- values


@check(
    points=2,
    title="A handle delivers every value, None and other false ones included",
    concept="future",
    evidence="outside",
    witness="drawn_values_come_back",
    visibility="visible",
    about="JobHandle.result",
)
async def test_value_none(run: Run) -> None:
    trace = await run("values")
    draw = trace.inputs()
    number, word = draw.randrange(1000, 10_000), f"{draw.randrange(16**8):08x}"
    wanted = [0, None, "", [], False, number, word, [word, number]]
    told = trace.note("values").value
    missing = [value for value, answer in zip(wanted, told, strict=True) if answer == ["missing"]]
    expect(
        not missing,
        code="value-never-comes",
        message="A job returned, and its handle never said so.",
        measured="values whose handle gave no answer within five seconds",
        seen=missing,
        wanted=[],
        means='`while not self.value: wait()` takes 0, None and empty things for "not yet". Whether there is a result is '
        "a state of its own.",
    )
    expect(
        told == [_got(value) for value in wanted],
        code="wrong-value",
        message="A handle did not give what its job returned.",
        measured="what result() did for jobs that return these values",
        seen=told,
        wanted=[_got(value) for value in wanted],
    )
    done = trace.note("done").value
    expect(
        done == [True] * len(wanted),
        code="not-done",
        message="A job has ended, and done() of its handle is not True.",
        measured="done() of eight handles, a second after the jobs were submitted",
        seen=done,
        wanted=[True] * len(wanted),
    )
    exceptions = trace.note("exceptions").value
    expect(
        exceptions == [_got(None)] * len(wanted),
        code="exception-after-a-value",
        message="exception() of a job that returned is not None.",
        measured="what exception() did for eight jobs that returned",
        seen=exceptions,
        wanted=[_got(None)] * len(wanted),
    )
    arguments = trace.note("arguments").value
    expect(
        arguments == _got([[number, word], {"key": word}]),
        code="arguments-changed",
        message="The job was not called with the arguments that submit was given.",
        measured=f"what the job got from submit(f, {number}, {word!r}, key={word!r})",
        seen=arguments,
        wanted=_got([[number, word], {"key": word}]),
    )
    as_value = trace.note("exception_as_value").value
    expect(
        as_value == ["value", True],
        code="value-taken-for-panic",
        message="A job returned an exception object, and its handle did not return that object.",
        measured="how result() ended, and whether it gave the very object",
        seen=as_value,
        wanted=["value", True],
        means="An exception that is returned is a value. Only what is raised is a panic.",
    )


@witness("jobs_with_results")
def drawn_values_come_back(watch: Watch) -> None:
    """What the judge answers inside a job is what the job's handle gives."""
    tickets = [watch.random.randrange(1 << 30) for _ in range(4 * WORKERS)]
    watch.serve("size", WORKERS)
    watch.serve("jobs", len(tickets))
    watch.serve("job", lambda call: tickets[call.value])
    watch.hold(results=1)
    results = watch.open("results")[0].value
    watch.fact(results == tickets, "results of jobs that return what the judge drew", results, tickets)


# ---- panics


@check(
    points=3,
    title="A panic comes out of the handle as JoinError with the original exception, and the pool goes on",
    concept="panic isolation",
    visibility="visible",
    about="JobHandle.result",
)
async def test_panic(run: Run) -> None:
    trace = await run("panics")
    panics = [note.value for note in trace.notes("panic")]
    kinds = ["_Boom", "SystemExit", "_FalsyBoom"]
    expect(
        [panic["kind"] for panic in panics] == kinds,
        code="panic-missing",
        message="Not every job that raises could be looked at.",
        measured="jobs that raised",
        seen=len(panics),
        wanted=len(kinds),
    )
    for panic in panics:
        expect(
            panic["result"] != ["missing"] and panic["done"] is True,
            code="panic-never-comes",
            message=f"A job raised {panic['kind']}, and its handle never said so.",
            measured="what result() did within five seconds, and done()",
            seen=[panic["result"], panic["done"]],
            wanted=[["raised", "JoinError", True], True],
            means="The handle must be resolved on the way of an exception too, whatever kind it is: SystemExit is no "
            "Exception, and an exception object can be false.",
        )
        expect(
            panic["result"] == ["raised", "JoinError", True],
            code="panic-not-join-error",
            message=f"result() of a job that raised {panic['kind']} did not raise JoinError with that very exception.",
            measured="what result() raised, and whether its payload is the original exception object",
            seen=panic["result"],
            wanted=["raised", "JoinError", True],
        )
        expect(
            panic["exception"] == ["value", True],
            code="exception-not-original",
            message=f"exception() of a job that raised {panic['kind']} did not return that very exception.",
            measured="how exception() ended, and whether it gave the original object",
            seen=panic["exception"],
            wanted=["value", True],
        )
        expect(
            "job_that_panics" in panic["functions"],
            code="traceback-lost",
            message="The traceback of a panic does not lead to the job that raised it any more.",
            measured="functions in the traceback of the original exception",
            seen=panic["functions"],
            wanted="job_that_panics among them",
            means="Keep the exception object itself; it carries its traceback.",
        )
    met = trace.note("met").value
    expect(
        met == ["value", "value"],
        code="workers-died",
        message="After three jobs had raised, the pool of two could not run two jobs at once any more.",
        measured="two jobs that meet at a barrier, after the panics",
        seen=met,
        wanted=["value", "value"],
        means="An exception that leaves the worker's loop ends the worker, silently in the case of SystemExit.",
    )
    expect(
        trace.stderr == "",
        code="panic-on-stderr",
        message="Something was printed to stderr while jobs raised.",
        measured="what was written to stderr",
        seen=trace.stderr,
        wanted="",
        means="The panic is in the handle, for whoever asks. Printing it as well tells it to people who did not ask.",
    )


# ---- waiting


@check(
    points=2,
    title="A time-out raises TimeoutError when it has passed, and leaves the handle usable",
    concept="condition variable",
    about="JobHandle.result",
)
async def test_timeout(run: Run) -> None:
    trace = await run("times_out")
    for name, timeout_s in (("result", 1), ("exception", 0.6)):
        seen = trace.note(name).value
        expect(
            seen["told"] != ["missing"],
            code="never-times-out",
            message=f"{name}({timeout_s}) of a job that goes on did not come back.",
            measured=f"what {name}({timeout_s}) did within five seconds, while other jobs of the pool ended",
            seen=seen["told"],
            wanted=["raised", "TimeoutError"],
            means="`while not done: cond.wait(timeout)` begins anew each time. Compute the deadline once and wait for what is "
            "left of it, or use wait_for, which does that.",
        )
        expect(
            seen["told"] == ["raised", "TimeoutError"],
            code="no-timeout-error",
            message=f"{name}({timeout_s}) of a job that goes on did not raise TimeoutError.",
            measured=f"what {name}({timeout_s}) did while the job was held at a gate",
            seen=seen["told"],
            wanted=["raised", "TimeoutError"],
            means="After the wait, look at the state: being woken does not mean that the job has ended.",
        )
        expect(
            timeout_s - 1e-6 <= seen["waited_s"] <= timeout_s + LATE_S,
            code="timeout-at-wrong-time",
            message=f"{name}({timeout_s}) gave up at another time.",
            measured=f"virtual seconds until {name}({timeout_s}) raised TimeoutError, while other jobs of the pool ended",
            seen=seen["waited_s"],
            wanted=timeout_s,
            means="Whoever is woken for something else must go on waiting, for what is left of the time and no longer.",
        )
    ticket = trace.note("ticket").value
    later = [trace.note("later").value, trace.note("later_with_timeout").value]
    expect(
        trace.note("done").value is False and later == [_got(ticket)] * 2,
        code="unusable-after-timeout",
        message="After a time-out the handle did not tell the job's end any more.",
        measured="done() after two time-outs; then, when the job had ended, result() and result(1)",
        seen=[trace.note("done").value, *later],
        wanted=[False, _got(ticket), _got(ticket)],
        means="A time-out is the end of the asker's patience. It says nothing about the job and must not change its state.",
    )


@check(
    points=2,
    title="Any number of threads may wait on one handle, and may ask again",
    concept="condition variable",
    about="JobHandle.result",
)
async def test_many_waiters(run: Run, explore: Explore) -> None:
    trace = await run("five_waiters")
    ticket = trace.inputs().randrange(1 << 30)
    expect(
        trace.note("early").value == 0,
        code="answer-too-early",
        message="result() came back although the job had not ended.",
        measured="threads, of five that ask, with an answer while the job is held at a gate",
        seen=trace.note("early").value,
        wanted=0,
        means=SLEEPING_MEANS,
    )
    told = trace.note("told").value
    expect(
        told == [_got(ticket)] * 5,
        code="waiter-forgotten",
        message="Five threads waited for one job, and not all of them got its value.",
        measured="what the five got when the job had ended",
        seen=told,
        wanted=[_got(ticket)] * 5,
        means="notify() wakes one of those who wait. The end of a job concerns them all: notify_all().",
    )
    again = trace.note("again").value
    expect(
        again == [_got(ticket)] * 2,
        code="result-only-once",
        message="A second result() did not give the value again.",
        measured="what result() did, asked twice more",
        seen=again,
        wanted=[_got(ticket)] * 2,
        means="Reading must not take the value away, as taking it from a queue does.",
    )
    await explore("two_quick_waiters", _both_told, schedules=500)


def _both_told(trace: Trace) -> None:
    """No end falls between the look at the state and the sleep, and none is told before its value is there."""
    told = trace.note("told").value
    measured = "what two threads got that asked three jobs which may end at the same time"
    expect(
        ["missing"] in told or told == [_got([0, 0, 0])] * 2,
        code="told-too-early",
        message="A job was about to end, and its handle gave something else than its value.",
        measured=measured,
        seen=told,
        wanted=[_got([0, 0, 0])] * 2,
        means="State and value must change in one step for those who look: both under the lock under which they look.",
    )
    expect(
        ["missing"] not in told,
        code="end-not-heard",
        message="A job ended just when somebody began to wait for it, and the waiter was never told.",
        measured=measured,
        seen=told,
        wanted=[_got([0, 0, 0])] * 2,
        means="Looking at the state and going to sleep must be one step: both under the lock of the condition that the "
        "worker holds when it changes the state.",
    )


# ---- map


@check(
    points=2,
    title="map runs side by side and gives the values in the order of its inputs",
    concept="future",
    evidence="outside",
    witness="mapped_jobs_overlap",
    about="Pool.map",
)
async def test_map_order(run: Run) -> None:
    trace = await run("mapped")
    xs = trace.inputs().sample(range(1000), 6)
    expect(
        trace.note("met").value == _got(6),
        code="map-one-by-one",
        message="The jobs of a map never ran at the same time.",
        measured="six jobs of one map that meet at a barrier, in Pool(6)",
        seen=trace.note("met").value,
        wanted=_got(6),
        means="Whoever asks for the first result before submitting the second job runs them one after the other.",
    )
    ordered = trace.note("reversed").value
    expect(
        ordered == _got([x + 1 for x in xs]),
        code="map-out-of-order",
        message="map did not give the values in the order of its inputs.",
        measured="map(f, xs), where the job of the last x ends first",
        seen=ordered,
        wanted=_got([x + 1 for x in xs]),
        means="Keep the handles in the order of the inputs and ask them in that order, whoever is ready first.",
    )
    others = [trace.note("generator").value, trace.note("nothing").value]
    expect(
        others == [_got([str(x) for x in xs]), _got([])],
        code="map-of-anything",
        message="map of a generator, or of nothing, did not give a list of the values.",
        measured="map over a generator, and map over []",
        seen=others,
        wanted=[_got([str(x) for x in xs]), _got([])],
    )
    panic = trace.note("panic").value
    expect(
        panic == ["raised", "JoinError", True],
        code="map-hides-panic",
        message="A map in which jobs panicked did not raise the JoinError of the first of them.",
        measured="what map did, and whether it was the panic of the first x in order that panicked",
        seen=panic,
        wanted=["raised", "JoinError", True],
    )
    for name, what in (("timeout", "jobs that do not end"), ("timeout_in_all", "jobs of 0.4, 0.8, 1.2 and 9 seconds")):
        timed = trace.note(name).value
        waited_s = timed["waited_s"]
        expect(
            timed["told"] == ["raised", "TimeoutError"] and 1 - 1e-6 <= waited_s <= 1 + LATE_S,
            code="map-wrong-timeout",
            message="map with a time-out of one second did not raise TimeoutError after one second.",
            measured=f"map(f, xs, timeout=1) over {what}: what it did, and virtual seconds since the call",
            seen=[timed["told"], waited_s],
            wanted=[["raised", "TimeoutError"], 1],
            means="The time-out is for all of it. Giving each job the whole time-out adds them up.",
        )


@witness("map_at_a_gate")
def mapped_jobs_overlap(watch: Watch) -> None:
    """All jobs of a map are open at once, as many as there are workers; the values come back in the inputs' order."""
    tickets = [watch.random.randrange(1 << 30) for _ in range(WORKERS)]
    watch.serve("size", WORKERS)
    watch.serve("jobs", WORKERS)
    watch.hold(job=WORKERS)
    for call in sorted(watch.open("job"), key=lambda call: str(call.value), reverse=True):
        watch.answer(call, tickets[call.value] if call.value in range(WORKERS) else None)
    watch.hold(results=1)
    results = watch.open("results")[0].value
    watch.fact(results == tickets, "what map gave for jobs that return what the judge drew", results, tickets)


# ---- cancelling


@check(
    points=3,
    title="A job that has not started can be cancelled and never runs; one that runs cannot",
    concept="cancellation",
    evidence="outside",
    witness="a_cancelled_job_never_calls",
    about="JobHandle.cancel",
)
async def test_cancel(run: Run, explore: Explore) -> None:
    trace = await run("cancelled")
    said, ends, ran = trace.note("said").value, trace.note("ends").value, trace.note("ran").value
    expect(
        said == {"pending": True, "running": False},
        code="cancel-says-wrong",
        message="cancel() did not say True for a job that waits, and False for one that runs.",
        measured="cancel() of a job in the queue, and of one that is held at a gate by the only worker",
        seen=said,
        wanted={"pending": True, "running": False},
    )
    expect(
        "pending" not in ran,
        code="cancelled-job-ran",
        message="A job ran although cancel() had said True.",
        measured="jobs that ran, of a cancelled one and another",
        seen=ran,
        wanted=["other"],
        means="A mark on the handle is not enough: the worker must look at it, in the same step in which it says that the "
        "job runs now.",
    )
    told = [trace.note("waiter").value, trace.note("done").value[0], ends[0], trace.note("exception").value]
    wanted = [["raised", "Cancelled"], True, "Cancelled", ["raised", "Cancelled"]]
    expect(
        told == wanted,
        code="cancelled-not-resolved",
        message="The handle of a cancelled job did not say so.",
        measured="what a waiting result() did; done(); what result() and exception() did later",
        seen=told,
        wanted=wanted,
        means="Cancelling is an end like any other: it changes the state and wakes everybody who waits for it.",
    )
    after = [trace.note("done").value[1], ends[1:], trace.note("late").value, trace.note("still").value, ran]
    expect(
        after == [False, ["value", "value"], _got(False), "value", ["other"]],
        code="cancel-disturbs-others",
        message="Cancelling changed something about a job that runs or has run, or about another job.",
        measured="done() of the running job; how it and another job ended; cancel() after its end; its end again; jobs run",
        seen=after,
        wanted=[False, ["value", "value"], _got(False), "value", ["other"]],
    )
    await explore("cancel_against_start", _cancelled_or_run, schedules=80)


def _cancelled_or_run(trace: Trace) -> None:
    """Cancel and the worker agree on who was first."""
    seen = trace.note("cancel").value
    one = {"said": True, "end": "Cancelled", "ran": 0}
    other = {"said": False, "end": "value", "ran": 1}
    expect(
        seen in (one, other),
        code="cancelled-and-run",
        message="cancel() and a worker met at the same job, and did not agree on who was first.",
        measured="what cancel() said, how the handle ended, and how often the job ran",
        seen=[seen["said"], seen["end"], seen["ran"]],
        wanted="True, Cancelled, 0 or False, value, 1",
        means="Both look at the state and then change it. Unless that is one step, under one lock, a second thread comes "
        "between the look and the change.",
    )


@witness("job_that_is_cancelled")
def a_cancelled_job_never_calls(watch: Watch) -> None:
    """The only worker is held in one job; the one behind it is cancelled and never calls the judge."""
    watch.hold(running=1)
    watch.hold(submitted=1)
    watch.answer_all("submitted")
    watch.hold(said=1)
    said = watch.open("said")[0].value
    watch.fact(said == [True, False], "what cancel said of a job that waits, and of one that runs", said, [True, False])
    watch.answer_all("running")
    watch.answer_all("said")
    watch.hold(over=1)
    watch.fact(not watch.seen("cancelled"), "calls of the cancelled job", len(watch.seen("cancelled")), 0)


# ---- closing


@check(
    points=3,
    title="After close every handle is done, cancelled or run",
    concept="orderly shutdown",
    evidence="outside",
    witness="closed_and_resolved",
    about="Pool.close",
)
async def test_close_resolves(run: Run, explore: Explore) -> None:
    trace = await run("close_and_cancel")
    close, ends, ran = trace.note("close").value, trace.note("ends").value, trace.note("ran").value
    expect(
        close["told"] == "value",
        code="close-hangs",
        message="close(cancel_pending=True) did not come back.",
        measured="what close did within five seconds; the only running job ends after one",
        seen=close["told"],
        wanted="it returned",
        means="Workers that sleep on an empty queue must be told, and those that run are waited for.",
    )
    expect(
        trace.note("done").value == 21 and "missing" not in ends,
        code="handle-never-resolves",
        message="When close had returned, some handles were not done.",
        measured="handles that were done, of 21; and of those asked for their result, without an answer",
        seen=[trace.note("done").value, ends.count("missing")],
        wanted=[21, 0],
        means="Throwing jobs out of the queue leaves those alone who wait for their handles. Each must be cancelled.",
    )
    expect(
        ran == ["running"] and ends == ["value"] + ["Cancelled"] * 20,
        code="pending-not-cancelled",
        message="close(cancel_pending=True) did not cancel exactly the jobs that had not started.",
        measured="jobs that ran, and how the 21 handles ended",
        seen=[ran, f"{ends.count('value')} with a value, {ends.count('Cancelled')} cancelled"],
        wanted=[["running"], "1 with a value, 20 cancelled"],
    )
    _workers_gone(trace)
    trace = await run("close_and_drain")
    seen = [trace.note("close").value, trace.note("done").value, trace.note("ran").value, trace.note("again").value]
    expect(
        seen == ["value", 10, 10, "value"],
        code="close-drops-jobs",
        message="close() without more did not run everything that was accepted, or not every handle was done when it returned.",
        measured="how close ended; handles done, and jobs run, of ten; how a second close ended",
        seen=seen,
        wanted=["value", 10, 10, "value"],
    )
    _workers_gone(trace)
    await explore("submit_against_close", _accepted_means_resolved, schedules=240)


def _workers_gone(trace: Trace) -> None:
    alive = trace.alive_at_end()
    expect(
        not alive,
        code="workers-alive",
        message="Workers were still alive after close had returned.",
        measured="workers alive after close",
        seen=len(alive),
        wanted=0,
        means="close joins the very threads that the constructor started.",
        place=alive[0] if alive else None,
    )


def _accepted_means_resolved(trace: Trace) -> None:
    """Whoever comes first, submit and close agree about it, and so do close and the worker."""
    seen = trace.note("close").value
    expect(
        seen["told"] == "value" and seen["done"] == seen["accepted"],
        code="handle-never-resolves",
        message="submit gave out a handle while the pool was being closed, and it is never done.",
        measured="handles given out, and handles done after close had returned",
        seen=[seen["accepted"], seen["done"]],
        wanted="as many done as given out",
        means="Between looking at the flag and putting the job into the queue, close can set the flag and empty the queue. "
        "Do both under one lock, and close too.",
    )
    expect(
        seen["ran"] + seen["cancelled"] == seen["accepted"] and seen["accepted"] + seen["refused"] == 2,
        code="cancelled-and-run",
        message="Close cancelled a job that ran all the same, or one that ran twice or not at all.",
        measured="jobs that ran, jobs cancelled, handles given out",
        seen=[seen["ran"], seen["cancelled"], seen["accepted"]],
        wanted="each handle either run or cancelled",
    )


@witness("pool_that_closes")
def closed_and_resolved(watch: Watch) -> None:
    """One job per worker is held, the others never call; when close returns all handles are done and no thread is left."""
    watch.serve("size", WORKERS)
    watch.serve("jobs", 4 * WORKERS)
    watch.hold(job=WORKERS, submitted=1)
    watch.answer_all("submitted")
    watch.until(lambda: bool(watch.seen("closed")), 0.2)
    watch.settle()
    held = len(watch.open("job"))
    watch.fact(not watch.seen("closed") or not held, "jobs that were running when close returned", held, 0)
    watch.serve("job")
    watch.hold(closed=1)
    seen = watch.open("closed")[0].value
    ran = len(watch.seen("job"))
    wanted = [4 * WORKERS, 3 * WORKERS]
    watch.fact(seen == wanted, "handles done, and handles cancelled, when close returned", seen, wanted)
    watch.fact(ran == WORKERS, "jobs run, of which each worker was held in one", ran, WORKERS)
    watch.alone("when close returned")


# ---- callbacks and what nobody asks for


@check(
    points=2,
    title="Each callback runs once, also when it is added late, and may ask the handle",
    concept="callbacks",
    about="JobHandle.add_done_callback",
)
async def test_callbacks(run: Run, explore: Explore) -> None:
    trace = await run("callbacks")
    ticket = trace.inputs().randrange(1 << 30)
    calls = trace.note("calls").value
    expect(
        trace.note("early").value == 0,
        code="callback-too-early",
        message="A callback was called before its job had ended.",
        measured="callbacks called while the jobs are held at a gate or behind it",
        seen=trace.note("early").value,
        wanted=0,
    )
    expect(
        ["asks", True, True, ticket] in calls,
        code="callback-cannot-ask",
        message="A callback that asks its handle did not get the answer.",
        measured="callbacks that were called; this one asks done() and result() of the handle it is given",
        seen=calls,
        wanted=["asks", True, True, ticket],
        means="A callback that runs while the handle's lock is held waits for itself as soon as it asks. Take the list under "
        "the lock, let go, then call.",
    )
    names = sorted(call[0] for call in calls)
    wanted = ["asks", "cancelled", "exits", "last", "panicked", "raises"]
    expect(
        names == wanted,
        code="callback-not-once",
        message="Not every callback was called exactly once.",
        measured="callbacks that were called, of: one that asks, one of a cancelled job, one that raises SystemExit, the "
        "last one, one of a job that panicked, one that raises",
        seen=names,
        wanted=wanted,
        means="What a callback raises, SystemExit too, is dropped, and the next one comes. A panic and a cancellation are "
        "ends like any other.",
    )
    expect(
        trace.note("next_job").value == _got(0),
        code="workers-died",
        message="After a callback had raised, the pool of one ran no job any more.",
        measured="what result() of the next job did",
        seen=trace.note("next_job").value,
        wanted=_got(0),
    )
    late = trace.note("late").value
    expect(
        late == {"told": "value", "raising": _got(None), "calls": [[True, True]]},
        code="late-callback",
        message="A callback that was added to a handle that is done was not called once, or its exception came out.",
        measured="how add_done_callback ended, for one that returns and one that raises; calls of the first",
        seen=[late["told"], late["raising"], late["calls"]],
        wanted=["value", _got(None), [[True, True]]],
    )
    await explore("callback_against_end", _called_once, schedules=160)


def _called_once(trace: Trace) -> None:
    """Adding and ending meet: one of them makes the call, not both and not neither."""
    calls = trace.note("calls").value
    expect(
        calls == 1,
        code="callback-not-once",
        message="A callback was added just when the job ended, and was not called exactly once.",
        measured="calls of the callback",
        seen=calls,
        wanted=1,
        means="Looking whether the job has ended and putting the callback into the list must be one step, under the lock "
        "under which the worker changes the state and takes the list.",
    )


@check(
    points=1,
    title="A panic that nobody asked for is listed when the pool is closed",
    concept="panic isolation",
    about="Pool.unobserved",
)
async def test_unobserved(run: Run, explore: Explore) -> None:
    trace = await run("nobody_asks")
    expect(
        trace.note("unobserved").value == ["nobody"],
        code="panic-vanished",
        message="After close, unobserved is not the list of panics that nobody asked for.",
        measured="whose exceptions are listed, after panics that were asked by result, by exception, by map, and by nobody, "
        "and one of execute",
        seen=trace.note("unobserved").value,
        wanted=["nobody"],
        means="Each handle remembers whether somebody asked. At close, the panics of the others are listed.",
    )
    await explore("nobody_asks_for_four", _all_listed, schedules=160)


def _all_listed(trace: Trace) -> None:
    expect(
        trace.note("count").value == 4,
        code="panic-vanished",
        message="Four jobs panicked, two at a time, and not all of them are listed.",
        measured="exceptions in unobserved, of four",
        seen=trace.note("count").value,
        wanted=4,
        means="Two workers that change a list or a count of the pool at the same time need its lock.",
    )


@check(
    points=0,
    title="Small print: execute, wait_idle, panics, sizes, and refusal after close, as in ex02",
    concept="thread pool",
    visibility="visible",
    about="Pool",
)
async def test_small_print(run: Run) -> None:
    trace = await run("small_print")
    drawn = trace.inputs().randrange(2, 9)
    seen = [*trace.note("sizes").value, trace.note("size").value]
    expect(
        seen == ["ValueError", "ValueError", drawn],
        code="wrong-size",
        message="Pool does not refuse a size below 1 with a ValueError, or its size is not what it was given.",
        measured=f"Pool(0), a negative size, Pool({drawn}).size",
        seen=seen,
        wanted=["ValueError", "ValueError", drawn],
    )
    seen = [trace.note(name).value for name in ("idle", "panics", "not_idle", "ran")]
    expect(
        seen == [True, 2, False, [1, 2]],
        code="not-as-in-ex02",
        message="execute, wait_idle or panics do not do what they did in ex02.",
        measured="wait_idle(5) after three quick jobs; panics after two of them; wait_idle(0.5) while a job is held; what ran",
        seen=seen,
        wanted=[True, 2, False, [1, 2]],
    )
    refusals = trace.note("refusals").value
    expect(
        refusals == [["raised", "PoolClosed"]] * 3,
        code="not-refused",
        message="submit, execute or map did not raise PoolClosed although the pool was closed.",
        measured="what submit, execute and map did after close",
        seen=refusals,
        wanted=[["raised", "PoolClosed"]] * 3,
    )
