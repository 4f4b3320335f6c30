"""The layouts that there are, and the one that a delivery has."""

from collections.abc import Mapping
from types import MappingProxyType

from threadmarks.lms import blackboard, brightspace, canvas, folders, gradescope, moodle, sakai
from threadmarks.lms.delivery import Delivery
from threadmarks.lms.layout import Layout, Reading, recognised, without_junk

_BY_NAME = (moodle.LAYOUT, canvas.LAYOUT, blackboard.LAYOUT, brightspace.LAYOUT, sakai.LAYOUT)
LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {layout.name: layout for layout in (*_BY_NAME, gradescope.LAYOUT, moodle.GROUPS, folders.LAYOUT)}
)


def read_delivery(delivery: Delivery, wanted: str | None = None) -> Reading:
    """Whose everything in a delivery is, by the layout `wanted` or by the one that it is recognised to have.

    Raises UsageError when the layout's own files cannot be used.
    """
    entries, junk = without_junk(delivery)
    if wanted is not None:
        layout = LAYOUTS[wanted]
    elif any(gradescope.LAYOUT.fits(entry.path) for entry in entries):
        layout = gradescope.LAYOUT
    else:
        layout = recognised(entries, {layout.name: layout for layout in _BY_NAME}, folders.LAYOUT)
    reading = layout.read(delivery, entries)
    remarks = tuple(sorted((*delivery.remarks, *junk, *reading.remarks)))
    return Reading(layout=reading.layout, items=reading.items, remarks=remarks, owners=reading.owners)
