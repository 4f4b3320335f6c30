"""Blackboard's "Assignment File Download": one flat zip.

`<Assignment>_<username>_attempt_<YYYY-MM-DD-HH-MM-SS>_<file>` and for each attempt a `.txt` of the system's own. "attempt" is in the
site's language; assignments and user names may hold "_", user names may be e-mail addresses. The time is the server's.
"""

import os.path
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from threadmarks.lms.delivery import Entry
from threadmarks.lms.layout import ByPath, Item, Kind, Owner

_PATH = re.compile(
    r"(?:[^/]+/)?(?P<head>[^/]+)_(?P<attempt>[^\W\d_]+)_(?P<stamp>\d{4}(?:-\d{2}){5})(?:_(?P<file>[^/]+)|\.txt)"
)


def _parse(entry: Entry) -> Item | None:
    found = _PATH.fullmatch(entry.path)
    if found is None or "_" not in found["head"]:
        return None
    try:
        submitted = datetime.strptime(found["stamp"], "%Y-%m-%d-%H-%M-%S")  # noqa: DTZ007  # the server's local time
    except ValueError:
        return None
    kind = Kind.FILE if found["file"] else Kind.METADATA
    file = found["file"] or "attempt.txt"
    owner = _owner(found["head"])
    return Item(entry=entry, owner=owner, file=file, kind=kind, attempt=found["stamp"], submitted=submitted)


def _owner(username: str) -> Owner:
    return Owner(key=username, name="", ids=(("username", username),))


def _settle(items: Iterable[Item]) -> Iterable[Item]:
    """Take the assignment's name off: what all heads begin with, up to a "_"; of a single owner, all but the last word."""
    known = list(items)
    heads = {item.owner.key for item in known}
    common = os.path.commonprefix(sorted(heads))  # noqa: RUF071  # letters are meant; they are no paths
    common = common[: common.rfind("_") + 1]
    for item in known:
        head = item.owner.key
        username = head[len(common) :] if len(heads) > 1 and common else head.rpartition("_")[2]
        yield replace(item, owner=_owner(username))


LAYOUT = ByPath(name="blackboard", title="Blackboard", parse=_parse, settle=_settle)
