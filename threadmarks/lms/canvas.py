"""Canvas's "Download Submissions": one flat zip.

`<name>[_LATE]_<user id>_<attachment id>_<file>`, the name in lower case and without spaces; anonymous:
`[LATE_]anon_<id>_<attachment id>_<file>`; text entries end in `_text.html`. A file of the same name handed in again gets `-1`, `-2`, ...; each
file by itself, so that this tells no attempts apart. What is downloaded is the last attempt.
Groups hand in as one of them or under their name; the id is then that user's. There are no time stamps but LATE.
"""

import re

from threadmarks.lms.delivery import Entry
from threadmarks.lms.layout import ByPath, Item, Kind, Owner

_NAMED = re.compile(
    r"(?:[^/]+/)?(?P<name>[^/]+?)(?P<late>_LATE)?_(?P<id>\d+)_(?:(?P<attachment>\d+)_(?P<file>[^/]+)|text\.html)",
    re.IGNORECASE,
)
_ANONYMOUS = re.compile(
    r"(?:[^/]+/)?(?P<late>LATE_)?anon_(?P<id>[0-9a-z]+)_(?:(?P<attachment>\d+)_(?P<file>[^/]+)|text\.html)",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"-\d{1,3}(?=\.[^.]+$)")


def _parse(entry: Entry) -> Item | None:
    found = _ANONYMOUS.fullmatch(entry.path)
    anonymous = found is not None
    found = found or _NAMED.fullmatch(entry.path)
    if found is None:
        return None
    number = found["id"]
    if anonymous:
        owner = Owner(key=f"anon_{number}", name="", ids=(("anonymous id", number),))
    else:
        owner = Owner(key=number, name=found["name"], ids=(("user id", number),))
    file = found["file"] or "text.html"
    kind = Kind.TEXT if found["file"] is None or file.lower() == "text.html" else Kind.FILE
    return Item(
        entry=entry,
        owner=owner,
        file=_AGAIN.sub("", file),
        kind=kind,
        late=bool(found["late"]),
    )


LAYOUT = ByPath(name="canvas", title="Canvas", parse=_parse)
