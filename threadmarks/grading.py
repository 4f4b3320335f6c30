"""The surface for graders: all that a file in `graders/` may import of the kit, beside `threadmarks.prelude`.

See `docs/authoring.md` for how the parts are used together.
"""

from threadmarks.judge.check import check, witness
from threadmarks.judge.expect import expect
from threadmarks.judge.fixtures import Exploration, Explore, Run
from threadmarks.judge.trace import Mark, Note, Trace
from threadmarks.judge.watch import Stand, Watch
from threadmarks.wire import ErrorRecord, Frame, Outcome, ThreadRecord, WaitRecord

__all__ = [
    "ErrorRecord",
    "Exploration",
    "Explore",
    "Frame",
    "Mark",
    "Note",
    "Outcome",
    "Run",
    "Stand",
    "ThreadRecord",
    "Trace",
    "WaitRecord",
    "Watch",
    "check",
    "expect",
    "witness",
]
