"""The checks of ex00. Every expectation lives here."""

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

STARTED_BY_TWO = 6
"""Two threads, and two that each of them starts."""
WITNESSED = 20
"""Jobs in a plain run."""


@check(
    points=3,
    title="Running fifty jobs starts no thread",
    concept="single-threaded by default",
    evidence="outside",
    witness="no_thread_for_jobs",
    visibility="visible",
    about="run_in_order",
)
async def test_zero_threads(run: Run) -> None:
    trace = await run("fifty_jobs")
    ran = len(trace.note("log").value)
    expect(
        ran == 50,
        code="jobs-not-run",
        message="run_in_order did not call each of its fifty jobs once.",
        measured="calls of the jobs",
        seen=ran,
        wanted=50,
    )
    started = trace.started_between("before", "after")
    expect(
        len(started) == 0,
        code="threads-started",
        message="run_in_order started threads; a loop of calls needs none.",
        measured="threads started by run_in_order(50 jobs)",
        seen=len(started),
        wanted=0,
        means="Calling a function, even a closure from a list, never leaves the thread you are on. "
        "A thread exists only because some code asked for it.",
        place=started[0] if started else None,
    )


@witness("jobs_in_a_row")
def no_thread_for_jobs(watch: Watch) -> None:
    """No thread is made while the jobs run, and they do run: to do nothing takes no thread either."""
    watch.threads(most=0)
    watch.serve("count", WITNESSED)
    watch.hold(job=1)  # a thread that it runs on is there to be seen, where the kernel does not count
    watch.serve("job")
    watch.hold(values=1)
    _each_ran_once(watch)


def _each_ran_once(watch: Watch) -> None:
    ran = [call.value for call in watch.seen("job")]
    watch.fact(sorted(ran, key=str) == sorted(range(WITNESSED), key=str), "the jobs that ran", ran, "each once")


@check(
    points=3,
    title="Jobs run in the order given, and their results come in the same order",
    concept="sequential execution",
    evidence="outside",
    witness="values_in_order",
    visibility="visible",
    about="run_in_order",
)
async def test_order(run: Run) -> None:
    trace = await run("fifty_jobs")
    draw = trace.inputs()
    labels, wanted = draw.sample(range(1000), 50), draw.sample(range(1000), 50)
    wanted[draw.randrange(50)] = None
    log, values = trace.note("log").value, trace.note("values").value
    expect(
        log == labels,
        code="jobs-out-of-order",
        message="The jobs did not run once each, in the order of the list.",
        measured="the order in which the fifty jobs ran, each with a number of its own",
        seen=log,
        wanted=labels,
        means="Without threads there is nothing to overtake: the loop itself is the order.",
    )
    expect(
        values == wanted,
        code="results-wrong",
        message="The values in the returned list are not what the jobs returned, in the order of the jobs.",
        measured="the value of each Ran",
        seen=values,
        wanted=wanted,
        means="Every job gets its Ran, also a job that returned None.",
    )


@witness("jobs_in_a_row")
def values_in_order(watch: Watch) -> None:
    """The judge draws what each job returns, and compares what comes back."""
    values = [None if number == 7 else watch.random.randrange(1 << 30) for number in range(WITNESSED)]
    watch.serve("count", WITNESSED)
    by_job = {str(number): value for number, value in enumerate(values)}
    watch.serve("job", lambda call: by_job.get(str(call.value)))
    watch.hold(values=1)
    _each_ran_once(watch)
    seen = watch.seen("values")[0].value
    watch.fact(seen == values, "the value of each Ran, where the judge drew what the jobs return", seen, values)


@check(
    points=3,
    title="Each Ran names the thread that really ran the job: the caller's",
    concept="thread identity",
    visibility="visible",
    about="run_in_order",
)
async def test_main_only(run: Run) -> None:
    trace = await run("who_runs")
    helper = trace.note("helper").value
    for note, caller, who in (("from_main", 0, "the main thread"), ("from_helper", helper, "another thread")):
        fact = trace.note(note).value
        expect(
            fact["ran_on"] == [caller] * 3,
            code="job-on-another-thread",
            message=f"Called from {who}, run_in_order did not run its three jobs on that thread.",
            measured="the thread (by number, main is 0) on which each job ran",
            seen=fact["ran_on"],
            wanted=[caller] * 3,
            means="A job runs on the thread that calls it. To run it elsewhere takes a second thread.",
        )
        expect(
            fact["named"] == [caller] * 3,
            code="wrong-thread-named",
            message=f"Called from {who}, run_in_order named another thread than the one that ran the jobs.",
            measured="the thread (by number, main is 0; -1 is no thread) in each Ran",
            seen=fact["named"],
            wanted=[caller] * 3,
            means="Main is not special: any thread can call a function. Ask which thread is running, do not assume it.",
        )


@check(
    points=3,
    title="A job that raises ends the run, and its exception escapes unchanged",
    concept="panic",
    visibility="visible",
    about="run_in_order",
)
async def test_panic_stops(run: Run) -> None:
    trace = await run("third_job_raises")
    labels = trace.inputs().sample(range(1000), 6)
    escaped, log = trace.note("escaped").value, trace.note("log").value
    expect(
        labels[2] in log,
        code="jobs-not-run",
        message="run_in_order did not call its third job.",
        measured="the jobs that ran, each with a number of its own",
        seen=log,
        wanted=labels[:3],
    )
    expect(
        escaped != "nothing",
        code="exception-swallowed",
        message="The third job raised, and run_in_order returned as if nothing had happened.",
        measured="what left run_in_order",
        seen=escaped,
        wanted="the same exception",
        means="An exception that is caught and not passed on is an error that nobody will ever hear of.",
    )
    expect(
        escaped == "the same exception",
        code="exception-replaced",
        message="Another exception left run_in_order than the one that the job raised.",
        measured="what left run_in_order",
        seen=escaped,
        wanted="the same exception",
        means="The caller needs the job's own exception object: its type and traceback say what went wrong.",
    )
    expect(
        log == labels[:3],
        code="jobs-after-panic",
        message="After the third job raised, the wrong jobs had run.",
        measured="the jobs that ran, each with a number of its own",
        seen=log,
        wanted=labels[:3],
        means="A panic that nobody catches ends what its thread was doing; the rest of the list is not reached.",
    )


@check(
    points=3,
    title="The census counts threads that have already ended",
    concept="counting threads",
    evidence="outside",
    witness="census_of_as_many",
    visibility="visible",
    about="ThreadCensus",
)
async def test_census_counts(run: Run, explore: Explore) -> None:
    trace = await run("census_of_short_threads")
    draw = trace.inputs()
    started = sum(draw.randrange(2, 6) for _ in range(2))
    created, leaked = trace.note("created").value, trace.note("leaked").value
    expect(
        created == started,
        code="census-misses-threads",
        message=f"{started} threads were started and joined inside the block; the census says otherwise.",
        measured="ThreadCensus.created",
        seen=created,
        wanted=started,
        means="A thread that has ended is gone from threading.enumerate(): a difference of before and after misses it.",
    )
    expect(
        leaked == 0,
        code="leak-list-wrong",
        message=f"All {started} threads had ended when the block was left, so none of them leaked.",
        measured="the length of ThreadCensus.leaked",
        seen=leaked,
        wanted=0,
        means="Started is not the same as left behind.",
    )
    await explore("two_starters_in_a_census", _all_counted, schedules=60)


def _all_counted(trace: Trace) -> None:
    """No start is lost, however the threads that start others interleave."""
    created = trace.note("created").value
    expect(
        created == STARTED_BY_TWO,
        code="census-loses-threads",
        message="Two threads started others at the same time, and the census lost some of them.",
        measured="ThreadCensus.created, after two threads had each started two more",
        seen=created,
        wanted=STARTED_BY_TWO,
        means="Whoever wraps start() is called on every thread that starts one. `count += 1` reads and writes in two steps, and "
        "another thread can come in between; appending to a list is one, and a lock makes one of any number.",
    )


@witness("threads_in_a_census")
def census_of_as_many(watch: Watch) -> None:
    """The judge draws how many threads are started, and compares the count."""
    count = watch.random.randrange(3, 12)
    watch.serve("count", count)
    watch.hold(census=1)
    seen = watch.seen("census")[0].value
    watch.fact(
        seen == [count, 0], "created, and the length of leaked, for threads that were all joined", seen, [count, 0]
    )


@check(
    points=3,
    title="The census names the threads left behind, and lets go of the program also after an error",
    concept="counting threads",
    about="ThreadCensus",
)
async def test_census_leak(run: Run) -> None:
    trace = await run("census_of_blocked_threads")
    leaked, inside = trace.note("leaked").value, trace.note("inside").value
    expect(
        -1 not in inside,
        code="start-swallowed",
        message="A thread that was started inside the block never ran.",
        measured="threads that ran, of two that were started in a census",
        seen=len([serial for serial in inside if serial >= 0]),
        wanted=2,
        means="Who wraps Thread.start must call the start that it wrapped, or no thread starts while the census is open.",
    )
    expect(
        sorted(leaked) == sorted(inside),
        code="leak-list-wrong",
        message="ThreadCensus.leaked is not exactly the two threads that the block left running.",
        measured=f"the threads in leaked, by number (thread {trace.note('earlier').value} was there before the block)",
        seen=sorted(leaked),
        wanted=sorted(inside),
        means="A leak is a thread that was started in the block and is alive at its end, daemon or not. "
        "Threads from before are somebody else's.",
    )
    trace = await run("census_of_a_failing_block")
    escaped, created = trace.note("escaped").value, trace.note("created").value
    expect(
        escaped == "the same exception",
        code="exception-swallowed",
        message="The block raised, and its exception did not come through the census.",
        measured="what left the with statement",
        seen=escaped,
        wanted="the same exception",
        means="A true result of __exit__ swallows the exception; return None or False.",
    )
    for fact, seen, wanted in (
        ("ThreadCensus.created after one more thread was started", created["later"], created["at_exit"]),
        ("whether Thread.start is again what it was before the block", trace.note("put_back").value, True),
    ):
        expect(
            seen == wanted,
            code="census-not-removed",
            message="After a block that raised, the census was still in place.",
            measured=fact,
            seen=seen,
            wanted=wanted,
            means="__exit__ runs also when the block raises. Put back what you wrapped before anything else can go wrong.",
        )


@check(
    points=2,
    title="Threads are told apart by the thread, not by a number or a name that is used again",
    concept="thread identity",
    about="distinct_threads",
)
async def test_not_idents(run: Run) -> None:
    trace = await run("same_name_twenty_times")
    draw = trace.inputs()
    results = [draw.randrange(1, 4) for _ in range(draw.randrange(15, 25))]
    threads = [thread for thread, count in enumerate(results) for _ in range(count)]
    wanted = [len(set(draw.sample(threads, draw.randrange(5, 12)))) for _ in range(5)]
    for who, measured, seen, right in (
        (
            f"{len(results)} threads ran one after another",
            "the results of all",
            trace.note("distinct").value,
            len(results),
        ),
        (
            "Some of the results were taken out, five times",
            "each of five parts of the results",
            trace.note("distinct_of_parts").value,
            wanted,
        ),
    ):
        expect(
            seen == right,
            code="threads-confused",
            message=f"{who}, and distinct_threads saw another number of threads.",
            measured=f"distinct_threads of {measured}, where {len(results)} threads with one name have one to three each",
            seen=seen,
            wanted=right,
            means="The operating system gives the ident of a dead thread to the next one, and names need not differ. "
            "The Thread object is the identity.",
        )
    expect(
        trace.note("distinct_of_none").value == 0,
        code="threads-confused",
        message="No job ran, so no thread did.",
        measured="distinct_threads([])",
        seen=trace.note("distinct_of_none").value,
        wanted=0,
    )
    trace = await run("gated_threads")
    count, live = trace.inputs().randrange(3, 9), trace.note("live").value
    expect(
        live == [1, 1 + count, 1],
        code="live-threads-wrong",
        message="live_threads does not count the threads that are alive.",
        measured=f"live_threads() before, while and after {count} threads are held at a gate",
        seen=live,
        wanted=[1, 1 + count, 1],
        means="The main thread counts too, and a thread that was joined no longer does.",
    )
    trace = await run("census_in_a_census")
    draw, created = trace.inputs(), trace.note("created").value
    before, within, after = (draw.randrange(1, 5) for _ in range(3))
    wanted = {"outer": before + within + after, "inner": within}
    expect(
        created == wanted,
        code="nested-census-wrong",
        message="Of two nested censuses, each should count the threads started inside its own block.",
        measured=f"created: {before} threads, then {within} in the inner block, then {after}",
        seen=created,
        wanted=wanted,
        means="The inner census must wrap what the outer one put in place, and put exactly that back.",
    )
