"""The checks of ex13. Every expectation lives here."""

from collections.abc import Callable
from typing import Any

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

Predicate = Callable[[Trace], None]

POLLS_PER_SECOND = 10
"""Wake-ups of an idle worker, per virtual second, that are a remark and no failure."""
WAKE_UPS_PER_WAKE = 2.5
"""Workers that one wake may get out of bed, on the average: who takes the task, and one whom that worker sends for."""
RUNTIMES = 2  # with 240 tasks each
INJECTOR_TURN = 61  # polls of a worker's own tasks
LOST_MEANS = (
    "Looking at the queues and falling asleep must be one step for whoever pushes: put yourself among the sleepers, then look "
    "at all queues once more, both under the sleepers' lock; and push before you look for a sleeper."
)
TWICE_MEANS = (
    "A task has states: waiting, queued, being polled, being polled and woken meanwhile. Only a waiting task is put into a queue "
    "by a wake; all changes under the task's own lock."
)
TAKE_MEANS = "Looking whether a queue has something and taking it must be one step, for the owner and for the thief."
SPINNING_MEANS = (
    "A worker that finds nothing anywhere sleeps until it is woken. A time-out in that wait is a slow kind of spinning."
)


def _first_spin(trace: Trace) -> int | None:
    """The line on which a worker was first seen polling without end; None when none was."""
    workers = {thread.serial for thread in trace.student_threads}
    spins = (event for event in trace.record.events if event.kind == "spin" and event.thread in workers)
    return next((event.line for event in spins if event.line > 0), None)


async def _explore(run: Run, explore: Explore, scenario: str, predicate: Predicate, schedules: int) -> None:
    """Hold `predicate` against many schedules; against one, if the workers spin, which is `idle`'s business."""
    trace = await run(scenario)
    if _first_spin(trace) is None:
        await explore(scenario, predicate, schedules=schedules)
    else:
        predicate(trace)
        expect.note(
            code="not-explored",
            message="Workers that spin were tried under one schedule only; see the check about idle workers.",
        )


def _all_ran(trace: Trace, ran: int, wanted: int, measured: str) -> None:
    """The tasks of a scenario came to their end; where they did not, nothing else can be said."""
    expect(
        ran == wanted,
        code="task-never-ran",
        message="Not every task came to its end.",
        measured=measured,
        seen=ran,
        wanted=wanted,
        means="A task was lost on its way, or lay in a queue while its workers slept or were held.",
        place=next((wait.line for wait in trace.waits if wait.line > 0), None),
    )


@check(
    points=4,
    title="Every task runs exactly once, is never polled by two workers at once, and no wake is lost",
    concept="task states",
    evidence="outside",
    witness="each_ticket_once",
    visibility="visible",
    about="StealingRuntime",
)
async def test_exactly_once(run: Run, explore: Explore) -> None:
    _polled_for_each_wake(await run("woken_while_polled"))
    trace = await run("many_tasks")
    draw = trace.inputs()
    for _ in range(RUNTIMES):
        draw.randrange(1 << 30)
    factor = draw.randrange(3, 1000)
    for number, note in enumerate(trace.notes("tasks")):
        expect(
            note.value["once"] == 240 and note.value["parents"] == 10,
            code="tasks-lost-or-doubled",
            message="Not every task ran exactly once.",
            measured=f"in runtime {number + 1} of {RUNTIMES}: tasks that ended once, of 240; and of the 10 that spawned and awaited them",
            seen=[note.value["once"], note.value["parents"]],
            wanted=[240, 10],
        )
        expect(
            note.value["total"] == factor * sum(range(240)),
            code="wrong-value",
            message="The handles of the tasks did not give what the tasks returned.",
            measured="the sum of the values that 240 handles gave",
            seen=note.value["total"],
            wanted=factor * sum(range(240)),
        )
    expect(
        len(trace.notes("tasks")) == RUNTIMES,
        code="not-reached",
        message="The scenario did not come to its end.",
        measured="runtimes that had a result",
        seen=len(trace.notes("tasks")),
        wanted=RUNTIMES,
    )
    await _explore(run, explore, "few_tasks", _each_once, schedules=80)
    await _explore(run, explore, "woken_at_any_moment", _polled_alone, schedules=60)
    await _explore(run, explore, "woken_by_two_at_once", _polled_alone, schedules=80)


def _polled_for_each_wake(trace: Trace) -> None:
    rounds = trace.inputs().randrange(3, 7)
    _polled_alone(trace)
    polls = trace.note("gate").value["polls"]
    expect(
        polls == rounds + 1,
        code="polls-without-wake",
        message="The task was not polled once for each wake.",
        measured=f"polls of a task that was woken {rounds} times, each time while it was being polled",
        seen=polls,
        wanted=rounds + 1,
    )


def _polled_alone(trace: Trace) -> None:
    gate = trace.note("gate").value
    expect(
        gate["overlaps"] == gate["late"] == 0,
        code="polled-twice",
        message="Two workers had the same task at the same time, and both polled it.",
        measured="polls that began while another poll of the task was under way; polls after the one that was Ready",
        seen=[gate["overlaps"], gate["late"]],
        wanted=[0, 0],
        means=TWICE_MEANS,
    )
    expect(
        gate["ended"] == 1,
        code="wake-lost",
        message="A task was woken and never polled again.",
        measured="tasks that ended, of one that was woken by another thread",
        seen=gate["ended"],
        wanted=1,
        means="A wake that comes during the poll finds the task neither waiting nor queued. It must be kept, and whoever polls "
        "the task puts it back into a queue.",
    )


def _each_once(trace: Trace) -> None:
    expect(
        trace.note("overlaps").value == 0,
        code="polled-twice",
        message="Two workers polled the same task at the same time.",
        measured="polls that began while another poll of the task was under way",
        seen=trace.note("overlaps").value,
        wanted=0,
        means=TWICE_MEANS,
    )
    ended = trace.note("ended").value
    expect(
        ended == [1] * 3,
        code="tasks-lost-or-doubled",
        message="Not every task ran exactly once.",
        measured="how often each of three tasks ended",
        seen=ended,
        wanted=[1] * 3,
        means=TAKE_MEANS if any(ended) else LOST_MEANS,
        place=next((wait.line for wait in trace.waits if wait.line > 0), None),
    )
    met = trace.note("met").value
    expect(
        met == 2,
        code="worker-lost",
        message="After the tasks had ended, two tasks did not meet any more: a worker was gone, or asleep for good.",
        measured="tasks that met at a barrier for two, on two workers",
        seen=met,
        wanted=2,
        means=TAKE_MEANS,
    )


@witness("tasks_that_call")
def each_ticket_once(watch: Watch) -> None:
    """Two thousand tasks on real threads: each ran once, says the list of all that ran."""
    watch.serve("many", 2000)
    watch.hold(over=1)
    ran = watch.open("over")[0].value
    watch.fact(ran == [2000, 2000], "tasks that ran, and different ones among them", ran, [2000, 2000])


@check(
    points=2,
    title="What is spawned or woken on a worker goes to that worker's own queue, and is polled there in that order",
    concept="local queue",
    about="StealingRuntime.spawn",
)
async def test_local_first(run: Run) -> None:
    trace = await run("local_tasks")
    local, labels = trace.note("local").value, trace.inputs().sample(range(1000), 5)
    _workers_ready(local["ready"], 3)
    _all_ran(
        trace,
        local["ran"],
        10,
        "tasks that ended on the only free worker of three: five spawned there, five from outside",
    )
    inner = [row for row in local["order"] if row[0] == "local"]
    expect(
        [row[1] for row in inner] == labels,
        code="local-order",
        message="Tasks of a worker's own queue were not polled in the order in which they were put there.",
        measured="the order of five tasks that a task spawned while all other workers were held",
        seen=[row[1] for row in inner],
        wanted=labels,
        means="The owner takes from the end at which the oldest task is; thieves take from the other.",
    )
    expect(
        {row[2] for row in local["order"]} == {2},
        code="wrong-worker",
        message="current_worker() was not the number of the worker on which the task ran.",
        measured="current_worker() in tasks that only worker 2 could poll",
        seen=sorted({str(row[2]) for row in local["order"]}),
        wanted=["2"],
    )
    before = [
        row[0] for row in local["order"][: 1 + max(n for n, row in enumerate(local["order"]) if row[0] == "local")]
    ]
    expect(
        before.count("outside") <= 1,
        code="injector-before-local",
        message="Tasks from outside were polled before those of the worker's own queue.",
        measured="tasks from outside that were polled before the last of five local ones",
        seen=before.count("outside"),
        wanted="at most 1",
        means="A task that is spawned on a worker goes to that worker's own queue, and that comes before the injector.",
    )
    expect(
        local["pushes"][1] - local["pushes"][0] == 5,
        code="local-pushes-miscounted",
        message="local_pushes is not the number of tasks that were put into the worker's own queue.",
        measured="what five spawns on worker 2 added to its local_pushes, while five came from outside",
        seen=local["pushes"][1] - local["pushes"][0],
        wanted=5,
    )
    trace = await run("local_wakes")
    woken = trace.note("woken").value
    _workers_ready(woken["ready"], 3)
    _all_ran(trace, woken["ran"], 3, "tasks that ended, of three that were woken on the only free worker of three")
    expect(
        woken["order"] == [[2, 2], [1, 2], [0, 2]],
        code="wake-not-local",
        message="Tasks that were woken on a worker did not go on there in the order of the wakes.",
        measured="number and worker of three tasks, woken on worker 2 in the order 2, 1, 0",
        seen=woken["order"],
        wanted=[[2, 2], [1, 2], [0, 2]],
    )
    trace = await run("between_runtimes")
    between = trace.note("between").value
    _all_ran(
        trace, between["ran"], 2, "tasks that ended, of two that a worker of another runtime has spawned and woken"
    )
    home, seen = between["threads"]["home"], [between["threads"]["spawned"], between["threads"]["woken"]]
    expect(
        seen == [home, home],
        code="polled-by-another-runtime",
        message="A task was polled by a worker of another runtime than its own.",
        measured="the threads on which two tasks were polled that a worker of another runtime has spawned and woken; their own runtime has one worker",
        seen=seen,
        wanted=[home, home],
        means="The thread that spawns or wakes is a worker, but not one of this runtime: for it the task comes from outside, and goes into the "
        "injector. A worker has to know whose it is.",
    )


def _workers_ready(ready: int, workers: int) -> None:
    expect(
        ready == workers,
        code="workers-missing",
        message="Tasks that wait for each other as threads do never met: not all workers polled one.",
        measured=f"tasks that met at a barrier for {workers}, one on each worker",
        seen=ready,
        wanted=workers,
        means="Tasks from outside are there for all workers, and no lock may be held while a task is polled.",
    )


@check(
    points=4,
    title="The tasks of a worker that is held are stolen by the others, whichever worker it is, and the counters tell",
    concept="work stealing",
    visibility="visible",
    about="StealingRuntime",
)
async def test_steals(run: Run, explore: Explore) -> None:
    trace = await run("each_is_robbed")
    robbed = [note.value for note in trace.notes("robbed")]
    expect(
        [row["victim"] for row in robbed] == [0, 1, 2, 3],
        code="not-reached",
        message="The scenario did not come to its end.",
        measured="workers that were robbed",
        seen=[row["victim"] for row in robbed],
        wanted=[0, 1, 2, 3],
    )
    for row in robbed:
        _workers_ready(row["ready"], 4)
        expect(
            row["ran"] == 100,
            code="not-stolen",
            message="A worker was held while tasks lay in its queue, and the others did not run them.",
            measured=f"tasks that ended, of 100 spawned on worker {row['victim']}, which is held",
            seen=row["ran"],
            wanted=100,
            means="Before a worker sleeps it asks every other worker's queue, not only some.",
        )
        expect(
            sum(row["ran_on"]) == 100 and row["ran_on"][row["victim"]] == 0,
            code="wrong-worker",
            message="current_worker() was not the number of the worker on which the task ran.",
            measured=f"current_worker() in 100 tasks, by number; worker {row['victim']} was held",
            seen=row["ran_on"],
            wanted="100 in all, none on the worker that is held",
        )
        gained = [
            {key: after[key] - before[key] for key in after}
            for before, after in zip(row["before"], row["after"], strict=True)
        ]
        _counted(gained, row["victim"], row["ran_on"])
    await _explore(run, explore, "few_to_steal", _few_stolen, schedules=100)


def _few_stolen(trace: Trace) -> None:
    robbed = trace.note("robbed").value
    expect(
        robbed["ran"] == 4,
        code="not-stolen",
        message="A worker was held while tasks lay in its queue, and the others did not run them.",
        measured="tasks that ended, of four spawned on a worker of three, which is held",
        seen=robbed["ran"],
        wanted=4,
        means=LOST_MEANS,
        place=next((wait.line for wait in trace.waits if wait.line > 0), None),
    )
    _counted(robbed["rows"], robbed["held_on"][0], [robbed["ran_on"].count(number) for number in range(3)])


def _counted(rows: list[dict[str, Any]], victim: int, ran_on: list[int]) -> None:
    """All tasks were stolen from one worker, and each thief holds what it stole less what was stolen from it again."""
    steals, stolen = [row["steals"] for row in rows], [row["stolen_from"] for row in rows]
    expect(
        stolen[victim] == sum(ran_on),
        code="steals-miscounted",
        message="stolen_from is not the number of tasks that were stolen from the worker.",
        measured=f"stolen_from of each worker, when all {sum(ran_on)} tasks of worker {victim} were run by others",
        seen=stolen,
        wanted=f"{sum(ran_on)} of worker {victim}",
        means="Two thieves may count at the same time: count under the lock of the queue that is robbed.",
    )
    kept = [got - lost for got, lost in zip(steals, stolen, strict=True)]
    wanted = [-sum(ran_on) if number == victim else ran for number, ran in enumerate(ran_on)]
    expect(
        kept == wanted,
        code="steals-miscounted",
        message="steals and stolen_from do not fit to the workers that ran the stolen tasks.",
        measured="steals less stolen_from, worker by worker",
        seen=kept,
        wanted=wanted,
        means="Each task that changes from one worker to another counts once for the thief and once for the victim.",
    )
    pushes = [row["local_pushes"] for row in rows]
    expect(
        pushes == [sum(ran_on) if number == victim else 0 for number in range(len(rows))],
        code="local-pushes-miscounted",
        message="local_pushes is not the number of tasks that were spawned or woken on the worker.",
        measured=f"local_pushes of each worker, when worker {victim} spawned {sum(ran_on)} tasks and others stole them",
        seen=pushes,
        wanted=f"{sum(ran_on)} of worker {victim}, and 0",
        means="What a thief puts into its queue was stolen, and is counted as that.",
    )


@check(
    points=1,
    title="A single steal takes at least one task and at most half of the queue, from the other end",
    concept="work stealing",
    about="StealingRuntime",
)
async def test_half(run: Run) -> None:
    trace = await run("one_thief")
    many, thief = trace.inputs().randrange(20, 60), trace.note("thief").value
    _all_ran(trace, thief["ran"], many, f"tasks that ended, of {many} in the queue of a worker that is held")
    left = list(range(many))
    taken, polled = 0, thief["polled"]
    expect(
        len(polled) == many,
        code="wrong-worker",
        message="current_worker() was not the number of the worker on which the task ran.",
        measured="tasks for which current_worker() is not the worker that is held",
        seen=len(polled),
        wanted=many,
    )
    while polled:
        total = polled[0][1]
        batch = [number for number, stolen in polled if stolen == total]
        size = total - taken
        expect(
            1 <= size <= (len(left) + 1) // 2,
            code="not-half",
            message="A thief did not take between one task and half of the queue.",
            measured=f"by how much stolen_from grew when {len(left)} tasks were left in the queue of the victim",
            seen=size,
            wanted=f"1 to {(len(left) + 1) // 2}",
            means="Who takes all only changes places with the victim; the count stands before the first stolen task is polled.",
        )
        expect(
            len(batch) == size,
            code="steals-miscounted",
            message="stolen_from did not grow by as many tasks as a thief took.",
            measured="tasks of one steal, and by how much stolen_from had grown when the first of them was polled",
            seen=[len(batch), size],
            wanted=[len(batch), len(batch)],
            means="Each task counts, not each attempt; and all of them before the first is polled.",
        )
        expect(
            sorted(batch) == left[-size:],
            code="wrong-end",
            message="A thief took its tasks from the end at which the owner takes.",
            measured=f"the tasks of one steal, of {len(left)} that were queued in the order of their numbers",
            seen=sorted(batch),
            wanted=left[-size:],
            means="The owner takes the oldest; a thief takes those whose turn is farthest away.",
        )
        left, taken, polled = left[:-size], total, [row for row in polled if row[1] != total]


@check(
    points=2,
    title="Tasks from outside get their turn while a worker has enough of its own",
    concept="fairness",
    about="StealingRuntime",
)
async def test_injector_fair(run: Run) -> None:
    trace = await run("busy_with_its_own")
    guests = trace.note("guests").value
    _all_ran(trace, guests["ran"], 3, "tasks from outside that ended")
    waited = [later - earlier for earlier, later in zip([0, *guests["at"]], guests["at"], strict=False)]
    expect(
        max(waited) <= INJECTOR_TURN,
        code="injector-starves",
        message="Tasks in the injector had to wait while a task kept waking itself on the worker.",
        measured="polls of the other task before each of three tasks from outside was polled",
        seen=waited,
        wanted=f"at most {INJECTOR_TURN} each",
        means="Own queue first means that the others never come, if it is never empty. Count, and look at the injector first now "
        "and then.",
    )


@check(
    points=3,
    title="New work wakes a sleeping worker, whenever it comes",
    concept="parking",
    visibility="visible",
    about="StealingRuntime",
)
async def test_unpark(run: Run, explore: Explore) -> None:
    await _explore(run, explore, "one_after_another", _outside_work_served, schedules=60)
    await _explore(run, explore, "pushed_to_its_own", _own_work_served, schedules=160)
    await _explore(run, explore, "loot_for_two", _loot_served, schedules=200)


def _served(trace: Trace, ran: int, wanted: int, message: str, measured: str) -> None:
    expect(
        ran == wanted,
        code="work-left-lying",
        message=message,
        measured=measured,
        seen=ran,
        wanted=wanted,
        means=LOST_MEANS,
        place=next((wait.line for wait in trace.waits if wait.line > 0), None),
    )


def _outside_work_served(trace: Trace) -> None:
    message = "A task lay in the injector while the worker slept, and nobody woke it."
    _served(trace, trace.note("ran").value, 3, message, "tasks run, of three given to one worker one after another")


def _own_work_served(trace: Trace) -> None:
    message = "A task lay in the queue of a worker that was busy, while another slept."
    _served(trace, trace.note("ran").value, 2, message, "tasks of two workers that met: one had spawned the other")


def _loot_served(trace: Trace) -> None:
    message = (
        "A task lay in a queue while a worker slept: it was on its way between two queues when that worker looked."
    )
    _served(
        trace, trace.note("ran").value, 2, message, "tasks that met on two workers; both were spawned on the same one"
    )


@check(
    points=2,
    title="There are N threads and no more; a worker without a task sleeps, and one wake does not get all out of bed",
    concept="idle without spinning",
    visibility="visible",
    about="StealingRuntime",
)
async def test_idle(run: Run) -> None:
    trace = await run("nothing_to_do")
    made, later = trace.started_between("imported", "constructed"), trace.started_between("constructed", None)
    expect(
        len(made) == 4 and not later,
        code="wrong-threads",
        message="Your runtime did not start exactly its N workers in the constructor.",
        measured="threads started by StealingRuntime(4), and later",
        seen=[len(made), len(later)],
        wanted=[4, 0],
        means="The workers take from the queues themselves: nobody hands out work, and no thread keeps the time.",
        place=later[0] if later else None,
    )
    expect(
        trace.note("first").value == 1,
        code="task-never-ran",
        message="A task was never polled, so nothing can be said about what its workers do afterwards.",
        measured="tasks polled, of one",
        seen=trace.note("first").value,
        wanted=1,
    )
    spin = _first_spin(trace)
    expect(
        spin is None,
        code="worker-spins",
        message="A worker that had nothing to do kept on asking.",
        measured="what an idle worker did",
        seen="thousands of steps in a row that had no effect on anybody",
        wanted="nothing",
        means=SPINNING_MEANS,
        place=spin,
    )
    _quiet(trace, "idle", 5, "while a task waits for a wake")
    expect(
        trace.note("served").value == 20,
        code="wake-lost",
        message="A wake from outside was not followed by a poll.",
        measured="polls that followed, of 20 wakes while all workers slept",
        seen=trace.note("served").value,
        wanted=20,
        means=LOST_MEANS,
    )
    wake_ups = sum(trace.resumes_between("idle_end", "woken_end").values())
    expect(
        wake_ups <= 20 * WAKE_UPS_PER_WAKE + 4,
        code="all-are-woken",
        message="One task was woken, and more workers than needed got up.",
        measured="wake-ups of all four workers together, for 20 wakes of one task, one after another",
        seen=wake_ups,
        wanted=f"at most {20 * WAKE_UPS_PER_WAKE + 4:.0f}",
        means="notify_all for one task makes all workers look everywhere, to find that another was quicker. Wake one.",
    )
    _quiet(trace, "sleep", 3, "while a task sleeps")
    slept = trace.note("slept").value
    expect(
        trace.note("woke").value == 1 and abs(slept - 5) < 1e-3,
        code="sleep-late",
        message="A task that sleeps was not woken at its time.",
        measured="virtual seconds that sleep(5) took",
        seen=round(slept, 3),
        wanted=5.0,
    )


def _quiet(trace: Trace, phase: str, seconds: int, what: str) -> None:
    wakes = max(trace.resumes_between(f"{phase}_begin", f"{phase}_end").values(), default=0)
    expect(
        wakes <= POLLS_PER_SECOND * seconds + 1,
        code="worker-spins",
        message="A worker that had nothing to do woke up again and again.",
        measured=f"wake-ups of the busiest worker in {seconds} virtual seconds, {what}",
        seen=wakes,
        wanted=0,
        means=SPINNING_MEANS,
    )
    if wakes:
        expect.note(
            code="worker-polls",
            message="A worker wakes up now and then although there is nothing to do.",
            measured=f"wake-ups of the busiest worker in {seconds} virtual seconds, {what}",
            seen=wakes,
            wanted=0,
            means="A time-out in a loop hides lost wake-ups. A wait without one costs nothing.",
        )


@check(
    points=1,
    title="Two workers that steal from each other do not wait for each other",
    concept="lock order",
    about="StealingRuntime",
)
async def test_deadlock_free(run: Run, explore: Explore) -> None:
    await _explore(run, explore, "both_look_for_work", _no_circle, schedules=100)


def _no_circle(trace: Trace) -> None:
    ran = trace.note("ran").value
    expect(
        ran == 3,
        code="workers-stuck",
        message="Two workers looked for work at the same time, and tasks were left.",
        measured="tasks that ended on two workers, of two spawned by two tasks and one that came afterwards",
        seen=ran,
        wanted=3,
        means="Who holds the lock of its own queue while it takes the lock of another's waits for somebody who may do the same. "
        "Never hold two: take the loot out, let go, then put it into your own. If nobody waits for a lock, they slept: "
        + LOST_MEANS,
        place=next((wait.line for wait in trace.waits if wait.line > 0), None),
    )


@check(
    points=1,
    title="shutdown ends all workers and cancels every task, wherever it is",
    concept="orderly shutdown",
    about="StealingRuntime.shutdown",
)
async def test_shutdown(run: Run, explore: Explore) -> None:
    trace = await run("shut_down_with_tasks")
    expect(
        trace.has("shutdown") and not trace.alive_at_end(),
        code="workers-alive",
        message="shutdown did not return, or some workers were still alive.",
        measured="whether shutdown returned, and workers alive",
        seen=[trace.has("shutdown"), len(trace.alive_at_end())],
        wanted=[True, 0],
        means="Each worker has to be told, woken if it sleeps, and joined.",
        place=trace.alive_at_end()[0] if trace.alive_at_end() else None,
    )
    expect(
        trace.note("shutdown").value[0] == "value",
        code="shutdown-raises",
        message="shutdown raised an exception.",
        measured="what shutdown() did",
        seen=trace.note("shutdown").value,
        wanted="it returned",
        means="A task that a worker is polling cannot be closed: join the workers first.",
    )
    cleaned, ends = trace.note("cleaned").value, trace.note("ends").value
    expect(
        cleaned == ["asleep", "pending"],
        code="finally-not-run",
        message="The `finally` blocks of the tasks that had begun did not all run, or tasks began during shutdown.",
        measured="tasks whose `finally` ran: one that waited for a wake, one that slept, and six that had not begun",
        seen=cleaned,
        wanted=["asleep", "pending"],
        means="Close the future of each task that has not ended: a coroutine's `finally` blocks run then.",
    )
    expect(
        len(ends) == 8 and all(end == "Cancelled" for end in ends.values()),
        code="handle-left-open",
        message="Handles of tasks that shutdown ended do not say Cancelled.",
        measured="what polling each handle did after shutdown",
        seen=ends,
        wanted="Cancelled, all eight",
        means="Tasks are in the queues of workers too, in the injector, and nowhere at all while they wait.",
    )
    await _explore(run, explore, "shut_down_right_away", _all_gone, schedules=220)


def _all_gone(trace: Trace) -> None:
    expect(
        len(trace.notes("closed")) == 2 and not trace.alive_at_end(),
        code="workers-alive",
        message="When shutdown returned, some workers were still alive.",
        measured="workers alive when shutdown had returned twice",
        seen=len(trace.alive_at_end()),
        wanted=0,
        means="A worker that is about to sleep looks at the flag under the same lock under which shutdown sets it.",
    )


@check(
    points=0,
    title="Small print: values, panics, the clock, current_worker and the totals",
    concept="runtime",
    visibility="visible",
    about="StealingRuntime",
)
async def test_small_print(run: Run) -> None:
    trace = await run("small_print")
    value = trace.inputs().randrange(1000)
    found, (got, slept, worker) = trace.note("value").value
    expect(
        found is True and trace.has("very_exception") and trace.note("very_exception").value is True,
        code="panic-lost",
        message="A panic did not come through as JoinError with its payload, or out of block_on as it is.",
        measured="whether the handle gave the panic, and whether block_on raised the very exception",
        seen=[found, trace.has("very_exception")],
        wanted=[True, True],
    )
    expect(
        got == value and slept == 0.5,
        code="wrong-value",
        message="A task's value did not come through, or its sleep did not take its time on the clock given.",
        measured="the value, and virtual seconds that sleep(0.5) took",
        seen=[got, slept],
        wanted=[value, 0.5],
    )
    expect(
        worker in (0, 1) and trace.note("outside").value is None,
        code="wrong-worker",
        message="current_worker() is the worker's number in a task, and None elsewhere.",
        measured="current_worker() in a task of two workers, and on the main thread",
        seen=[worker, trace.note("outside").value],
        wanted=["0 or 1", None],
    )
    stats = trace.note("stats").value
    expect(
        stats["threads"] == len(stats["rows"]) == 2
        and stats["polls"] == sum(row["polls"] for row in stats["rows"]) >= 5,
        code="stats-do-not-add-up",
        message="The totals in stats are not the sums of its rows.",
        measured="threads, rows, polls, and the polls of all rows together",
        seen=[stats["threads"], len(stats["rows"]), stats["polls"], sum(row["polls"] for row in stats["rows"])],
        wanted="2 threads, 2 rows, equal sums",
    )
    expect(
        trace.note("alive").value == 2,
        code="stats-do-not-add-up",
        message="max_tasks_alive is not the greatest number of tasks that were alive at once.",
        measured="max_tasks_alive, when a task awaited two others one after the other",
        seen=trace.note("alive").value,
        wanted=2,
    )
