"""Plain folders: one folder, or one file, for each student. What there is when nothing else fits.

A file at the top is its student's by what its name says beside the exercise: `anna_ex02.py`, `ex02-anna.py`, `anna.py`. One that is called
like an exercise and nothing more belongs to whoever's folder that is.
"""

import re

from threadmarks.lms.delivery import Delivery, Entry, composed
from threadmarks.lms.layout import Item, Owner, Reading

_EXERCISE = re.compile(r"(?<![^\W\d_])ex[ _-]?\d+(?!\d)", re.IGNORECASE)
_COPY = re.compile(r"[ _]*\(\d+\)$")


class Folders:
    """One folder or file a student."""

    name = "folders"
    title = "plain folders"

    def fits(self, path: str) -> bool:
        """Everything does."""
        del path
        return True

    def read(self, delivery: Delivery, entries: tuple[Entry, ...]) -> Reading:
        """Each entry's owner is its first folder, or the rest of its name."""
        items = []
        for entry in entries:
            folder, _, rest = entry.path.partition("/")
            owner = composed(folder) if rest else _name_of(folder) or delivery.name
            items.append(Item(entry=entry, owner=_owner(owner), file=rest or folder))
        return Reading(layout=self.name, items=tuple(items), remarks=())


def _owner(name: str) -> Owner:
    return Owner(key=name, name=name, ids=(("folder", name),))


def _name_of(file: str) -> str:
    """What is left of a file's name without its suffix and the exercise."""
    stem = file.rpartition(".")[0] or file
    rest = _EXERCISE.sub("", _COPY.sub("", stem))
    return rest.strip(" _-.")


LAYOUT = Folders()
