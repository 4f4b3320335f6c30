"""The exit codes of `grade`, the same for every command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's end tells a script. A signal gives 128 and its number: 130 for Ctrl-C."""

    PASSED = 0  # also: did what was asked
    NOT_PASSED = 1
    USAGE = 2  # what was asked for cannot be done: no such exercise, no such file, an unreadable file
    GRADER_FAULT = 3  # the grader failed; says nothing about the file
