"""One thread of the program under control, as the scheduler sees it, and what threads can wait for."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadmarks.runner.sights import Sight

from threadmarks.runner.sites import CLOSE, ENTRY, POLLED

IDENT_BASE = 0x7F00_0000_0000
IDENT_STRIDE = 0x0080_1000


class State(Enum):
    """What a thread is doing, from the scheduler's point of view."""

    READY = "ready"  # running, or able to run
    BLOCKED = "blocked"  # on a waitable, a timer or both
    DONE = "done"


class Waitable:
    """Something threads can wait for. `owner` is who must act first; None when nobody in particular."""

    __slots__ = ("made_line", "owner", "sight", "taken_line", "waiters")

    def __init__(self) -> None:
        self.waiters: list[ControlledThread] = []  # in order of arrival
        self.owner: ControlledThread | None = None
        self.made_line = 0
        self.taken_line = 0  # the student's line where `owner` took it; kept in full runs
        self.sight: Sight | None = None  # what the student knows it as; None in light runs, and for what is not theirs


class ControlledThread:
    """The scheduler's record of one thread."""

    __slots__ = (
        "at_lock",
        "before",
        "blocked_in",
        "blocked_since_ns",
        "callbacks",
        "carrier",
        "clock_reads",
        "deadline_ns",
        "ended_ns",
        "exit_locks",
        "gate",
        "ident",
        "idle_yields",
        "io_poll",
        "io_result",
        "irregular",
        "line",
        "moment",
        "name",
        "origin",
        "panic",
        "parent",
        "points",
        "priority",
        "progress_seen",
        "quantum",
        "real_ident",
        "resumes",
        "round_length",
        "serial",
        "site",
        "sleeps",
        "slot",
        "spins",
        "started_ns",
        "state",
        "target",
        "thread_object",
        "timer_token",
        "touches",
        "unwinds",
        "waiting_on",
        "woken_by",
        "yielded",
        "yielded_at",
    )

    def __init__(self, serial: int, slot: int, gate: Any) -> None:
        self.serial = serial
        self.slot = slot  # idents are reused as the OS reuses them: the slot of the thread that ended last
        self.ident = IDENT_BASE + slot * IDENT_STRIDE  # what `get_ident` answers on it
        self.gate = gate  # a real lock, held; released by whoever hands the baton to this thread
        self.carrier: Any = None  # a `carriers.Carrier`; None for main, which nobody carries
        self.target: Callable[[], None] | None = None
        self.thread_object: Any = None
        self.name = ""
        self.origin = "driver"
        self.parent = -1
        self.line = 0
        self.state = State.READY
        self.started_ns = 0
        self.ended_ns = -1
        self.panic = ""
        self.priority = 0.0
        self.resumes = 0
        self.points = 0
        self.moment = 0  # counts the places where another could have followed: with the serial, it names a choice
        self.touches: Any = None  # what its next step touches, while it stands at a point; None when that is not known
        self.at_lock = False  # it stands before taking a lock
        self.quantum = 0  # points since it last got the baton or the program made progress
        self.clock_reads = 0
        self.idle_yields = 0  # yields in a row without effect
        self.sleeps = 0  # sleeps in a row without effect
        self.spins = 0  # how often it was found spinning
        self.yielded = False
        self.yielded_at = 0  # its points at its last yield
        self.round_length = 0  # points between its last two yields: a loop that only polls repeats itself
        self.irregular = 0  # rounds without effect that did not
        self.progress_seen = -1
        self.waiting_on: Waitable | None = None
        self.deadline_ns = -1
        self.timer_token = 0  # a timer with another token is stale
        self.woken_by = ""
        self.io_poll: Callable[[], Any] | None = None
        self.io_result: Any = None
        self.exit_locks: list[Any] = []
        self.real_ident = 0
        self.unwinds = 0
        self.callbacks = 0  # how many callbacks of an event loop it is in; kept in full runs
        self.blocked_since_ns = 0
        self.site = self.before = POLLED  # numbers of its last point and of the one before (`sites`): a start polls
        self.blocked_in = ""  # "Lock", "sleep", ...: what it blocked in, where no library frame tells more

    @property
    def could_switch(self) -> bool:
        """At a point of the student's: whether this interpreter itself could switch threads here (see `polling`)."""
        if self.site & CLOSE:
            return False
        return bool(self.site & ENTRY or self.before & POLLED)
