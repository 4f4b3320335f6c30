"""For authors: proves that an exercise's checks catch what they claim to catch, and nothing else.

`check_content` is the one way in.
"""

from threadmarks.authoring.check import check_content
from threadmarks.authoring.rows import Row
from threadmarks.authoring.table import as_table

__all__ = ["Row", "as_table", "check_content"]
