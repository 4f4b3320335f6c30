"""Tell a wait-for graph in words: who waits for what, who holds it, and which threads wait in a circle.

A learner reads "A waits for a lock that B holds" more easily than a drawing, and so does a screen reader. The graph comes
from the judge as edges; this module finds the circle in it and adds nothing that the edges do not say.
"""

from collections.abc import Sequence

from threadmarks.explain.numbers import counted
from threadmarks.explain.safe import one_line
from threadmarks.model import Place, WaitEdge

SENTENCES_SHOWN = 40
"""More of them tell a learner nothing; the rest is counted in words."""


def sentences(waits: Sequence[WaitEdge]) -> list[str]:
    """One sentence per waiting thread, then one about the circle if there is one."""
    told = [_sentence(edge) for edge in waits[:SENTENCES_SHOWN]]
    left = len(waits) - len(told)
    if left > 0:
        told.append(f"and {counted(left, 'more thread')}, not shown")
    circle = _circle(waits)
    if circle:
        told.append(f"They wait in a circle: {' -> '.join(circle)}. None of them can go on.")
    return told


def _sentence(edge: WaitEdge) -> str:
    # "held up by" is true of a lock's owner and of a thread that is joined alike.
    holder = f", held up by {one_line(edge.held_by)}" if edge.held_by else ""
    return f"{one_line(edge.thread)} waits for {one_line(edge.what)}{holder} ({_where(edge.place)})"


def _where(place: Place | None) -> str:
    if place is None:
        return "in the check's own code"
    source = one_line(place.text.strip())
    return f"{one_line(place.file)}:{place.line}" + (f": {source}" if source else "")


def _circle(waits: Sequence[WaitEdge]) -> list[str]:
    """The names along one circle, the first again at the end; [] if nobody waits in a circle.

    A thread waits for at most one thing, so each thread has at most one way out: following it from every thread, and
    stopping where the path meets itself or an earlier one, finds a circle if there is one. Looks at each thread once:
    thousands may wait in one row.
    """
    holder_of = {edge.thread: edge.held_by for edge in waits if edge.held_by}
    seen: set[str] = set()
    for start in holder_of:
        path: dict[str, None] = {}  # in order
        name: str | None = start
        while name is not None and name not in seen:
            seen.add(name)
            path[name] = None
            name = holder_of.get(name)
        if name in path:
            names = list(path)
            return [one_line(each) for each in [*names[names.index(name) :], name]]
    return []
