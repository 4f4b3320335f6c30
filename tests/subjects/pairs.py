"""The table of the pairs: for each one its kind, its tier, what its driver must note, and how the failing one shows.

Every pair is a program in `fails/` and the same program repaired in `holds/`, run by the driver of its name in `drivers/`.
A row here, two programs and a driver are all that a new pair takes.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
DRIVERS = tuple(sorted((FOLDER / "drivers").glob("*.py")))


class Kind(StrEnum):
    """What is wrong with the failing program, in the words of the field. The value is its finding's code too."""

    LOST_UPDATE = "lost-update"  # read, (another writes), write
    CHECK_THEN_ACT = "check-then-act"  # look, (another changes what was seen), act on it
    PUBLICATION = "publication"  # seen before it is whole
    ITERATION = "iteration"  # changed while somebody goes through it
    ABA = "aba"  # the same as before, and yet it was another in between
    LOST_WAKE_UP = "lost-wake-up"  # what was tested has changed before the wait, or after it
    MISSED_NOTIFY = "missed-notify"  # nobody waited yet, or the wrong one was told
    LOCK_ORDER = "lock-order"  # locks taken in different orders
    DEADLOCK = "circular-wait"  # of locks and other things that are waited for
    READ_WRITE_LOCK = "read-write-lock"  # reader and writer at the same time
    OVER_RELEASE = "over-release"  # more permits returned than taken
    BARRIER_GENERATION = "barrier-generation"  # one round of a barrier taken for another
    DOUBLE_COMPLETION = "double-completion"  # a promise kept twice
    USE_AFTER_CLOSE = "use-after-close"
    DROPPED_WORK = "dropped-work"  # accepted and never done
    LEAKED_THREAD = "leaked-thread"  # nobody waits for its end
    STARVATION = "starvation"  # others always come first
    AWAIT_RACE = "await-race"  # any of the above across an await, within one thread


class Tier(StrEnum):
    """Whether this interpreter, with its lock, can produce the failure."""

    INTERPRETER = "interpreter"  # a switch at a call, a function's entry, a loop's back edge or a wait suffices
    LANGUAGE = "language"  # only between two instructions where it never switches: free-threaded builds show it


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One pair of programs."""

    name: str
    kind: Kind
    tier: Tier
    notes: Mapping[str, Any]  # what the driver notes when the program is right, by the note's name
    shows: tuple[str, ...] = ()  # finding codes by which the failing one may show; () stands for the kind's own
    idea: str  # what is wrong, in a sentence for the list in README.md
    _drivers: tuple[Path, ...] = field(default=DRIVERS, repr=False)

    @property
    def codes(self) -> tuple[str, ...]:
        """The finding codes by which the failing program may show."""
        return self.shows or (self.kind.value,)

    @property
    def driver(self) -> Path:
        """The file that holds its driver, a function of the pair's name."""
        for path in self._drivers:
            if any(
                isinstance(node, ast.FunctionDef) and node.name == self.name
                for node in ast.parse(path.read_text()).body
            ):
                return path
        raise LookupError(f"no file in drivers/ has a function {self.name!r}")

    def source(self, side: str) -> str:
        """The program: `side` is "fails" or "holds"."""
        return (FOLDER / side / f"{self.name}.py").read_text(encoding="utf-8")


def _pair(name: str, kind: Kind, tier: Tier, idea: str, /, *shows: str, **notes: Any) -> Pair:
    return Pair(name=name, kind=kind, tier=tier, notes=notes, shows=shows, idea=idea)


_I, _L = Tier.INTERPRETER, Tier.LANGUAGE
VALUE = ["value", None]

PAIRS = (
    _pair("counter_attribute", Kind.LOST_UPDATE, _L, "`self.hits += 1` reads and writes in two steps", hits=4),
    _pair("counter_list_item", Kind.LOST_UPDATE, _L, "the same with an item of a list", bins=[3, 1]),
    _pair(
        "counter_dict_value",
        Kind.LOST_UPDATE,
        _I,
        "`counts[w] = counts.get(w, 0) + 1` calls in between",
        counts=[["a", 2], ["b", 2]],
    ),
    _pair("total_global", Kind.LOST_UPDATE, _I, "`total += price_of(item)` reads the global before it calls", total=11),
    _pair("balance_property", Kind.LOST_UPDATE, _I, "a property's get and set are two calls", balance=130),
    _pair("closure_counter", Kind.LOST_UPDATE, _L, "a closure's counter is shared like any other", different=4),
    _pair("high_score", Kind.CHECK_THEN_ACT, _L, "a lower score overwrites a higher one", best=[90, "bob"]),
    _pair(
        "pop_last",
        Kind.CHECK_THEN_ACT,
        _I,
        "the last item is gone between `len` and `pop`",
        answers=[["value", "last"], VALUE],
    ),
    _pair("cache_evicted", Kind.CHECK_THEN_ACT, _L, "the key is gone between `in` and `[]`", kind="value"),
    _pair("loaded_twice", Kind.CHECK_THEN_ACT, _I, "both find it missing, both load it", loads=["logo"]),
    _pair("lazy_singleton", Kind.CHECK_THEN_ACT, _I, "two instances of what there should be one of", kept=["a", "b"]),
    _pair("bounded_inbox", Kind.CHECK_THEN_ACT, _I, "both find room for one more", messages=2),
    _pair("cancel_against_start", Kind.CHECK_THEN_ACT, _L, "a job is both started and cancelled", both=1),
    _pair(
        "half_built_table",
        Kind.PUBLICATION,
        _I,
        "double-checked locking shows a table that is still being filled",
        answers=[["value", 4], ["value", 9]],
    ),
    _pair("flag_before_data", Kind.PUBLICATION, _I, "the flag is set before what it announces", known=True),
    _pair(
        "handlers_change", Kind.ITERATION, _I, "a dict grows while another thread goes through it", published="value"
    ),
    _pair("listener_skipped", Kind.ITERATION, _I, "a removal during a `for` makes it skip one", heard=["news"]),
    _pair(
        "aba_stack",
        Kind.ABA,
        _I,
        "compare-and-set succeeds on a node that was popped and pushed again",
        values=[1, 2, 3],
    ),
    _pair(
        "if_for_while",
        Kind.LOST_WAKE_UP,
        _I,
        "woken, but another was faster: test again after the wait",
        letters=["a", "b"],
    ),
    _pair(
        "test_outside_lock",
        Kind.LOST_WAKE_UP,
        _I,
        "what was tested changes before the wait begins",
        "deadlock",
        passed="through",
    ),
    _pair(
        "event_cleared_late",
        Kind.LOST_WAKE_UP,
        _I,
        "an event is cleared after the work was looked at",
        "deadlock",
        printed=["a", "b"],
    ),
    _pair(
        "notify_before_wait",
        Kind.MISSED_NOTIFY,
        _I,
        "a notify is not kept for who waits later",
        "deadlock",
        heard="hello",
    ),
    _pair(
        "notify_one_of_mixed",
        Kind.MISSED_NOTIFY,
        _I,
        "one notify, two kinds of waiters, the wrong one wakes",
        "deadlock",
        sum=6,
    ),
    _pair("two_accounts", Kind.LOCK_ORDER, _I, "two locks, taken in both orders", "deadlock", balances=[80, 120]),
    _pair("three_forks", Kind.LOCK_ORDER, _I, "three locks in a circle", "deadlock", meals=[1, 1, 1]),
    _pair("nested_calls", Kind.LOCK_ORDER, _I, "each class locks itself and calls the other", "deadlock", counted=10),
    _pair(
        "put_under_lock",
        Kind.DEADLOCK,
        _I,
        "a full queue is waited for with a lock that its reader needs",
        "deadlock",
        got=["a", "b"],
    ),
    _pair(
        "join_under_lock", Kind.DEADLOCK, _I, "a thread is joined with a lock that it needs", "deadlock", written=[1, 2]
    ),
    _pair(
        "wait_inside_outer_lock",
        Kind.DEADLOCK,
        _I,
        "`wait` gives back its own lock, not the one around it",
        "deadlock",
        bought="tea",
    ),
    _pair(
        "upgrade_read_lock",
        Kind.DEADLOCK,
        _I,
        "two readers want to write, each waits for the other to stop reading",
        "deadlock",
        numbers=[1, 2],
    ),
    _pair(
        "uncounted_reader",
        Kind.READ_WRITE_LOCK,
        _I,
        "the count of readers is not protected",
        together=False,
        kinds=["value"] * 3,
    ),
    _pair("permit_returned_twice", Kind.OVER_RELEASE, _I, "`finally` gives back a permit that was not got", most=1),
    _pair(
        "barrier_reused",
        Kind.BARRIER_GENERATION,
        _I,
        "a fast thread comes back before the slow one has left",
        "barrier-generation",
        "deadlock",
        phases=[0, 0, 1, 1, 2, 2],
    ),
    _pair(
        "first_answer_wins",
        Kind.DOUBLE_COMPLETION,
        _I,
        "both find the future pending, both set it",
        kinds=["value"] * 2,
    ),
    _pair(
        "callback_twice", Kind.DOUBLE_COMPLETION, _I, "a callback is run by who adds it and by who resolves", called=[7]
    ),
    _pair(
        "submit_during_close", Kind.USE_AFTER_CLOSE, _I, "accepted before the close, queued behind its end", lost=False
    ),
    _pair("send_after_disconnect", Kind.USE_AFTER_CLOSE, _L, "the attribute is None at the second look", kind="value"),
    _pair(
        "flag_before_queue", Kind.DROPPED_WORK, _I, "the flag is looked at before the queue is empty", lines=["a", "b"]
    ),
    _pair(
        "sentinel_overtakes",
        Kind.DROPPED_WORK,
        _I,
        "an empty queue is taken for finished work",
        visited=["index", "news", "about"],
    ),
    _pair(
        "late_worker",
        Kind.LEAKED_THREAD,
        _I,
        "a thread is started before it is listed, so close does not join it",
        alive=0,
    ),
    _pair("writer_starves", Kind.STARVATION, _I, "readers overtake a writer that waits", waited=0.5),
    _pair("polling_starves", Kind.STARVATION, _I, "who polls a lock comes after who takes it again at once", seen=True),
    _pair("await_between", Kind.AWAIT_RACE, _I, "read, await, write", balance=130),
    _pair("tickets_oversold", Kind.AWAIT_RACE, _I, "check, await, act", sold=1),
    _pair(
        "current_user",
        Kind.AWAIT_RACE,
        _I,
        "the current request is kept where all requests look",
        answers=["1: ann", "2: bob"],
    ),
    _pair(
        "members_change",
        Kind.AWAIT_RACE,
        _I,
        "a dict changes while a task waits in the middle of it",
        kinds=["value"] * 2,
    ),
    _pair("cancelled_transfer", Kind.AWAIT_RACE, _I, "cancelled between two steps that belong together", sum=100),
    _pair(
        "two_replies",
        Kind.DOUBLE_COMPLETION,
        _I,
        "an asyncio future is set by the answer and by the time-out",
        known=True,
        wrong=[],
    ),
    _pair(
        "answer_from_thread",
        Kind.MISSED_NOTIFY,
        _I,
        "a future set from another thread does not wake the loop",
        "deadlock",
        measured=21,
    ),
    _pair(
        "answer_before_question",
        Kind.MISSED_NOTIFY,
        _I,
        "the answer comes before anybody waits for it",
        "deadlock",
        answers=["A", "B"],
    ),
    _pair(
        "task_lock_order",
        Kind.LOCK_ORDER,
        _I,
        "two asyncio locks, taken in both orders",
        "deadlock",
        balances=[80, 120],
    ),
    _pair("tasks_in_a_circle", Kind.DEADLOCK, _I, "two tasks await each other", "deadlock", text="<page>"),
    _pair(
        "forgotten_task",
        Kind.DROPPED_WORK,
        _I,
        "a background task that nobody awaits ends with the loop",
        orders=["tea"],
    ),
)
BY_NAME = {pair.name: pair for pair in PAIRS}
