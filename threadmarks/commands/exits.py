"""The exit codes of `grade`, the same for every command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's end tells a script."""

    PASSED = 0  # also: did what was asked
    NOT_PASSED = 1
    USAGE = 2  # what was asked for cannot be done: no such exercise, no such file, an unreadable file
    GRADER_FAULT = 3  # the grader failed; says nothing about the file
    INTERRUPTED = 130  # Ctrl-C, as shells have it
    TERMINATED = 143  # SIGTERM, likewise
