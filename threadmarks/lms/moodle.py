"""Moodle's "Download all submissions", with folders or without, since 2.x.

`<Full name>_<participant id>_assignsubmission_file/<path>`; without folders `..._file_<name>`. Before 4.1 a folder's name ends in one more
"_". Blind marking has "Participant" (in the site's language) for every name; groups have theirs, and the group's id, "Default group" without
one. The participant id belongs to one assignment; it is no user id, and what the offline worksheet goes by.

The zip's time stamps are when the files were handed in, in the server's time.
"""

import re
from functools import partial

from threadmarks.lms.delivery import Entry
from threadmarks.lms.layout import ByPath, Item, Kind, Owner

_PATH = re.compile(
    r"(?:(?P<root>[^/]+)/)?(?P<name>[^/]*?)(?:_(?P<id>\d+))?_assignsubmission_(?P<kind>file|onlinetext)(?:_?/|_(?=[^/]+$))(?P<file>.+)"
)
PARTICIPANT = "participant id"
GROUP = "group id"


def _parse(id_name: str, entry: Entry) -> Item | None:
    found = _PATH.fullmatch(entry.path)
    if found is None or (found["id"] is None and not found["name"]):
        return None
    name = found["name"]
    if found["id"] is None:  # who is in no group
        owner = Owner(key=name, name=name, ids=((GROUP, ""),))
    else:
        owner = Owner(key=found["id"], name=name, ids=((id_name, found["id"]),))
    kind = Kind.FILE if found["kind"] == "file" else Kind.TEXT
    return Item(entry=entry, owner=owner, file=found["file"], kind=kind, submitted=entry.stamp)


LAYOUT = ByPath(name="moodle", title="Moodle", parse=partial(_parse, PARTICIPANT))
GROUPS = ByPath(name="moodle-groups", title="Moodle, groups", parse=partial(_parse, GROUP))
"""The same names: only whoever set the assignment knows that the ids are groups'. Asked for with `--layout`."""
