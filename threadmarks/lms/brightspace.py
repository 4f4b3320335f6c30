"""Brightspace's download of an assignment's folder.

`[<Assignment>/]<id>-<id> - <First Last> - <Mon D, YYYY HMM AM>/<file>` and an `index.html` of the system's own. Each attempt is a
folder. The time is the server's.
"""

import re
from datetime import datetime

from threadmarks.lms.delivery import Entry
from threadmarks.lms.layout import ByPath, Item, Kind, Owner

_PATH = re.compile(
    r"(?:(?!\d+-\d+ - )[^/]+/)?(?P<id>\d+-\d+) - (?P<name>[^/]+) - "
    r"(?P<month>[^\W\d_]{3,})\.? (?P<day>\d{1,2}), (?P<year>\d{4}) (?P<hour>\d{1,2})(?P<minute>\d{2}) (?P<half>[AP]M)/(?P<file>.+)"
)
_INDEX = re.compile(r"(?:[^/]+/)?index\.html")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOBODY = Owner(key="", name="", ids=())


def _parse(entry: Entry) -> Item | None:
    found = _PATH.fullmatch(entry.path)
    if found is None:
        index = _INDEX.fullmatch(entry.path) is not None
        return Item(entry=entry, owner=_NOBODY, file="index.html", kind=Kind.METADATA) if index else None
    submitted = _time(found)
    owner = Owner(key=found["id"], name=found["name"], ids=(("id", found["id"]),))
    attempt = submitted.isoformat() if submitted else ""
    return Item(entry=entry, owner=owner, file=found["file"], attempt=attempt, submitted=submitted)


def _time(found: re.Match[str]) -> datetime | None:
    """None for a month in another language, or a day that is none."""
    month = found["month"][:3].lower()
    if month not in _MONTHS:
        return None
    hour = int(found["hour"]) % 12 + (12 if found["half"] == "PM" else 0)
    try:
        return datetime(int(found["year"]), _MONTHS.index(month) + 1, int(found["day"]), hour, int(found["minute"]))  # noqa: DTZ001  # the server's
    except ValueError:
        return None


LAYOUT = ByPath(name="brightspace", title="Brightspace", parse=_parse)
