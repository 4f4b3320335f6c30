"""The places where student code can be preempted: one numbered site each, and what the program does there.

`preemption` makes a site for every point that it compiles in; `polling` finds out after which of them the interpreter
itself looks whether another thread should run. Both facts that a running program needs are in one number: `index << 1`,
plus 1 when a poll follows the point. The table itself is read only when a run is asked what it touched (`accesses`).
"""

import ast
from dataclasses import dataclass
from enum import Enum

POLLED = 1
"""The bit of a site's number that says: before the next point, the interpreter polls."""
NAME_LIMIT = 60


class Touch(Enum):
    """What happens right after a point."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    UPDATE = "update"  # the read of `x.n += 1`
    STORE = "store"  # the write of `x.n += 1`
    CALL = "call"  # of a name: `f()`
    LOOK = "look"  # into a container: `a in b`
    ROUND = "round"  # of a loop: nothing is touched


class Where(Enum):
    """Where the thing that is touched lives."""

    ATTRIBUTE = "attribute"
    ITEM = "item"
    NAME = "name"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Site:
    """One point of a module's source."""

    node: ast.AST  # as the student wrote it where its position is concerned; its children may hold points
    touch: Touch
    where: Where
    name: str  # of the attribute, or the name; "" for items and loops
    passed_on: bool  # the value read is only a step on the way to another point: `x.jobs` in `x.jobs.append(1)`
    called: bool  # what is read is called at once: `append` in `x.jobs.append(1)`

    @property
    def line(self) -> int:
        """The line of the point."""
        return getattr(self.node, "lineno", 0)

    @property
    def column(self) -> int:
        """Where on the line it begins, in bytes."""
        return getattr(self.node, "col_offset", 0)


class Sites:
    """The table of one module. Numbers are handed out in the order in which points are made."""

    __slots__ = ("_sites", "numbers")

    def __init__(self) -> None:
        self._sites: list[Site] = []
        self.numbers: dict[ast.expr, int] = {}  # by the constant that stands for it in the tree; without flags

    def __len__(self) -> int:
        return len(self._sites)

    def add(  # the fields of a site
        self,
        node: ast.AST,
        touch: Touch,
        where: Where,
        name: str = "",
        *,
        passed_on: bool = False,
        called: bool = False,
    ) -> ast.Constant:
        """Make a site; gives the number as it stands in the code, still without its flag."""
        self._sites.append(Site(node, touch, where, name[:NAME_LIMIT], passed_on, called))
        number = ast.copy_location(ast.Constant(value=len(self._sites) << 1), node)
        self.numbers[number] = len(self._sites) << 1
        return number

    def __getitem__(self, number: int) -> Site:
        """The site that a number names, with or without its flag."""
        return self._sites[(number >> 1) - 1]
