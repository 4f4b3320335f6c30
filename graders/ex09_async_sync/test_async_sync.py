"""The checks of ex09. Every expectation lives here."""

from threadmarks.grading import Run, Trace, Watch, check, expect, witness

NEAR_S = 0.001
HANDED_ON = (
    "Who gives something back hands it to the first who waits, takes that one out of the queue, and wakes it. It is never free in "
    "between, so nobody overtakes, and nobody is woken for nothing."
)


LOCK_OF_THE_SYSTEM = (
    "A lock of the operating system puts the *thread* to sleep, and who could give it back lives on that thread. "
    "A task waits by being PENDING."
)


def _why_nobody_goes_on(trace: Trace) -> str:
    """What is said of tasks that are not handed what they wait for; another thing if it is their thread that sleeps."""
    waits = [event.data[0] for event in trace.record.events if event.kind == "wait" and event.thread == 0]
    return LOCK_OF_THE_SYSTEM if waits and "Lock" in str(waits[-1]) else HANDED_ON


async def _run(run: Run, scenario: str) -> Trace:
    """A run that may end with everybody waiting: the check says what that means."""
    return await run(scenario, allow=("deadlock",))


@check(
    points=3,
    title="One task at a time has the mutex, across its awaits too",
    concept="mutual exclusion",
    evidence="outside",
    witness="nobody_beside_the_holder",
    visibility="visible",
    about="Mutex",
)
async def test_exclusion(run: Run) -> None:
    trace = await _run(run, "lost_update")
    total = 100 + 10 * trace.inputs().randrange(3, 7)
    expect(
        trace.has("values"),
        code="lock-never-free",
        message="Tasks that lock and release a mutex in turn did not come to their end.",
        measured="whether ten tasks ended that lock a mutex several times each",
        seen=False,
        wanted=True,
        means=_why_nobody_goes_on(trace),
    )
    most = trace.note("most_inside").value
    expect(
        most == 1,
        code="two-inside",
        message="Two tasks had the mutex at the same time.",
        measured="most tasks between lock and release",
        seen=most,
        wanted=1,
        means="A task can lose its turn wherever it awaits. Until release, the next one has to wait, whatever it finds in a flag "
        "that is looked at once.",
    )
    values = trace.note("values").value
    expect(
        values == [total, -1, total],
        code="wrong-value",
        message="A mutex did not keep its value.",
        measured="the value that ten tasks have added to, that of another mutex, and the first again",
        seen=values,
        wanted=[total, -1, total],
        means="Each mutex has a value and a queue of its own: what stands in the class body is shared by all of them.",
    )


@witness("tasks_in_a_mutex")
def nobody_beside_the_holder(watch: Watch) -> None:
    """The judge counts the tasks inside by what they say, and draws what they add."""
    parts = [watch.random.randrange(1 << 20) for _ in range(6)]
    watch.serve("part", lambda call: parts[call.value])
    watch.hold(total=1)
    seen = watch.open("total")[0].value
    watch.fact(seen == [sum(parts), 1], "the sum, and the most tasks inside", seen, [sum(parts), 1])


@check(
    points=3,
    title="While tasks wait, all others go on",
    concept="waiting without blocking",
)
async def test_loop_alive(run: Run) -> None:
    trace = await _run(run, "all_wait")
    waits = [note.value for note in trace.notes("waits")]
    expect(
        trace.has("too_early"),
        code="loop-blocked",
        message=f"A task waits for a {waits[-1] if waits else 'mutex'}, and with it the whole executor.",
        measured="whether another task goes on",
        seen=False,
        wanted=True,
        means=LOCK_OF_THE_SYSTEM,
    )
    expect(
        len(trace.threads) == 1,
        code="threads-started",
        message="A thread was started, to wait in the place of a task.",
        measured="threads, the main one included",
        seen=len(trace.threads),
        wanted=1,
        means="Tasks wait by leaving a waker. That takes no thread.",
        place=trace.threads[1] if len(trace.threads) > 1 else None,
    )
    early = trace.note("too_early").value
    expect(
        early == [],
        code="does-not-wait",
        message="A task went on that had to wait.",
        measured="tasks that did not wait for what was taken, or for what had not come",
        seen=early,
        wanted=[],
    )
    polls = trace.note("polls").value
    expect(
        polls <= 40,
        code="waiting-is-busy",
        message="Waiting tasks were polled again and again.",
        measured="polls in five seconds in which one task beats and six wait (at most 40)",
        seen=polls,
        wanted="some 10",
        means="A task that wakes itself and looks again is a busy loop with pauses. Leave the waker with what you wait for.",
    )
    beats = [round(note.time_s - trace.note("begin").time_s) for note in trace.notes("beat")]
    expect(
        beats == [0, 1, 2, 3, 4],
        code="heart-out-of-step",
        message="The task that beats did not beat once a second.",
        measured="virtual seconds of its beats",
        seen=beats,
        wanted=[0, 1, 2, 3, 4],
    )
    kinds = ["Barrier", "Mutex", "Notify", "RwLock", "Semaphore", "amps"]
    done = trace.note("done").value if trace.has("done") else "they wait on"
    expect(
        done == kinds,
        code="never-woken",
        message="A task that waited did not go on when it was let go.",
        measured="tasks that went on",
        seen=done,
        wanted=kinds,
        means=HANDED_ON,
    )


@check(points=2, title="First come, first served", concept="fairness")
async def test_fifo(run: Run) -> None:
    trace = await _run(run, "in_a_row")
    order = trace.note("order").value if trace.has("order") else "they wait on"
    expect(
        order == [0, 1, 2, 3, 4, "again"],
        code="overtaken",
        message="A mutex was not given to those who wait in the order in which they came.",
        measured="who had it; five tasks wait, then the one that has it releases it and locks it again",
        seen=order,
        wanted=[0, 1, 2, 3, 4, "again"],
        means=_why_nobody_goes_on(trace),
    )
    expect(
        trace.note("quick").value is False,
        code="permit-snatched",
        message="try_acquire took a permit that another task was waiting for.",
        measured="whether try_acquire gave one, between the release and the turn of who waits",
        seen=trace.note("quick").value,
        wanted=False,
        means=HANDED_ON,
    )
    trace = await _run(run, "through_a_channel")
    draw = trace.inputs()
    values = [draw.randrange(1000) for _ in range(6)]
    unasked = trace.note("sent_unasked").value
    expect(
        unasked == 2,
        code="no-backpressure",
        message="A channel with room for two took another number of values before any was received.",
        measured="values sent",
        seen=unasked,
        wanted=2,
        means="send waits for room. Else a quick sender fills the memory.",
    )
    got = trace.note("got").value if trace.has("got") else "the receiver waits on"
    expect(
        got == values,
        code="channel-order",
        message="A channel did not give all values in their order, and then RecvError.",
        measured="values received until RecvError",
        seen=got,
        wanted=values,
    )
    late = trace.note("late").value if trace.has("late") else "no SendError"
    expect(
        late == "late",
        code="sent-to-nobody",
        message="send did not raise SendError with its value after the receiver was closed.",
        measured="the value of the SendError",
        seen=late,
        wanted="late",
    )
    for step, wanted, what in (
        ("end_of_recv", ["RecvError"], "a recv that waited when the sender was closed"),
        ("end_of_send", ["SendError", "second"], "a send that waited for room when the receiver was closed"),
    ):
        seen = trace.note(step).value if trace.has(step) else "it waits on"
        expect(
            seen == wanted,
            code="waits-for-nobody",
            message="One end of a channel was closed, and who waited at the other did not learn of it.",
            measured=f"how {what} ended",
            seen=seen,
            wanted=wanted,
            means="Closing changes what others wait for: wake them.",
        )


@check(
    points=2,
    title="A semaphore gives out n permits, and a release wakes one task",
    concept="semaphores",
    about="Semaphore",
)
async def test_permits(run: Run) -> None:
    trace = await _run(run, "permits")
    count = trace.inputs().randrange(2, 5)
    seen = trace.note("workers").value if trace.has("workers") else "they wait on"
    wanted = {"most": count, "done": 3 * count, "seconds": 3.0}
    expect(
        not isinstance(seen, dict) or seen["most"] <= count,
        code="too-many-permits",
        message="More tasks had a permit than there are.",
        measured=f"most tasks at once with Semaphore({count})",
        seen=seen["most"] if isinstance(seen, dict) else seen,
        wanted=count,
    )
    expect(
        seen == wanted,
        code="permits-unused",
        message="Permits were free while tasks waited for them.",
        measured=f"most tasks at once, tasks that ended, and seconds: {3 * count} tasks, a second each, Semaphore({count})",
        seen=seen,
        wanted=wanted,
        means=HANDED_ON,
    )
    woken = trace.note("woken").value if trace.has("woken") else {"got": [], "polls": 0}
    expect(
        woken["got"] == [0],
        code="release-wakes-nobody",
        message="A release did not let exactly the first waiting task go on.",
        measured="tasks that got the one permit",
        seen=woken["got"],
        wanted=[0],
        means=HANDED_ON,
    )
    expect(
        woken["polls"] <= 7,
        code="wakes-them-all",
        message="A release woke tasks that could not get anything.",
        measured="polls after one release, with ten tasks waiting (at most 7)",
        seen=woken["polls"],
        wanted="some 4",
        means="Ten wake up, nine go to sleep again: with ten thousand that is all that happens. " + HANDED_ON,
    )
    closed = trace.note("closed").value if trace.has("closed") else "they wait on"
    expect(
        closed == [9, 1],
        code="closed-and-waiting",
        message="close() did not end the waiting with Cancelled.",
        measured="Cancelled in tasks that waited, and in one that came later",
        seen=closed,
        wanted=[9, 1],
    )
    free = trace.note("released_twice").value
    expect(
        free == 1,
        code="released-twice",
        message="A permit that was released twice was given back twice, or not at all.",
        measured="permits that are free when one of two is released, twice",
        seen=free,
        wanted=1,
        means="release() gives back what this permit still has; the second time it has nothing.",
    )


@check(points=2, title="A notification that comes too early is kept, once", concept="notifications", about="Notify")
async def test_notify_permit(run: Run) -> None:
    trace = await _run(run, "notifications")
    for step, wanted, code, what in (
        ("stored", ["A"], "notification-lost", "after two notify_one() while nobody waited, of two tasks"),
        ("then_one", ["B"], "notification-lost", "after a notify_one() for one that waits; three more tasks have come"),
        ("in_order", ["C"], "notified-out-of-order", "after the next notify_one(), of three that wait"),
        ("all", ["D", "E"], "not-all-notified", "after notify_waiters(), of two that wait; one more has come since"),
        ("last", ["F"], "not-all-notified", "after notify_waiters(), of one that waits"),
        (
            "nothing_stored",
            [],
            "stored-too-much",
            "after notify_waiters() while nobody waited, of one that has come since",
        ),
    ):
        seen = trace.note(step).value if trace.has(step) else "they wait on"
        more = isinstance(seen, list) and len(seen) > len(wanted)
        expect(
            seen == wanted,
            code="stored-too-much" if more else code,
            message="A task went on that was not notified." if more else "Not the tasks went on that were notified.",
            measured=f"tasks that went on {what}",
            seen=seen,
            wanted=wanted,
            means="notify_one keeps at most one permit, and only if nobody waits; notify_waiters keeps none. A notification that came "
            "first must not be lost: who waits looks for the permit first.",
        )


@check(points=3, title="A barrier lets its tasks through round by round", concept="barriers", about="Barrier")
async def test_barrier_generations(run: Run) -> None:
    trace = await run("rounds", allow=("deadlock", "raised"))
    stuck = trace.error is not None and trace.error.type == "Deadlock"
    if trace.error is not None and not stuck:
        await run("rounds")
    expect(
        trace.has("reached"),
        code="barrier-stuck",
        message="Three tasks that meet at a barrier again and again came to a standstill.",
        measured="how block_on ended",
        seen="it raised Deadlock" if stuck else "it waits for ever",
        wanted="it returns",
        means="A quick task comes back before the slow ones have left. What tells them that their round is over must be of *their* "
        "round: one flag, or a count that the next round changes, is not.",
    )
    expect(
        trace.note("overtaken").value == 0,
        code="round-overtaken",
        message="A task left a round that not all had reached.",
        measured="such exits in 100 rounds of three tasks",
        seen=trace.note("overtaken").value,
        wanted=0,
        means="A round is over when all have come. A permit for each who waits can be taken by a quick task that has come back: it "
        "belongs to no round.",
    )
    leaders = trace.note("leaders").value
    expect(
        leaders == [100, 1],
        code="leaders",
        message="Not each round had exactly one leader.",
        measured="rounds with one leader, and the most leaders in one round",
        seen=leaders,
        wanted=[100, 1],
    )


@check(
    points=2,
    title="Readers share, writers are alone, and no stream of readers keeps a writer out",
    concept="read-write locks",
    about="RwLock",
)
async def test_rw(run: Run) -> None:
    trace = await _run(run, "readers_and_writers")
    most = trace.note("most").value if trace.has("most") else {}
    expect(
        bool(most),
        code="rw-stuck",
        message="Readers and writers came to a standstill.",
        measured="whether ten of them came to their end",
        seen=False,
        wanted=True,
        means="Whoever leaves has to count itself out, and to let in all who fit: one writer, or all readers up to the next writer.",
    )
    expect(
        most["w"] == 1 and most["both"] == 0,
        code="writer-not-alone",
        message="A writer had the lock beside somebody else.",
        measured="most writers at once, and whether readers were beside one",
        seen=[most["w"], most["both"]],
        wanted=[1, 0],
    )
    expect(
        most["r"] >= 3,
        code="readers-one-by-one",
        message="Readers did not have the lock together.",
        measured="most readers at once, when three come first, and three last",
        seen=most["r"],
        wanted="at least 3",
    )
    order = trace.note("order").value if trace.has("order") else "they wait on"
    expect(
        order == list(range(20)),
        code="writer-starved" if isinstance(order, list) and 3 in order[4:] else "overtaken",
        message="A reader that came later was let in before a writer that waits.",
        measured="who had the lock; 20 tasks come one after the other, number 3 is a writer",
        seen=order,
        wanted=list(range(20)),
        means="As long as one reader after another is let in, there is always one inside. Who comes after a writer waits behind it.",
    )


@check(
    points=2,
    title="Who is dropped leaves the queue, and gives back what it has or was just given",
    concept="cancellation",
)
async def test_cancelled_waiter(run: Run) -> None:
    trace = await _run(run, "dropped_waiters")
    for kind, code, what in (
        ("waiting", "dropped-waiter-gets-it", "the first waiter was aborted, then the lock released"),
        ("granted", "grant-lost", "the lock was released, then the first waiter aborted before its turn"),
        ("panicked", "panic-keeps-the-lock", "the holder panicked inside `async with`"),
        ("held", "abort-keeps-the-lock", "the holder was aborted inside `async with`"),
    ):
        seen = trace.note(kind).value if trace.has(kind) else "it waits for ever"
        expect(
            seen == ["second"],
            code=code,
            message="A task waits for a mutex that nobody has.",
            measured=f"who got the mutex when {what}",
            seen=seen,
            wanted=["second"],
            means="`__aexit__` is called however the block is left; with the exception, if there is one. It releases each time."
            if kind in ("panicked", "held")
            else "A coroutine that is dropped gets a GeneratorExit where it waits, and the future there a close(). That is the moment to "
            "leave the queue; or, if it was this one's turn already, to pass on what it was given.",
        )
    trace = await _run(run, "dropped_writer")
    behind = trace.note("behind_the_writer").value if trace.has("behind_the_writer") else "it waits for ever"
    expect(
        behind == ["reader"],
        code="stuck-behind-a-dropped-writer",
        message="A writer that waited was aborted, and the reader behind it waits on, although only a reader has the lock.",
        measured="who got the lock",
        seen=behind,
        wanted=["reader"],
        means="Who leaves the queue may have been what the others waited for: look again who fits.",
    )
    permit = trace.note("permit").value if trace.has("permit") else "it waits for ever"
    expect(
        permit == ["second", True],
        code="permit-lost",
        message="A permit was lost with the task that it was given to.",
        measured="who got the permit, and whether it was free in the end",
        seen=permit,
        wanted=["second", True],
    )
    notified = trace.note("notified").value
    expect(
        notified == ["second"],
        code="notification-lost-with-its-task",
        message="A notification was lost with the task that it was given to.",
        measured="who went on after notify_one(), when two wait and the first is aborted before its turn",
        seen=notified,
        wanted=["second"],
        means="notify_one is given to one task. If that is dropped before its turn, the next one gets it.",
    )


@check(
    points=1,
    title="A rate limiter lets a burst through, and then one after the other",
    concept="rate limiting",
    about="RateLimiter",
)
async def test_rate(run: Run) -> None:
    trace = await _run(run, "limited")
    draw = trace.inputs()
    rate, burst = draw.choice([2.0, 4.0, 5.0]), draw.randrange(2, 5)
    for name, count in (("first", 8), ("second", burst + 1)):
        wanted = [max(0, number + 1 - burst) / rate for number in range(count)]
        seen = trace.note(name).value if trace.has(name) else []
        expect(
            len(seen) == count and all(abs(a - b) <= NEAR_S for a, b in zip(seen, wanted, strict=True)),
            code="rate",
            message="Tasks were not let through at their times.",
            measured=f"seconds at which {count} tasks passed that came at once; {rate:g} a second, bursts of {burst}"
            + (", after a pause of 100 seconds" if name == "second" else ""),
            seen=seen,
            wanted=wanted,
            means="A bucket holds at most a burst of tokens and is filled at the rate. Who finds none waits for the next.",
        )
