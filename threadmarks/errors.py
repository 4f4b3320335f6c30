"""The errors that the kit itself raises.

A learner's failure is a value (`model.Finding`), never one of these. An error text names the thing, the problem and the
next command. Imports nothing of the kit.
"""


class ThreadmarksError(Exception):
    """Base of every error of the kit."""


class UsageError(ThreadmarksError):
    """What the caller asked for cannot be done: no such exercise, no such file, an unreadable file (exit code 2)."""


class SubmissionError(UsageError):
    """The submitted file cannot be read as a student's source: folder, symlink, FIFO, empty, too large, wrong encoding.

    `code` is a finding code (`explain/codes.py` explains it).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AuthoringError(ThreadmarksError):
    """The content is wrong: an unknown key, a missing file, an orphan, points that do not add up."""


class SandboxError(ThreadmarksError):
    """A runner could not be started or was lost through no fault of the student's code."""


class ProtocolError(ThreadmarksError):
    """A message over the wire is not of the protocol. From a runner it is untrusted input, and becomes a verdict."""


class GraderFault(ThreadmarksError):
    """The grader itself failed. The check it happened in is ungraded: it neither costs nor gives points."""
