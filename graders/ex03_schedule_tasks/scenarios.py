"""Scenarios of ex03: small tasks that write down when they run. They hold no expectations.

A task here is a generator function of ours; whatever it appends to `log` or notes is a fact about the student's loop.
"""

import gc
import inspect
import operator
from typing import Any

from threadmarks.prelude import Deadlock, JoinError


def _turns(name: str, turns: int, log: list[str], result: Any = None) -> Any:
    """A task that logs `turns` resumes, e.g. A1 A2 A3, and returns in the last of them."""
    for turn in range(1, turns + 1):
        log.append(f"{name}{turn}")
        if turn < turns:
            yield
    return result


def _word(random: Any) -> str:
    """A text that nobody can know before."""
    return f"{random.randrange(16**8):08x}"


def _wait(handle: Any, log: list[Any]) -> Any:
    """A task that waits for `handle` and logs what it got."""
    value = yield handle
    log.append(value)
    return value


class _FalsyError(Exception):
    """An exception that is not true: `if error:` does not see it."""

    def __bool__(self) -> bool:
        return False


def _raise_after_a_turn(error: BaseException) -> Any:
    yield
    raise error


def _outcome(probe: Any, handle: Any, payload: BaseException) -> dict[str, Any]:
    """What `result` does for a task that raised `payload`, and whether its JoinError carries that very object."""

    def result() -> dict[str, Any]:
        try:
            return {"returned": handle.result()}
        except JoinError as error:
            return {"join_error": True, "original": error.payload is payload}

    how, what = probe.attempt(result)[:2]
    return {"done": handle.done, **(what if how == "value" else {"raised": what})}


def mixed_work(student: Any, probe: Any) -> None:
    """Three tasks, one of which waits for another."""
    log: list[Any] = []
    scheduler = student.Scheduler()
    first = scheduler.spawn(_turns("A", 3, log))
    scheduler.spawn(_turns("B", 2, log))

    def waiter() -> Any:
        yield first
        log.append("W")

    scheduler.spawn(waiter(), name="waiter")
    scheduler.run()
    probe.note("log", log)


def three_lengths(student: Any, probe: Any) -> None:
    """Three tasks of 2, 4 and 5 resumes, in any order."""
    lengths = probe.random.sample([2, 4, 5], 3)
    log: list[str] = []
    scheduler = student.Scheduler()
    for name, turns in zip("ABC", lengths, strict=True):
        scheduler.spawn(_turns(name, turns, log))
    scheduler.run()
    probe.note("log", log)


def spawning(student: Any, probe: Any) -> None:
    """A and B are spawned; A spawns C in its first resume."""
    log: list[str] = []
    late: list[Any] = []
    scheduler = student.Scheduler()

    def parent() -> Any:
        log.append("A1")
        late.append(scheduler.spawn(_turns("C", 2, log)))
        for turn in range(2, 6):
            yield
            log.append(f"A{turn}")

    scheduler.spawn(parent())
    scheduler.spawn(_turns("B", 3, log))
    probe.note("before_run", list(log))
    scheduler.run()
    probe.note("log", log)
    probe.note("late_done", [handle.done for handle in late])


def return_values(student: Any, probe: Any) -> None:
    """Tasks that return different values, one of them without ever yielding."""
    log: list[str] = []
    number, word = probe.random.randrange(1000, 10_000), _word(probe.random)
    scheduler = student.Scheduler()
    handles = [
        scheduler.spawn(_turns("A", 2, log, result=number)),
        scheduler.spawn(_turns("B", 1, log, result=word)),
        scheduler.spawn(_turns("C", 3, log, result=None)),
        scheduler.spawn(_turns("D", 2, log, result=0)),
    ]
    probe.note("early", [[handle.done, probe.attempt(handle.result)[:2]] for handle in handles])
    scheduler.run()
    probe.note("late", [[handle.done, probe.attempt(handle.result)] for handle in handles])


def panics(student: Any, probe: Any) -> None:
    """Three tasks raise, among tasks that do not."""
    log: list[str] = []
    errors = [ValueError("task 2 gives up"), SystemExit(3), _FalsyError("falsy")]
    scheduler = student.Scheduler()
    good = [scheduler.spawn(_turns("A", 4, log))]
    bad = [scheduler.spawn(_raise_after_a_turn(error)) for error in errors]
    good.append(scheduler.spawn(_turns("B", 4, log)))
    try:
        scheduler.run()
    except (ValueError, SystemExit, _FalsyError, JoinError) as error:
        probe.note("run_raised", type(error).__name__)
    probe.note("good", [handle.done for handle in good])
    probe.note("log", log)
    probe.note("bad", [_outcome(probe, handle, error) for handle, error in zip(bad, errors, strict=True)])


def long_wait(student: Any, probe: Any) -> None:
    """One task of about 1000 resumes: first alone, then with one task that waits for it, then with twenty."""
    turns, word = probe.random.randrange(980, 1020), _word(probe.random)
    for waiters in (0, 1, 20):
        log: list[Any] = []
        scheduler = student.Scheduler()
        worker = scheduler.spawn(_turns("W", turns, [], result=word))
        for _ in range(waiters):
            scheduler.spawn(_wait(worker, log))
        probe.mark(f"begin_{waiters}")
        scheduler.run()
        probe.mark(f"end_{waiters}")
        probe.note(f"steps_{waiters}", scheduler.steps)
        probe.note(f"got_{waiters}", log)


class _Reads:
    """Counts the reads of attributes of the program's own objects, from its file and from compiled loops alike.

    A loop inside the standard library's compiled code (`map`, `any`, `compress`) passes no instruction of the student's
    file, but each look that it takes at an object of theirs passes here.
    """

    def __init__(self, module: Any) -> None:
        self.count = 0
        watched: set[Any] = set()
        for made in _subclasses(object):
            if made.__dict__.get("__module__") == module.__name__ and made.__getattribute__ not in watched:
                watched.add(self._watch(made))

    def _watch(self, made: type) -> Any:
        read = made.__getattribute__

        def counted(this: Any, name: str) -> Any:
            self.count += 1
            return read(this, name)

        type.__setattr__(made, "__getattribute__", counted)
        return counted


def _subclasses(base: type) -> Any:
    """Every class below `base`, each once, no class before its bases."""
    seen, level = {base}, [base]
    while level:
        level = [made for above in level for made in type.__subclasses__(above) if made not in seen]
        seen.update(level)
        yield from level


def waits_apart(student: Any, probe: Any) -> None:
    """A hundred tasks of twenty resumes: first alone, then each with a task that waits for it."""
    reads = _Reads(student)
    for waiters in (0, 100):
        log: list[Any] = []
        scheduler = student.Scheduler()
        workers = [scheduler.spawn(_turns("W", 20, [])) for _ in range(100)]
        for worker in workers[:waiters]:
            scheduler.spawn(_wait(worker, log))
        before = reads.count
        scheduler.run()
        probe.note(f"reads_{waiters}", reads.count - before)
        probe.note(f"resumed_{waiters}", len(log))


def waits(student: Any, probe: Any) -> None:
    """Waiting for a finished task, two waiters for one task, and waiting for a task that panics."""
    log: list[Any] = []
    soon, later = _word(probe.random), _word(probe.random)
    scheduler = student.Scheduler()
    quick = scheduler.spawn(_turns("Q", 1, [], result=soon))
    slow = scheduler.spawn(_turns("S", 5, [], result=later))
    error = ValueError("no luck")
    bad = scheduler.spawn(_raise_after_a_turn(error))

    def late_waiter() -> Any:
        yield
        yield
        probe.note("was_done", quick.done)
        value = yield quick
        probe.note("finished", value)

    def watcher(name: str, target: Any, wait_first: bool) -> Any:
        if not wait_first:
            yield
            yield
        try:
            value = yield target
        except JoinError as caught:
            probe.note(name, ["JoinError", caught.payload is error])
        except ValueError:
            probe.note(name, ["ValueError", False])
        else:
            probe.note(name, ["value", value])

    scheduler.spawn(late_waiter())
    scheduler.spawn(_wait(slow, log))
    scheduler.spawn(_wait(slow, log))
    scheduler.spawn(watcher("panic", bad, True))
    scheduler.spawn(watcher("late_panic", bad, False))
    scheduler.run()
    probe.note("both", log)


def ten_tasks(student: Any, probe: Any) -> None:
    """Ten tasks of 100 resumes and two shorter ones; each says which task it is and who is `current`."""
    lengths = [100] * 12
    for place in probe.random.sample(range(12), 2):
        lengths[place] = probe.random.randrange(30, 70)
    log: list[str] = []
    handles: dict[str, Any] = {}
    wrong: list[Any] = []
    scheduler = student.Scheduler()

    def task(name: str, turns: int) -> Any:
        for turn in range(turns):
            log.append(name)
            if scheduler.current is not handles[name]:
                wrong.append([name, _name_of(scheduler.current, handles)])
            if turn < turns - 1:
                yield

    for index, turns in enumerate(lengths):
        name = chr(ord("A") + index)
        handles[name] = scheduler.spawn(task(name, turns))
    probe.note("current_before", _name_of(scheduler.current, handles))
    scheduler.run()
    probe.note("current_after", _name_of(scheduler.current, handles))
    probe.note("current_wrong", wrong[:5])
    probe.note("log", log)


def _name_of(current: Any, handles: dict[str, Any]) -> str:
    """The name of the task whose handle `current` is; "None" for None, "?" for anything else."""
    if current is None:
        return "None"
    return next((name for name, handle in handles.items() if handle is current), "?")


def growth(student: Any, probe: Any) -> None:
    """The same work for 100 tasks and for 400: two resumes each."""
    for tasks in (100, 400):
        scheduler = student.Scheduler()
        probe.mark(f"begin_{tasks}")
        for _ in range(tasks):
            scheduler.spawn(_turns("T", 2, []))
        scheduler.run()
        probe.mark(f"end_{tasks}")


class _ListWatch:
    """Tells how many long lists of the program have been rewritten since it was last asked.

    Taking the first element out of a list moves every other one; so does rebuilding the list. Looking at two moments in
    which one turn lies, such a list shows most of its places changed. A deque, a list that only grows or shrinks at its
    end, and a heap do not.
    """

    def __init__(self, long: int) -> None:
        self._long = long
        self._seen: dict[int, tuple[list[Any], tuple[Any, ...]]] = {}

    def rewritten(self) -> int:
        lists = [item for item in gc.get_objects() if type(item) is list and len(item) >= self._long]
        now = {id(item): (item, tuple(item)) for item in lists}
        count = 0
        for key, (_, content) in now.items():
            before = self._seen.get(key, (None, ()))[1]
            same = sum(map(operator.is_, before, content))
            count += same < len(content) / 2
        self._seen = now
        return count


def queue_moves(student: Any, probe: Any) -> None:
    """2000 tasks of two resumes; around some turns, long lists of the program are compared with what they were."""
    tasks = 2000
    watch = _ListWatch(long=tasks // 4)
    resumes = 0
    rewritten: dict[str, int] = {"giving way": 0, "ending": 0}

    def look() -> None:
        """Look during ten turns of the first round (tasks give way), and ten of the second (tasks end)."""
        nonlocal resumes
        resumes += 1
        for phase, begin in (("giving way", tasks // 4), ("ending", tasks + tasks // 4)):
            if resumes == begin:
                watch.rewritten()
            elif begin < resumes <= begin + 10:
                rewritten[phase] += watch.rewritten()

    def task() -> Any:
        look()
        yield
        look()

    scheduler = student.Scheduler()
    for _ in range(tasks):
        scheduler.spawn(task())
    scheduler.run()
    probe.note("rewritten", rewritten)
    probe.note("resumes", resumes)


def chain(student: Any, probe: Any) -> None:
    """2000 tasks, each of which waits for the next; the last one gives way a few times."""
    tasks, gives_way = 2000, probe.random.randrange(1, 20)
    handles: list[Any] = []
    depths: list[int] = []
    passed = 0

    def link(index: int) -> Any:
        nonlocal passed
        depths.append(_stack_depth())
        if index == tasks - 1:
            for _ in range(gives_way):
                yield
        else:
            yield handles[index + 1]
        depths.append(_stack_depth())
        passed += 1

    scheduler = student.Scheduler()
    handles.extend(scheduler.spawn(link(index)) for index in range(tasks))
    scheduler.run()
    probe.note("steps", scheduler.steps)
    probe.note("depth", [min(depths, default=0), max(depths, default=0)])
    probe.note("passed", passed)


def _stack_depth() -> int:
    frame, depth = inspect.currentframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def ten_thousand(student: Any, probe: Any) -> None:
    """10 000 tasks of one resume each, and a few more."""
    tasks = 10_000 + probe.random.randrange(100)
    ran = 0

    def task() -> Any:
        nonlocal ran
        ran += 1
        if ran % 2000 == 0:
            probe.note("so_far", ran)
        return
        yield  # makes this a generator

    scheduler = student.Scheduler()
    for _ in range(tasks):
        scheduler.spawn(task())
    scheduler.run()
    probe.note("ran", ran)
    probe.note("steps", scheduler.steps)


def circle(student: Any, probe: Any) -> None:
    """A waits for B and B waits for A, beside a task that can finish."""
    handles: dict[str, Any] = {}
    log: list[str] = []
    scheduler = student.Scheduler()

    def waiter(other: str) -> Any:
        yield handles[other]
        log.append("passed")

    handles["A"] = scheduler.spawn(waiter("B"), name="A")
    handles["B"] = scheduler.spawn(waiter("A"), name="B")
    free = scheduler.spawn(_turns("C", 3, []), name="C")
    try:
        scheduler.run()
    except Deadlock:
        probe.note("ended", "Deadlock")
    else:
        probe.note("ended", "returned")
    probe.note("free_done", free.done)
    probe.note("passed", log)
    probe.note("waiting_done", [handles["A"].done, handles["B"].done])
