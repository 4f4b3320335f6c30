"""The checks of ex02. Every expectation lives here."""

from collections.abc import Callable, Collection

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

Predicate = Callable[[Trace], None]

POLLS_PER_SECOND = 10
"""Wake-ups of an idle worker, per virtual second, that are a remark and no failure."""
WAKES_PER_POLL = 10
"""Times that a thread may give up the processor for one such wake-up, in a plain run; seen were one or two, also under load."""
WORKERS = 4  # of the pool whose threads are counted
GATED = 3  # workers of the pool whose jobs are held
SPINNING_MEANS = (
    "`if q.empty(): continue` and `get_nowait` in a loop burn a whole core for nothing, and a short sleep in the loop is "
    "not much better. Queue.get() sleeps in the operating system until somebody puts a job."
)


@check(
    points=3,
    title="The constructor starts all N workers; no thread is started later",
    concept="thread pool",
    evidence="outside",
    witness="workers_are_there_first",
    visibility="visible",
    about="ThreadPool.__init__",
)
async def test_precreated(run: Run) -> None:
    trace = await run("two_hundred_jobs")
    ran = len(trace.note("ran_on").value)
    expect(
        ran == 200,
        code="job-never-ran",
        message="Not every job that was submitted ran exactly once, so nothing can be said about the workers that run them.",
        measured="jobs run, of 200",
        seen=ran,
        wanted=200,
    )
    made = trace.started_between("imported", "constructed")
    later = trace.started_between("constructed", None)
    expect(
        len(later) < 200,
        code="thread-per-job",
        message="Your pool started a thread for every job.",
        measured="threads started after ThreadPool(4) had been constructed, while 200 jobs ran",
        seen=len(later),
        wanted=0,
        means="A thread for each job is what a pool is there to avoid: creating one costs memory and a call into the "
        "kernel, and nothing limits how many run at once.",
        place=later[0] if later else None,
    )
    expect(
        len(made) >= 4 or not later,
        code="threads-not-precreated",
        message="Your pool did not start its workers in the constructor; it started threads when jobs came.",
        measured="threads started by ThreadPool(4), and later while 200 jobs ran",
        seen=[len(made), len(later)],
        wanted=[4, 0],
        means="Starting lazily makes the first jobs pay for the threads, which a pool should have paid for up front.",
        place=later[0] if later else None,
    )
    expect(
        len(made) <= 4,
        code="extra-threads",
        message="Your pool started more threads than its N workers.",
        measured="threads started by ThreadPool(4)",
        seen=len(made),
        wanted=4,
        means="A dispatcher between the queue and the workers is not needed: the workers can take from the queue "
        "themselves.",
        place=made[-1] if made else None,
    )
    expect(
        len(made) == 4,
        code="too-few-threads",
        message="Your pool started fewer threads than its N workers.",
        measured="threads started by ThreadPool(4)",
        seen=len(made),
        wanted=4,
    )
    expect(
        not later,
        code="threads-after-construction",
        message="Your pool started threads after its constructor.",
        measured="threads started while 200 jobs ran",
        seen=len(later),
        wanted=0,
        means="The workers can run any number of jobs, one after the other; a used worker is not used up.",
        place=later[0] if later else None,
    )


@witness("pool_at_work")
def workers_are_there_first(watch: Watch) -> None:
    """All workers are there when the constructor has returned, and no thread is made later."""
    watch.threads(most=WORKERS, least=WORKERS)
    watch.serve("size", WORKERS)
    watch.hold(constructed=1)
    made = watch.threads_now()
    watch.fact(made is None or made >= WORKERS, "threads there when the constructor has returned", made, WORKERS)
    watch.serve("job")
    watch.answer_all("constructed", list(range(10 * WORKERS)))
    watch.hold(submitted=1)
    watch.until(lambda: len(watch.seen("job")) == 10 * WORKERS)


@check(
    points=2,
    title="Every job runs, on one of at most N worker threads and never on the submitter's",
    concept="thread pool",
    evidence="outside",
    witness="jobs_on_few_workers",
    visibility="visible",
    about="ThreadPool.execute",
)
async def test_reuse(run: Run, explore: Explore) -> None:
    ran_on = (await run("two_hundred_jobs")).note("ran_on").value
    expect(
        len(ran_on) == 200,
        code="job-never-ran",
        message="Not every job that was submitted ran exactly once.",
        measured="jobs run, of 200",
        seen=len(ran_on),
        wanted=200,
    )
    expect(
        0 not in ran_on,
        code="job-on-submitter",
        message="A job ran on the thread that called execute.",
        measured="jobs run on the submitter's thread",
        seen=ran_on.count(0),
        wanted=0,
        means="execute only hands the job over. Running it is the workers' part.",
    )
    expect(
        len(set(ran_on)) <= 4,
        code="workers-not-reused",
        message="The jobs ran on more threads than the pool has workers.",
        measured="different threads that ran the 200 jobs of ThreadPool(4)",
        seen=len(set(ran_on)),
        wanted="at most 4",
        means="A worker takes the next job when it has finished one. It does not end with it.",
    )
    await _explore(run, explore, "one_job_after_another", _all_ran, schedules=50)


@witness("jobs_one_by_one")
def jobs_on_few_workers(watch: Watch) -> None:
    """Each job runs once, none on main, and all on as many threads as there are workers."""
    tickets = [watch.random.randrange(1 << 30) for _ in range(5 * WORKERS)]
    watch.serve("size", WORKERS)
    watch.serve("tickets", tickets)
    threads = set()
    for ticket in tickets:
        watch.hold(job=1)
        ran = watch.open("job")[0]
        watch.fact(ran.value == ticket, "the job that ran, by the ticket that the judge drew", ran.value, ticket)
        threads.add(watch.not_on_main("job"))
        watch.answer(ran)
    watch.hold(all_ran=1)
    used = len(threads - {None})
    watch.fact(used <= WORKERS, "different threads that ran jobs", used, f"at most {WORKERS}")


def _all_ran(trace: Trace) -> None:
    """No wake-up is lost between "the queue is empty" and falling asleep."""
    expect(
        trace.note("ran").value == 3,
        code="job-never-ran",
        message="A job lay in the queue while the worker slept, and nobody woke it.",
        measured="jobs run, of three given to ThreadPool(1) one after another",
        seen=trace.note("ran").value,
        wanted=3,
        means="A lost wake-up: the job came after the worker had looked and before it slept. Looking and falling asleep "
        "must be one step, as in Queue.get() or in a Condition's wait inside its lock.",
        place=_waits_at(trace, [thread.serial for thread in trace.student_threads]),
    )


def _waits_at(trace: Trace, threads: Collection[int]) -> int | None:
    """The student's line on which one of these threads was waiting when the run ended."""
    return next((wait.line for wait in trace.waits if wait.thread in threads and wait.line > 0), None)


@check(
    points=3,
    title="N jobs run at the same time, and never more than N",
    concept="thread pool",
    evidence="outside",
    witness="jobs_held_open",
    visibility="visible",
    about="ThreadPool",
)
async def test_overlap_exact(run: Run) -> None:
    trace = await run("gated_jobs")
    together = trace.high_water("enter", "leave")
    expect(
        together >= 3,
        code="too-little-overlap",
        message="Fewer than N jobs ran at the same time, although more were waiting.",
        measured="jobs of ThreadPool(3) under way at once, with nine submitted and held at a gate",
        seen=together,
        wanted=3,
        means="Who holds a lock while running a job makes all other workers wait for it. "
        "Take the job under the lock, let go, then run it.",
    )
    expect(
        together == 3,
        code="too-much-overlap",
        message="More than N jobs ran at the same time.",
        measured="jobs of ThreadPool(3) under way at once, with nine submitted and held at a gate",
        seen=together,
        wanted=3,
        means="The size of a pool is a promise about how much runs at once.",
    )
    expect(
        trace.note("ran").value == 9,
        code="job-never-ran",
        message="After the gate was opened, not every job came to its end.",
        measured="jobs that ended, of nine",
        seen=trace.note("ran").value,
        wanted=9,
    )
    met = (await run("jobs_meet_at_a_barrier")).note("met").value
    expect(
        met == 3,
        code="too-little-overlap",
        message="Three jobs of a pool of three never met at a barrier.",
        measured="jobs that came past a barrier for three",
        seen=met,
        wanted=3,
        means="Jobs may wait for each other as long as there are workers for all of them.",
    )


@witness("pool_at_a_gate")
def jobs_held_open(watch: Watch) -> None:
    """The judge holds every job: as many as there are workers are open at once, and never one more."""
    watch.never_more("job", GATED)
    watch.serve("size", GATED)
    watch.serve("constructed", [watch.random.randrange(1 << 30) for _ in range(3 * GATED)])
    for _ in range(3):
        watch.hold(job=GATED)
        watch.settle()
        watch.answer_all("job")


@check(
    points=1,
    title="execute returns at once, also when all workers are busy",
    concept="queue",
    about="ThreadPool.execute",
)
async def test_submit_nonblocking(run: Run) -> None:
    trace = await run("thousand_jobs_for_busy_workers")
    accepted = trace.note("accepted").value
    expect(
        accepted == 1000,
        code="execute-blocks",
        message="execute made its caller wait while all workers were busy.",
        measured="calls of execute that returned, of 1000, while both workers were held at a gate",
        seen=accepted,
        wanted=1000,
        means="Submitting is not running. A queue without a bound takes the job, whoever is busy.",
        place=_waits_at(trace, [trace.note("submitter").value]),
    )
    expect(
        trace.note("busy").value == 2,
        code="job-never-ran",
        message="The jobs that should have kept both workers busy were not both started.",
        measured="jobs started by ThreadPool(2), of two that wait at a gate",
        seen=trace.note("busy").value,
        wanted=2,
    )


@check(
    points=2,
    title="A job that raises does not take its worker with it, and prints nothing",
    concept="panic isolation",
    visibility="visible",
    about="ThreadPool",
)
async def test_survives_panic(run: Run) -> None:
    met = (await run("jobs_meet_at_a_barrier")).note("met").value
    expect(
        met == 3,
        code="too-little-overlap",
        message="Your pool cannot run three jobs at once even before a job raises, so the check of what panics do fails too.",
        measured="jobs that came past a barrier for three, without any panic",
        seen=met,
        wanted=3,
    )
    trace = await run("panics_then_a_barrier")
    met = trace.note("met").value
    expect(
        met == 3,
        code="workers-died",
        message="After some jobs had raised, the pool of three could not run three jobs at once any more.",
        measured="jobs that met at a barrier for three, after the panics",
        seen=met,
        wanted=3,
        means="An exception that leaves the worker's loop ends the worker, silently in the case of SystemExit. "
        "Catch BaseException around the job, inside the loop.",
    )
    expect(
        trace.stderr == "",
        code="panic-on-stderr",
        message="Something was printed to stderr while jobs raised.",
        measured="what was written to stderr",
        seen=trace.stderr,
        wanted="",
        means="The pool counts panics; it does not print them. (Print to stdout while you look for a mistake.)",
    )


@check(
    points=1,
    title="panics is exactly the number of jobs that raised, on every schedule",
    concept="lost update",
    about="ThreadPool.panics",
)
async def test_counts_panics(run: Run, explore: Explore) -> None:
    trace = await run("panics_then_a_barrier")
    panics, raised = trace.note("panics").value, 4 + trace.inputs().randrange(10)
    expect(
        panics == raised,
        code="panics-miscounted",
        message="ThreadPool.panics is not the number of jobs that raised.",
        measured=f"panics after {raised} jobs raised: SystemExit, a falsy exception, a KeyError and others",
        seen=panics,
        wanted=raised,
        means="Every exception counts, SystemExit and falsy ones too.",
    )
    await _explore(run, explore, "four_panics_in_pairs", _all_counted, schedules=50)


def _all_counted(trace: Trace) -> None:
    """No panic is lost when two workers count at once."""
    panics = trace.note("panics").value
    expect(
        panics["counted"] == panics["raised"],
        code="panics-lost",
        message="Two workers counted a panic at the same time, and one of the two was lost.",
        measured="panics after jobs of ThreadPool(2) raised two by two",
        seen=panics["counted"],
        wanted=panics["raised"],
        means="`self.panics += 1` reads, adds and writes. Two threads can read the same number; only a lock makes the "
        "three steps one.",
    )


@check(
    points=3,
    title="A worker without a job sleeps; it does not ask again and again",
    concept="idle without spinning",
    witness="idle_workers",
    visibility="visible",
    about="ThreadPool",
)
async def test_no_spin(run: Run) -> None:
    trace = await run("idle_and_half_busy")
    spin = _first_spin(trace)
    expect(
        spin is None,
        code="worker-spins",
        message="A worker that had no job kept on asking for one.",
        measured="what an idle worker did",
        seen="thousands of steps in a row that had no effect on anybody",
        wanted="nothing",
        means=SPINNING_MEANS,
        place=spin,
    )
    for phase, what in (("idle", "nothing to do"), ("busy", "one of three workers busy, the others idle")):
        expect(
            trace.has(phase),
            code="job-never-ran",
            message="A job was never run, so nothing can be said about what its worker does afterwards.",
            measured="jobs run, of one submitted",
            seen=0,
            wanted=1,
        )
        begin, end = trace.mark(f"{phase}_begin"), trace.mark(f"{phase}_end")
        seconds = round(end.time_s - begin.time_s)
        wakes = max(trace.resumes_between(begin.name, end.name).values(), default=0)
        expect(
            wakes <= POLLS_PER_SECOND * seconds + 1,  # both ends of the interval may hold one
            code="worker-spins",
            message="A worker that had no job woke up again and again to ask for one.",
            measured=f"wake-ups of the busiest idle worker in {seconds} virtual seconds, {what}",
            seen=wakes,
            wanted=0,
            means=SPINNING_MEANS,
        )
        if wakes:
            expect.note(
                code="worker-polls",
                message="A thread of your pool wakes up now and then although there is nothing to do.",
                measured=f"wake-ups of the busiest idle thread in {seconds} virtual seconds, {what}",
                seen=wakes,
                wanted=0,
                means="A time-out in a loop is a slow kind of spinning, and it hides lost wake-ups. A wait without a "
                "time-out costs nothing.",
            )


@witness("pool_without_jobs")
def idle_workers(watch: Watch) -> None:
    """Nobody wakes up far more often than any polling that is a remark only."""
    watch.serve("size", GATED)
    watch.serve("job")
    watch.hold(idle=1)
    watch.until(lambda: bool(watch.seen("job")))
    watch.quiet(most_per_second=POLLS_PER_SECOND * WAKES_PER_POLL, seconds=1.0)


def _first_spin(trace: Trace) -> int | None:
    """The line on which a thread of the pool was first seen polling without end; None when none was.

    Only the student's own loops count: a wait of the standard library may look at the clock as often as it likes.
    """
    workers = {thread.serial for thread in trace.student_threads}
    spins = (event for event in trace.record.events if event.kind == "spin" and event.thread in workers)
    return next((event.line for event in spins if event.line > 0), None)


async def _explore(run: Run, explore: Explore, scenario: str, predicate: Predicate, schedules: int) -> None:
    """Hold `predicate` against many schedules; against one, if the workers spin.

    Spinning workers cost a check of their own. Under a schedule that prefers them they only keep everybody waiting, which
    takes long and teaches nothing.
    """
    trace = await run(scenario)
    if _first_spin(trace) is None:
        await explore(scenario, predicate, schedules=schedules)
    else:
        predicate(trace)
        expect.note(
            code="not-explored",
            message="Workers that spin were tried under one schedule only; see the check about idle workers.",
        )


@check(
    points=2,
    title="close runs everything that was accepted, and no worker is alive when it returns",
    concept="orderly shutdown",
    evidence="outside",
    witness="nothing_left_after_close",
    about="ThreadPool.close",
)
async def test_drain_close(run: Run, explore: Explore) -> None:
    trace = await run("close_with_fifty_queued")
    _drained(trace, 50)
    trace = await run("close_an_idle_pool")
    expect(
        len(trace.notes("closed")) == 2 and not trace.alive_at_end(),
        code="workers-alive",
        message="After an idle pool was closed, some of its workers were still alive.",
        measured="workers alive after close",
        seen=len(trace.alive_at_end()),
        wanted=0,
        means="A worker that sleeps on an empty queue does not see a flag. It has to be woken, and then joined.",
    )
    await _explore(run, explore, "close_right_away", lambda trace: _drained(trace, 3), schedules=50)


@witness("pool_that_closes")
def nothing_left_after_close(watch: Watch) -> None:
    """When close returns every job has ended, and no thread is left."""
    tickets = [watch.random.randrange(1 << 30) for _ in range(4 * GATED)]
    watch.serve("size", GATED)
    watch.serve("constructed", tickets)
    watch.until(lambda: bool(watch.seen("closed")) or len(watch.open("job")) == GATED)
    watch.settle()  # workers are held in their jobs, and main waits in close
    held = len(watch.open("job"))
    watch.fact(not watch.seen("closed") or not held, "jobs that were running when close returned", held, 0)
    watch.serve("job")
    watch.hold(closed=1)
    ran = sorted(str(call.value) for call in watch.seen("job"))
    watch.fact(ran == sorted(map(str, tickets)), "jobs run when close returned", ran, "each that was accepted, once")
    watch.alone("when close returned")


def _drained(trace: Trace, jobs: int) -> None:
    """All accepted jobs have ended, and all workers."""
    ran, alive = trace.note("ran").value, trace.alive_at_end()
    expect(
        ran == jobs or bool(alive),
        code="jobs-dropped",
        message="close ended the workers while accepted jobs were still in the queue.",
        measured=f"jobs run when close returned, of {jobs}",
        seen=ran,
        wanted=jobs,
        means="Closing refuses new jobs. What was accepted before is a promise: the flag may end a worker only when the "
        "queue is empty, or a stop marker must stand behind all the jobs.",
    )
    expect(
        ran == jobs,
        code="close-returned-early",
        message="close returned while accepted jobs had not been run yet.",
        measured=f"jobs run when close returned, of {jobs}",
        seen=ran,
        wanted=jobs,
        means="close waits: join the very threads that the constructor started.",
    )
    expect(
        not alive,
        code="workers-alive",
        message="When close returned, some workers were still alive.",
        measured="workers alive when close returned",
        seen=len(alive),
        wanted=0,
        means="Join the very threads that the constructor started; each of them needs to be told to stop.",
        place=alive[0] if alive else None,
    )


@check(
    points=1,
    title="After close, execute raises PoolClosed, and no job is accepted that will not run",
    concept="orderly shutdown",
    about="ThreadPool.execute",
)
async def test_refuses_after_close(run: Run, explore: Explore) -> None:
    trace = await run("execute_during_and_after_close")
    answers = [note.value for name in ("during", "after") for note in trace.notes(name)]
    expect(
        answers == ["PoolClosed", "PoolClosed"],
        code="not-refused",
        message="execute did not raise PoolClosed although the pool was closing or closed.",
        measured="what execute did: from a job that still ran while the pool closed; from main afterwards",
        seen=answers,
        wanted=["PoolClosed", "PoolClosed"],
    )
    expect(
        trace.has("job_ended") and not trace.alive_at_end(),
        code="workers-alive",
        message="A job that was refused while the pool closed did not end normally, or its worker did not.",
        measured="whether the job ended, and workers alive after close",
        seen=[trace.has("job_ended"), len(trace.alive_at_end())],
        wanted=[True, 0],
    )
    await _explore(run, explore, "execute_against_close", _accepted_means_run, schedules=50)


def _accepted_means_run(trace: Trace) -> None:
    """Whoever comes first, execute and close agree about it."""
    answers, ran = trace.note("answers").value, trace.note("ran").value
    accepted = answers.count("accepted")
    expect(
        ran == accepted and accepted + answers.count("PoolClosed") == 2,
        code="accepted-job-lost",
        message="execute accepted a job while the pool was being closed, and the job never ran.",
        measured="what two calls of execute did, and jobs run after close had returned",
        seen=[*answers, ran],
        wanted="as many jobs run as were accepted; PoolClosed for the others",
        means="Between looking at the flag and putting the job into the queue, close can set the flag and put its stop "
        "markers. Do both under one lock, and close too.",
    )


@check(
    points=1,
    title="Pools share nothing; a job may submit a job; one worker runs jobs in order",
    concept="thread pool",
    about="ThreadPool",
)
async def test_two_pools(run: Run) -> None:
    trace = await run("two_pools_at_a_gate")
    together = [trace.high_water(f"enter_{name}", f"leave_{name}") for name in ("first", "second")]
    ran_on = trace.note("ran_on").value
    shared = sorted(set(ran_on["first"]) & set(ran_on["second"]))
    expect(
        max(together) <= 2 and not shared,
        code="pools-share-work",
        message="Two pools of two workers ran each other's jobs.",
        measured="jobs of the first and of the second pool under way at once; threads that ran jobs of both",
        seen=[*together, len(shared)],
        wanted=[2, 2, 0],
        means="A queue or a list that is made in the class body is one for all pools. Make it in __init__.",
    )
    expect(
        trace.note("ran").value == 8,
        code="job-never-ran",
        message="With two pools, not every job came to its end.",
        measured="jobs that ended, of eight",
        seen=trace.note("ran").value,
        wanted=8,
    )
    ran = (await run("job_that_submits_a_job")).note("ran").value
    expect(
        ran == 1,
        code="nested-job-never-ran",
        message="A job submitted another job to its own pool, and that one never ran.",
        measured="jobs run that were submitted from inside a job of ThreadPool(1)",
        seen=ran,
        wanted=1,
        means="While a job runs, its worker must hold nothing that execute needs.",
    )
    trace = await run("ten_jobs_for_one_worker")
    order, submitted = trace.note("order").value, trace.inputs().sample(range(1000), 10)
    expect(
        order == submitted,
        code="jobs-out-of-order",
        message="A pool with one worker did not run its jobs in the order in which they were submitted.",
        measured="the order of ten jobs in ThreadPool(1), each with a number of its own",
        seen=order,
        wanted=submitted,
        means="A queue gives first what came first; a stack would let the oldest job starve.",
    )


@check(
    points=1,
    title="wait_idle returns True when every job has ended, running ones too, and False at its time-out",
    concept="queue",
    about="ThreadPool.wait_idle",
)
async def test_wait_idle(run: Run, explore: Explore) -> None:
    trace = await run("wait_for_idle")
    expect(
        trace.note("new").value is True,
        code="idle-missed",
        message="wait_idle on a pool that never had a job did not return True.",
        measured="wait_idle(5) of a new pool",
        seen=trace.note("new").value,
        wanted=True,
    )
    timed, ended = trace.note("timed").value, trace.note("ended").value
    early = "A job that a worker has taken is no longer in the queue, and still not done. Count jobs until they end."
    expect(
        timed["answer"] is not True,
        code="idle-too-early",
        message="wait_idle said that the pool was idle while a job was running.",
        measured="wait_idle(0.5) while a job is held at a gate",
        seen=timed["answer"],
        wanted=False,
        means=early,
    )
    expect(
        timed["answer"] is False and 0.5 - 1e-6 <= timed["waited"] <= 1.5,
        code="idle-wrong-timeout",
        message="wait_idle(0.5) did not return False after about half a second.",
        measured="wait_idle(0.5) while a job is held at a gate: the answer, and virtual seconds waited",
        seen=[timed["answer"], round(timed["waited"], 6)],
        wanted=[False, 0.5],
    )
    expect(
        ended == {"answer": True, "jobs": 1},
        code="idle-too-early",
        message="wait_idle did not wait for the running job and then return True.",
        measured="wait_idle() while a job runs for another second: the answer, and jobs that had ended",
        seen=[ended["answer"], ended["jobs"]],
        wanted=[True, 1],
        means=early,
    )
    expect(
        trace.note("after_panic").value is True,
        code="idle-missed",
        message="After a job had raised, wait_idle did not return True any more.",
        measured="wait_idle(5) after a job that raised",
        seen=trace.note("after_panic").value,
        wanted=True,
        means="A job that raised has ended too. Count it in a `finally`.",
    )
    for scenario in ("wait_for_two_quick_jobs", "wait_for_two_jobs_that_meet"):
        await _explore(run, explore, scenario, _idle_means_ended, schedules=50)


def _idle_means_ended(trace: Trace) -> None:
    """Idle is said neither too early nor never."""
    idle = trace.note("idle").value
    expect(
        idle["answer"] is not True or idle["jobs"] == 2,
        code="idle-too-early",
        message="wait_idle said that the pool was idle before both jobs had ended.",
        measured="jobs ended when wait_idle returned True, of two",
        seen=idle["jobs"],
        wanted=2,
        means="Between taking a job from the queue and saying that it runs there is a gap. Count a job from execute on.",
    )
    expect(
        idle["answer"] is True or idle["jobs"] < 2,  # a job that never ran is another check's business
        code="idle-missed",
        message="Both jobs had ended, and wait_idle did not notice.",
        measured="wait_idle(5) after two quick jobs",
        seen=idle["answer"],
        wanted=True,
    )


@check(
    points=0,
    title="Small print: sizes below 1 are refused, jobs get their arguments, `with` closes the pool",
    concept="thread pool",
    visibility="visible",
    about="ThreadPool",
)
async def test_small_print(run: Run) -> None:
    trace = await run("small_print")
    draw = trace.inputs()
    given, below, first, second, scale = (draw.randrange(2, 9) for _ in range(5))
    sizes, size = trace.note("sizes").value, trace.note("size").value
    expect(
        sizes == ["ValueError", "ValueError"] and size == given,
        code="wrong-size",
        message="ThreadPool does not refuse a size below 1 with a ValueError, or its size is not what it was given.",
        measured=f"ThreadPool(0), ThreadPool({-below}), ThreadPool({given}).size",
        seen=[*sizes, size],
        wanted=["ValueError", "ValueError", given],
    )
    got = trace.note("got").value
    wanted = [{"args": [[first, second], "three"], "kw": {"scale": scale}}]
    expect(
        got == wanted,
        code="arguments-changed",
        message="By the end of the `with` block the job had not run once with the arguments given to execute.",
        measured=f'calls of the job by the end of the block, after execute(job, ({first}, {second}), "three", scale={scale})',
        seen=got,
        wanted=wanted,
    )
    expect(
        not trace.alive_at_end(),
        code="workers-alive",
        message="When the `with` block was left, some workers were still alive.",
        measured="workers alive after the block",
        seen=len(trace.alive_at_end()),
        wanted=0,
    )
