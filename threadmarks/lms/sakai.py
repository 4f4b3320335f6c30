"""Sakai's "Download All" of an assignment.

`<Title>/<Last, First(eid)>/Submission attachment(s)/<file>`; beside it `timestamp.txt` (when it was handed in: digits, or ISO 8601), texts,
comments, and above them `grades.csv`.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from threadmarks.errors import SubmissionError
from threadmarks.lms.delivery import Entry
from threadmarks.lms.layout import ByPath, Item, Kind, Owner

_PATH = re.compile(
    r"(?:[^/]+/)?(?P<name>[^/]*)\((?P<eid>[^()/]+)\)/(?:Submission attachment\(s\)/(?P<file>.+)|(?P<own>.+))"
)
_GRADES = re.compile(r"(?:[^/]+/)?grades\.(?:csv|xls)")
_NOBODY = Owner(key="", name="", ids=())


def _parse(entry: Entry) -> Item | None:
    found = _PATH.fullmatch(entry.path)
    if found is None:
        grades = _GRADES.fullmatch(entry.path) is not None
        return Item(entry=entry, owner=_NOBODY, file="grades.csv", kind=Kind.METADATA) if grades else None
    owner = Owner(key=found["eid"], name=found["name"], ids=(("eid", found["eid"]),))
    if found["file"]:
        return Item(entry=entry, owner=owner, file=found["file"])
    kind = Kind.TEXT if "submissionText" in found["own"] else Kind.METADATA
    return Item(entry=entry, owner=owner, file=found["own"], kind=kind)


def _settle(items: Iterable[Item]) -> Iterable[Item]:
    known = list(items)
    stamps = {item.owner.key: _time(item.entry) for item in known if item.file == "timestamp.txt"}
    for item in known:
        yield replace(item, submitted=stamps.get(item.owner.key))


def _time(entry: Entry) -> datetime | None:
    """What a `timestamp.txt` says; digits are in UTC. None when it says something else."""
    try:
        text = entry.load()[:64].decode("ascii").strip()
        if re.fullmatch(r"\d{14,17}", text):
            return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        return datetime.fromisoformat(text)
    except (SubmissionError, UnicodeDecodeError, ValueError):
        return None


LAYOUT = ByPath(name="sakai", title="Sakai", parse=_parse, settle=_settle)
