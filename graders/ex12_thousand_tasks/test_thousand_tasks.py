"""The checks of ex12. Every expectation lives here."""

from collections.abc import Callable

from threadmarks.grading import Explore, Run, Stand, Trace, Watch, check, expect, witness

NEAR_S = 0.001
"""How late a timer may ring, in virtual seconds."""
WORKERS = 4
TASKS = 1000  # of the scenario with the many sleepers
MANY = 1500  # tasks that wait while all workers are busy
POLLS_PER_SECOND = 10
"""Wake-ups of an idle worker, per virtual second, that are a remark and no failure."""
WAKES_PER_POLL = 10
"""Times that a thread may give up the processor for one such wake-up, in a plain run."""
WAKES = 20  # from outside, one after another
CALLED = 3  # workers that may get up for one wake
STATES_MEANS = (
    "A task is idle, queued, running, or running and woken. A wake of an idle task queues it; a wake of a running one only leaves "
    "a mark, for the worker that polls it and looks at the mark afterwards. Each of these steps needs the task's lock."
)
SPINNING_MEANS = (
    "A worker that finds nothing ready waits on a Condition, in which looking and falling asleep are one step; whoever makes a task "
    "ready, or sets an earlier deadline, notifies it."
)


def _has_workers(trace: Trace) -> None:
    """Somebody is there to poll: a runtime without workers would fail each check for a reason of its own."""
    expect(
        len(trace.student_threads) > 0,
        code="no-workers",
        message="No worker was started, and so nothing was polled.",
        measured="threads started by MultiRuntime(...), and by spawn, before anybody is in block_on",
        seen=0,
        wanted="as many as there are workers",
        means="The constructor starts all workers. They poll what is spawned, whether or not anybody is in block_on.",
    )


def _workers_at_once(trace: Trace) -> None:
    """All workers are made by the constructor, and no thread later."""
    made = trace.started_between("imported", "constructed")
    later = trace.started_between("constructed", None)
    expect(
        len(later) < TASKS,
        code="thread-per-task",
        message="Your runtime started a thread for every task.",
        measured=f"threads started while {TASKS} tasks ran",
        seen=len(later),
        wanted=0,
        means="A task is a coroutine in a queue: it costs some memory. A thread for each is what it is there to avoid.",
        place=later[0] if later else None,
    )
    expect(
        not later,
        code="threads-after-construction",
        message="Your runtime started threads after its constructor.",
        measured=f"threads started while {TASKS} tasks ran",
        seen=len(later),
        wanted=0,
        means="The workers run any number of tasks, and the workers keep the time as well: a worker that has nothing to do can wait "
        "until the next deadline.",
        place=later[0] if later else None,
    )
    expect(
        len(made) == WORKERS,
        code="wrong-number-of-threads",
        message="MultiRuntime(4) did not start four threads in its constructor.",
        measured="threads started by MultiRuntime(4)",
        seen=len(made),
        wanted=WORKERS,
        means="The workers are all there is. None of them needs a helper for the queue, or for the time.",
        place=made[-1] if made else None,
    )


@check(
    points=3,
    title="A thousand tasks run on four threads, which the constructor starts",
    concept="tasks and threads",
    evidence="outside",
    witness="workers_are_there_first",
    visibility="visible",
    about="MultiRuntime.__init__",
)
async def test_threads(run: Run) -> None:
    trace = await run("thousand_sleepers")
    _workers_at_once(trace)
    total, wanted = trace.note("sum").value, sum(range(TASKS))
    expect(
        total == wanted,
        code="wrong-sum",
        message="The handles did not give what the tasks returned.",
        measured=f"the sum of what {TASKS} tasks returned, each its number",
        seen=total,
        wanted=wanted,
    )


@witness("tasks_that_call")
def workers_are_there_first(watch: Watch) -> None:
    """All workers are there when the constructor has returned, and no thread is made later."""
    tickets = [watch.random.randrange(1 << 30) for _ in range(10 * WORKERS)]
    watch.threads(most=WORKERS, least=WORKERS)
    watch.serve("workers", WORKERS)
    watch.hold(constructed=1)
    made = watch.threads_now()
    watch.fact(made is None or made >= WORKERS, "threads there when the constructor has returned", made, WORKERS)
    watch.serve("task")
    watch.answer_all("constructed", tickets)
    watch.hold(spawned=1)
    if watch.until(lambda: len(watch.seen("task")) >= len(tickets)) is not Stand.UNSEEN:
        ran = sorted(str(call.value) for call in watch.seen("task"))
        watch.fact(ran == sorted(map(str, tickets)), "tasks that ran", ran, "each that was spawned, once")


@check(
    points=3,
    title="A thousand sleeps take as long as the longest of them, each as long as it should",
    concept="timers",
    about="sleep",
)
async def test_elapsed(run: Run) -> None:
    trace = await run("thousand_sleepers")
    lengths = [each / 10 for each in sorted(trace.inputs().sample(range(2, 10), 3))]
    took = round(trace.note("took").value, 4)
    expect(
        abs(took - lengths[-1]) <= NEAR_S,
        code="not-side-by-side",
        message="A thousand tasks that sleep did not take as long as the longest sleep.",
        measured=f"virtual seconds until {TASKS} tasks had slept, of which the longest sleep is {lengths[-1]} s",
        seen=took,
        wanted=lengths[-1],
        means="A task that sleeps holds no worker: it leaves its waker with a deadline, and the worker goes on.",
    )
    at = [[round(first, 4), round(last, 4)] for _, first, last in trace.note("ended").value]
    expect(
        all(abs(moment - length) <= NEAR_S for length, both in zip(lengths, at, strict=True) for moment in both)
        and not trace.has("clock_parked"),
        code="woke-at-another-time",
        message="Tasks did not wake up when their time had passed.",
        measured=f"the first and the last wake-up of tasks that sleep {lengths} s",
        seen=at,
        wanted=[[length, length] for length in lengths],
        means="Keep the deadlines in a heap; whoever waits, waits until the earliest. The clock's now() tells what time it is.",
    )
    expect(
        trace.note("reads").value >= 1,
        code="clock-not-read",
        message="The runtime was given a clock and never asked it for the time.",
        measured=f"reads of the clock while {TASKS} tasks slept",
        seen=trace.note("reads").value,
        wanted="at least 1",
        means="A clock that is passed in can be another one than the system's. Deadlines are times of that clock.",
    )
    trace = await run("a_short_sleep_comes_late")
    _has_workers(trace)
    slept = [note.value for note in trace.notes("slept")]
    wanted = [0.5, 5.0, 8.0]
    expect(
        [seconds for seconds, _ in slept] == wanted and all(abs(took - seconds) <= NEAR_S for seconds, took in slept),
        code="earlier-deadline-missed",
        message="A sleep that began while the workers waited for a later one did not end in time.",
        measured="sleeps and how long they took; they begin one a second, the longest first",
        seen=slept,
        wanted=[[seconds, seconds] for seconds in wanted],
        means="A new deadline can be earlier than the one that is waited for. Then whoever waits has to look again.",
    )


def _each_wake_was_seen(trace: Trace) -> None:
    """Never polled by two threads at once, and each wake was followed by a poll."""
    _has_workers(trace)
    told = trace.note("told").value
    expect(
        told["at_once"] <= 1,
        code="polled-twice-at-once",
        message="Two workers polled the same task at the same time.",
        measured="workers inside one task's poll at once",
        seen=told["at_once"],
        wanted=1,
        means="The task was in the queue while it was being polled, or it was there twice. " + STATES_MEANS,
    )
    expect(
        told["seen"] == told["posted"],
        code="wake-lost",
        message="A task was woken, and not polled again.",
        measured="wakes, and those of them that a later poll has seen",
        seen=[told["posted"], told["seen"]],
        wanted=[told["posted"], told["posted"]],
        means="The wake came while the task was being polled, or about to be pending. " + STATES_MEANS,
    )
    expect(
        trace.note("ended").value == 1,
        code="wake-lost",
        message="A task was woken for the last time, and never came to its end.",
        measured="tasks that came to their end, of one",
        seen=trace.note("ended").value,
        wanted=1,
        means=STATES_MEANS,
    )


@check(
    points=4,
    title="A task is never polled by two workers at once, and every wake is followed by a poll",
    concept="task states",
    about="MultiRuntime",
)
async def test_never_twice(run: Run, explore: Explore) -> None:
    trace = await run("woken_in_the_middle")
    _each_wake_was_seen(trace)
    polls = trace.note("told").value["polls"]
    expect(
        polls <= 7,
        code="polled-without-a-wake",
        message="A task was polled more often than it was woken.",
        measured="polls of a task that was woken during its poll: once, once, and five times; and three times between polls",
        seen=polls,
        wanted="at most 7",
        means="Wakes before the next poll are one. A pending task that nobody woke is in no queue.",
    )
    _each_wake_was_seen(await run("eight_threads_wake"))
    await _explore(run, explore, "woken_as_the_poll_ends", _each_wake_was_seen, schedules=240)
    await _explore(run, explore, "two_threads_wake", _each_wake_was_seen, schedules=200)


@check(
    points=2,
    title="As many tasks are polled at once as there are workers, also after panics; and a task's end reaches who awaits it",
    concept="multi-thread executor",
    evidence="outside",
    witness="polls_held_open",
)
async def test_parallel(run: Run, explore: Explore) -> None:
    trace = await run("panics_then_a_barrier", allow=("deadlock",))
    payloads = trace.note("payloads").value
    expect(
        payloads == [True] * 4,
        code="panic-not-told",
        message="Awaiting the handle of a task that raised did not raise JoinError with the very exception.",
        measured="for ValueError, SystemExit, a falsy exception and KeyError: whether JoinError.payload was the task's exception",
        seen=payloads,
        wanted=[True] * 4,
        means="Whatever leaves a task's poll is kept for its handle. Every exception counts. What the poll of a handle raises is thrown "
        "into the coroutine that awaits it, which may catch it.",
    )
    root = trace.note("root_raised").value if trace.has("root_raised") else "it returned"
    expect(
        root == ["ValueError", True],
        code="root-panic",
        message="block_on did not raise the very exception that its coroutine raised.",
        measured="what block_on raised, and whether it was the same object",
        seen=root,
        wanted=["ValueError", True],
    )
    expect(
        trace.has("met") and trace.note("met").value == 8,
        code="workers-not-parallel",
        message="Four tasks that wait for each other on four workers never met.",
        measured="tasks that came past a barrier for four, of eight",
        seen=trace.note("met").value if trace.has("met") else 0,
        wanted=8,
        means="Either a lock is held during the poll, so that the workers poll one after the other, or the panics before have taken "
        "workers with them. Take a task under the lock, let go, poll; catch BaseException around the poll.",
    )
    await _explore(run, explore, "awaited_as_it_ends", _value_came, schedules=320)
    await _explore(run, explore, "blocks_on_what_ends", _value_returned, schedules=40, allow=("deadlock",))


def _value_came(trace: Trace) -> None:
    """Under any schedule the end of a task reaches the task that awaits it."""
    _has_workers(trace)
    value = trace.inputs().randrange(1000, 10_000)
    expect(
        trace.note("got").value == [value],
        code="end-not-told",
        message="A task ended while another was about to wait for it, and the other waits for ever.",
        measured="what awaiting the handle gave",
        seen=trace.note("got").value,
        wanted=[value],
        means="Has it ended? If not, keep my waker: these two are one step, under the lock under which the task ends. The worker that "
        "ends it is another one than yours.",
    )


def _value_returned(trace: Trace) -> None:
    """Under any schedule block_on returns."""
    value = trace.inputs().randrange(1000, 10_000)
    expect(
        trace.has("got"),
        code="end-not-told",
        message="A coroutine ended just as block_on was about to wait for it, and block_on waits for ever.",
        measured="how block_on ended",
        seen="it waits for ever",
        wanted=f"it returns {value}",
        means="Between looking whether it has ended and waiting there is a gap. An Event, or a Condition, keeps what comes too early.",
    )
    expect(
        trace.note("got").value == value,
        code="wrong-value",
        message="block_on did not return what its coroutine returned.",
        measured="what block_on returned",
        seen=trace.note("got").value,
        wanted=value,
    )


@witness("tasks_that_call")
def polls_held_open(watch: Watch) -> None:
    """The judge holds every poll: as many as there are workers are open at once, and never one more."""
    watch.never_more("task", WORKERS)
    watch.serve("workers", WORKERS)
    watch.serve("constructed", [watch.random.randrange(1 << 30) for _ in range(3 * WORKERS)])
    watch.hold(spawned=1)
    for _ in range(3):
        watch.hold(task=WORKERS)
        watch.settle()
        watch.answer_all("task")


@check(
    points=2,
    title="A task that holds its worker holds up no other task",
    concept="one queue for all",
    about="MultiRuntime",
)
async def test_one_blocked(run: Run) -> None:
    trace = await run("one_of_a_hundred_blocks")
    _has_workers(trace)
    ended, late = trace.note("ended").value, round(trace.note("late").value, 4)
    expect(
        ended == 99 and late <= NEAR_S,
        code="held-up-by-a-blocked-worker",
        message="One task held its worker, and others did not go on, or not in time.",
        measured="tasks that ended, of 99 that sleep; how late the last one was",
        seen=[ended, late],
        wanted=[99, 0.0],
        means="What belongs to one worker only (a queue, its timers, a task that it has reserved) stands still when a task blocks "
        "that worker. Keep the ready tasks and the deadlines where every worker can get at them.",
    )
    trace = await run("wakes_another_and_blocks")
    expect(
        trace.note("ended").value == 2,
        code="made-ready-and-left",
        message="A task woke one task, spawned another and then held its worker; not both went on, although a worker was idle.",
        measured="tasks that ended, of two",
        seen=trace.note("ended").value,
        wanted=2,
        means="Whoever makes a task ready must see to it that an idle worker gets up, a worker too: it cannot know when it comes back.",
    )
    trace = await run("two_come_at_once")
    expect(
        trace.note("ended").value == 1,
        code="made-ready-and-left",
        message="Two tasks came at once, and the first held its worker; the other did not run, although a worker was idle.",
        measured="tasks that came to their end, of one",
        seen=trace.note("ended").value,
        wanted=1,
        means="Each task that becomes ready gets one sleeper up. Who was called already is no sleeper any more, also before it runs.",
    )
    for note in (await run("whoever_keeps_the_time_is_taken")).notes("woke"):
        _woke_in_time(note.value, 5)
    expect(
        len((await run("whoever_keeps_the_time_is_taken")).notes("woke")) == 4,
        code="not-reached",
        message="The four rounds with a sleep and a task that holds its worker were not all played.",
    )


def _woke_in_time(woke: tuple[bool, float], seconds: int) -> None:
    """A sleep ended in time although a worker is held."""
    came, at = woke
    expect(
        came is True and abs(at - seconds) <= NEAR_S,
        code="deadline-left-behind",
        message="A task slept, and was not woken in time, because the worker that waited for its deadline was given another task.",
        measured=f"whether a sleep of {seconds} s ended, and after how many seconds; one of two workers is held",
        seen=[came, round(at, 4)],
        wanted=[True, seconds],
        means="If only one worker waits for the next deadline, it must hand that duty on when it takes a task.",
    )


@check(
    points=2,
    title="Workers without a task sleep; a wake from outside gets one of them up, and not all",
    concept="parking",
    witness="idle_workers",
    about="MultiRuntime",
)
async def test_idle(run: Run, explore: Explore) -> None:
    trace = await run("all_asleep")
    _has_workers(trace)
    expect(
        _first_spin(trace) is None,
        code="worker-spins",
        message="A worker that had nothing to do kept on looking.",
        measured="what an idle worker did",
        seen="thousands of steps in a row that had no effect on anybody",
        wanted="nothing",
        means=SPINNING_MEANS,
        place=_first_spin(trace),
    )
    for phase, what in (("nothing", "there is no task"), ("asleep", "the only task sleeps")):
        begin, end = trace.mark(f"{phase}_begin"), trace.mark(f"{phase}_end")
        seconds = round(end.time_s - begin.time_s)
        wakes = max(trace.resumes_between(begin.name, end.name).values(), default=0)
        expect(
            wakes <= POLLS_PER_SECOND * seconds + 1,  # both ends of the interval may hold one
            code="worker-spins",
            message="A worker that had nothing to do woke up again and again to look.",
            measured=f"wake-ups of the busiest worker in {seconds} virtual seconds, while {what}",
            seen=wakes,
            wanted=0,
            means=SPINNING_MEANS,
        )
        if wakes:
            expect.note(
                code="worker-polls",
                message="A worker wakes up now and then although there is nothing to do.",
                measured=f"wake-ups of the busiest worker in {seconds} virtual seconds, while {what}",
                seen=wakes,
                wanted=0,
                means="A time-out in a loop is a slow kind of spinning, and it hides lost wake-ups.",
            )
    woken = trace.note("woken").value
    expect(
        woken["told"]["seen"] == woken["told"]["posted"] and trace.note("ended").value == 1,
        code="wake-from-outside-lost",
        message="A task was woken from outside while all workers slept, and was not polled.",
        measured="wakes, and those of them that a poll has seen",
        seen=[woken["told"]["posted"], woken["told"]["seen"]],
        wanted=[WAKES, WAKES],
        means=SPINNING_MEANS,
    )
    ups = sum(trace.resumes_between("woken_begin", "woken_end").values())
    expect(
        ups <= CALLED * WAKES,
        code="all-workers-woken",
        message="For one task that was woken, all workers got up.",
        measured=f"wake-ups of eight workers for {WAKES} wakes of a single task, each when the last was served",
        seen=ups,
        wanted=f"at most {CALLED * WAKES}",
        means="notify_all for one task gets everybody up; one of them takes it, and all others go back to sleep. notify() calls one.",
    )
    expect(
        WAKES <= woken["parks"] <= CALLED * WAKES,
        code="parks-miscounted",
        message="stats.parks is not how often workers went to sleep.",
        measured=f"what stats.parks grew by during {WAKES} wakes, after each of which all workers sleep again",
        seen=woken["parks"],
        wanted=f"{WAKES} to {CALLED * WAKES}",
    )
    await _explore(run, explore, "one_task_after_another", _all_ran, schedules=60)


def _all_ran(trace: Trace) -> None:
    """No wake-up is lost between "nothing is ready" and falling asleep."""
    ran = trace.note("ran").value
    expect(
        ran == 3,
        code="fell-asleep-on-a-task",
        message="A task lay in the queue while the worker slept, and nobody woke it.",
        measured="tasks run, of three given to MultiRuntime(1) one after another",
        seen=ran,
        wanted=3,
        means="The task came after the worker had looked and before it slept. " + SPINNING_MEANS,
    )


@witness("runtime_without_tasks")
def idle_workers(watch: Watch) -> None:
    """Nobody wakes up far more often than any polling that is a remark only."""
    watch.serve("workers", WORKERS)
    watch.serve("task")
    watch.hold(idle=1)
    watch.until(lambda: bool(watch.seen("task")))
    watch.quiet(most_per_second=POLLS_PER_SECOND * WAKES_PER_POLL, seconds=1.0)


@check(
    points=2,
    title="Any number of tasks may wait, also while all workers are busy",
    concept="queue without a bound",
    evidence="outside",
    witness="ten_thousand",
    about="MultiRuntime.spawn",
)
async def test_scale(run: Run) -> None:
    trace = await run("thousands_for_busy_workers")
    _has_workers(trace)
    submitter, accepted = trace.note("submitter").value, trace.note("accepted").value
    expect(
        accepted == MANY,
        code="spawn-blocks",
        message="spawn made its caller wait, or raised, while all workers were busy.",
        measured=f"calls of spawn that returned, of {MANY}, while four workers were held at a gate",
        seen=accepted,
        wanted=MANY,
        means="A task that waits is an entry in a queue. A queue with a bound makes whoever spawns wait, and if that is a worker, "
        "nobody is left to take anything out.",
        place=next((wait.line for wait in trace.waits if wait.thread == submitter and wait.line > 0), None),
    )
    expect(
        trace.note("ended").value == MANY,
        code="tasks-lost",
        message="Not all tasks came to their end.",
        measured=f"tasks that ended, of {MANY} that waited for busy workers",
        seen=trace.note("ended").value,
        wanted=MANY,
    )


@witness("many_tasks")
def ten_thousand(watch: Watch) -> None:
    """Ten thousand tasks that wait for busy workers all end."""
    watch.serve("workers", WORKERS)
    watch.serve("wanted", 10_000)
    watch.hold(ended=1)


@check(
    points=1,
    title="compare measures n tasks on four threads against n threads; the counts are right",
    concept="tasks against threads",
    visibility="visible",
    about="compare",
)
async def test_compare(run: Run, explore: Explore) -> None:
    trace = await run("tasks_against_threads")
    draw = trace.inputs()
    n, seconds = draw.randrange(20, 60), draw.randrange(2, 10) / 10
    reports = [[each[0], each[1], round(each[2], 3), each[3]] for each in trace.note("reports").value]
    wanted = [[n, WORKERS, seconds, sum(range(n))], [n, n, seconds, sum(range(n))]]
    expect(
        len(reports) == 2
        and all(seen[:2] + seen[3:] == want[:2] + want[3:] for seen, want in zip(reports, wanted, strict=True))
        and all(abs(seen[2] - seconds) <= NEAR_S for seen in reports),
        code="wrong-report",
        message="compare did not report what it had to measure.",
        measured=f"n, threads, elapsed and total of both reports of compare({n}, {seconds})",
        seen=reports,
        wanted=wanted,
    )
    made, alive = len(trace.started_between("begin", "end")), len(trace.alive_at_end())
    expect(
        [made, alive] == [n + WORKERS, 0],
        code="wrong-threads",
        message="compare did not start the threads that it reports, or left some of them behind.",
        measured=f"threads started by compare({n}, {seconds}), and those that were alive afterwards",
        seen=[made, alive],
        wanted=[n + WORKERS, 0],
    )
    threads, polls, alive = (await run("thousand_sleepers")).note("stats").value
    expect(
        threads == WORKERS and polls >= 2 * TASKS and alive in (TASKS, TASKS + 1),
        code="stats",
        message="The runtime's stats do not tell what happened.",
        measured=f"threads, polls (at least two for each task) and max_tasks_alive of {TASKS} sleepers and block_on's own task",
        seen=[threads, polls, alive],
        wanted=[WORKERS, f"at least {2 * TASKS}", f"{TASKS} or {TASKS + 1}"],
    )
    await _explore(run, explore, "two_tasks_are_counted", _polls_counted, schedules=160)


def _polls_counted(trace: Trace) -> None:
    """No poll is lost when two workers count at once."""
    counted, polls = trace.note("polls").value
    expect(
        counted == polls,
        code="polls-miscounted",
        message="stats.polls is not the number of polls.",
        measured="stats.polls after two workers polled a task each, at the same time",
        seen=counted,
        wanted=polls,
        means="`stats.polls += 1` reads, adds and writes. Two workers can read the same number; only a lock makes the three steps one.",
    )


@check(
    points=1,
    title="shutdown lets polls finish, ends all workers, and drops what has not ended",
    concept="orderly shutdown",
    evidence="outside",
    witness="nothing_left",
    about="MultiRuntime.shutdown",
)
async def test_shutdown(run: Run, explore: Explore) -> None:
    trace = await run("shut_down_with_tasks")
    _has_workers(trace)
    returned = trace.mark("shut_down")
    alive = [each for each in trace.student_threads if each.ended_ns < 0 or each.ended_ns > returned.time_s * 1e9 + 1]
    expect(
        not alive,
        code="workers-alive",
        message="When shutdown returned, some workers were still alive.",
        measured="workers alive when shutdown returned",
        seen=len(alive),
        wanted=0,
        means="A worker that sleeps does not see a flag: it has to be notified. And shutdown joins the workers.",
        place=alive[0] if alive else None,
    )
    log = sorted(trace.note("log").value)
    wanted = ["first", "first was let through", "second", "second was let through", "sleeps", "waits"]
    expect(
        [entry for entry in log if entry != "began"] == wanted,  # what was ready may still be polled, or not
        code="not-dropped",
        message="Not every task that had begun was dropped, once.",
        measured="what had happened when shutdown returned: polls that were under way, and `finally` blocks",
        seen=log,
        wanted=wanted,
        means="When no worker is left, close() every coroutine that has not ended: that runs its finally blocks. A coroutine that is "
        "being polled cannot be closed; let its worker come back first.",
    )
    later = [len(trace.note("log_later").value), trace.note("polls").value]
    expect(
        later == [len(log), 1],
        code="polled-after-shutdown",
        message="Something ran after shutdown had returned.",
        measured="entries in the log later on; polls of a task that was woken once more",
        seen=later,
        wanted=[len(log), 1],
    )
    await _explore(run, explore, "shut_down_right_away", _begun_means_dropped, schedules=60)


def _begun_means_dropped(trace: Trace) -> None:
    """A task that has begun is dropped, and nobody is left."""
    log, alive = trace.note("log").value, trace.alive_at_end()
    expect(
        log in ([], ["began", "finally"]),
        code="not-dropped",
        message="A task had begun when the runtime was shut down, and its `finally` block did not run once.",
        measured="what happened",
        seen=log,
        wanted=["began", "finally"],
    )
    expect(
        not alive,
        code="workers-alive",
        message="When shutdown returned, some workers were still alive.",
        measured="workers alive after shutdown",
        seen=len(alive),
        wanted=0,
        place=alive[0] if alive else None,
    )


@witness("runtime_that_is_shut_down")
def nothing_left(watch: Watch) -> None:
    """When shutdown returns, each task that began has run its `finally` once, and no thread is left."""
    tickets = [watch.random.randrange(1 << 30) for _ in range(3 * WORKERS)]
    watch.serve("workers", WORKERS)
    watch.serve("constructed", tickets)
    watch.serve("task")
    watch.hold(shut_down=1)
    watch.until(lambda: len(watch.seen("task")) == len(tickets))
    watch.serve("finally")
    watch.answer_all("shut_down")
    watch.hold(over=1)
    begun, dropped = (sorted(str(call.value) for call in watch.seen(name)) for name in ("task", "finally"))
    watch.fact(begun == dropped, "tasks whose finally block ran, of those that had begun", dropped, begun)
    watch.alone("when shutdown returned")


def _first_spin(trace: Trace) -> int | None:
    """The line on which a thread of the runtime was first seen polling without end; None when none was."""
    workers = {thread.serial for thread in trace.student_threads}
    spins = (event for event in trace.record.events if event.kind == "spin" and event.thread in workers)
    return next((event.line for event in spins if event.line > 0), None)


async def _explore(
    run: Run,
    explore: Explore,
    scenario: str,
    predicate: Callable[[Trace], None],
    *,
    schedules: int,
    allow: tuple[str, ...] = (),
) -> None:
    """Hold `predicate` against many schedules; against one, if the workers spin: that costs a check of its own."""
    trace = await run(scenario, allow=allow)
    if _first_spin(trace) is None:
        await explore(scenario, predicate, schedules=schedules, allow=allow)
    else:
        predicate(trace)
        expect.note(
            code="not-explored",
            message="Workers that spin were tried under one schedule only; see the check about idle workers.",
        )
