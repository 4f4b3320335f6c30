"""From the way a run ended to the finding and the verdict it means.

Only how a run ended is judged here; what a completed run did is the checks' business. An exception that left a scenario
comes from what the student's code gave to the driver, which works with what the statement promises: the content check
proves that. The grader's own fault is only what no value can bring about: a name that the driver's own line does not know.
"""

from typing import assert_never

from threadmarks import wire
from threadmarks.errors import GraderFault
from threadmarks.judge.accidents import sentence
from threadmarks.judge.decode import Answer, Broken
from threadmarks.judge.failure import Failure, place_at
from threadmarks.model import Finding, Verdict, WaitEdge

DRIVERS_OWN = frozenset({"NameError", "UnboundLocalError"})


def thread_name(threads: tuple[wire.ThreadRecord, ...], serial: int) -> str:
    """How a report calls a thread: "main", or its name and number; "" for -1 (nobody)."""
    if serial == 0:
        return "main"
    if not 0 < serial < len(threads):
        return f"T{serial}" if serial > 0 else ""
    name = threads[serial].name  # they are numbered in order
    return f"{name} (T{serial})" if name else f"T{serial}"


def failure_of_trace(trace: wire.ScheduleTrace) -> Failure | None:  # noqa: PLR0911  # one return an outcome
    """What the end of a schedule means by itself; None when the scenario returned. Raises GraderFault."""
    match trace.outcome:
        case wire.Outcome.COMPLETED:
            return None
        case wire.Outcome.RAISED:
            assert trace.error is not None, "decode has checked this"
            return failure_of_error(trace.error)
        case wire.Outcome.DEADLOCK:
            return _waiting(trace, "deadlock", "Nobody can run any more: every thread waits for another.")
        case wire.Outcome.STALLED:
            return _waiting(trace, "stalled", "Nothing can happen any more: only waits with a time-out go on and on.")
        case wire.Outcome.SPINNING:
            return Failure(finding=_spinning(trace), verdict=Verdict.HANG)
        case wire.Outcome.EXITED:
            return Failure(
                finding=Finding(code="exited", message="Your program ended its own process while it was being graded."),
                verdict=Verdict.CRASHED,
            )
        case wire.Outcome.DIVERGED:
            message = "This file does not follow the recorded schedule: it asks for a choice that never came up."
            return Failure(finding=Finding(code="replay-diverged", message=message), verdict=Verdict.SUSPECT)
        case _:
            assert_never(trace.outcome)


def _waiting(trace: wire.ScheduleTrace, code: str, message: str) -> Failure:
    waits = tuple(
        WaitEdge(
            thread=thread_name(trace.threads, wait.thread),
            what=wait.what,
            held_by=thread_name(trace.threads, wait.holder),
            place=place_at(wait.line),
        )
        for wait in trace.waits
    )
    first = next((edge.place for edge in waits if edge.place), None)
    return Failure(finding=Finding(code=code, message=message, place=first, waits=waits), verdict=Verdict.DEADLOCK)


def _spinning(trace: wire.ScheduleTrace) -> Finding:
    busiest = max(trace.threads, key=lambda thread: thread.points, default=None)
    spins = [event for event in trace.events if event.kind is wire.EventKind.SPIN]
    line = next((event.line for event in spins if event.line), 0)
    return Finding(
        code="spinning",
        message="A thread runs on and on without getting anywhere.",
        measured="the thread that took the most steps",
        seen=f"{thread_name(trace.threads, busiest.serial)}: {busiest.points} steps" if busiest else "",
        place=place_at(line),
    )


def _unwritten(error: wire.ErrorRecord) -> str:
    """What raised NotImplementedError: the line shown, or what it calls, in the file of an earlier exercise or a library."""
    innermost = error.frames[-1]
    if innermost.file != "library":
        return "This part"
    return f"This line calls {innermost.function}, in another file. That part"


def failure_of_error(error: wire.ErrorRecord) -> Failure:
    """An exception that left the scenario. Raises GraderFault when it is the driver's own."""
    line = next((frame.line for frame in reversed(error.frames) if frame.file == "student"), 0)
    text = f"{error.type}: {error.message}" if error.message else error.type
    if error.type == "MemoryError":
        message = "Your program asked for more memory than a run may use."
        return Failure(
            finding=Finding(code="memory-limit", message=message, place=place_at(line)), verdict=Verdict.CRASHED
        )
    if error.type == "SystemExit":
        message = "Your program ended itself (SystemExit) while it was being graded."
        return Failure(finding=Finding(code="exited", message=message, place=place_at(line)), verdict=Verdict.CRASHED)
    if line and error.type == "NotImplementedError":
        message = f"{_unwritten(error)} is not written yet: it raises NotImplementedError."
        return Failure(
            finding=Finding(code="not-implemented", message=message, place=place_at(line)), verdict=Verdict.FAILED
        )
    if line:
        message = sentence(error) or "An exception left your code."
        finding = Finding(code="exception", message=message, seen=text, place=place_at(line))
        return Failure(finding=finding, verdict=Verdict.CRASHED)
    in_driver = not error.frames or error.frames[-1].file == "driver"
    if in_driver and error.type in DRIVERS_OWN and error.about != "student":
        where = ", ".join(f"{frame.file}:{frame.line} in {frame.function}" for frame in error.frames)
        raise GraderFault(f"the scenario itself raised {text}; frames from outside in: {where}")
    if error.type == "NotImplementedError":  # of no line of this file
        message = "A file that yours builds on is not written yet: it raises NotImplementedError."
        return Failure(finding=Finding(code="not-implemented", message=message), verdict=Verdict.FAILED)
    message = "The check got something else from your code than the statement promises."
    return Failure(finding=Finding(code="unexpected-value", message=message, seen=text), verdict=Verdict.FAILED)


def failure_of_broken(answer: Answer) -> Failure:
    """A run that did not answer to its end."""
    assert answer.broken is not None
    detail = f" ({answer.detail})" if answer.detail else ""
    match answer.broken:
        case Broken.TIME_LIMIT:
            return _broken(answer, f"Your program did not come to an end: {answer.detail}.", Verdict.HANG)
        case Broken.STUCK:
            stuck = answer.stuck
            assert stuck is not None
            named = f" ({stuck.function})" if stuck.function else ""
            finding = Finding(
                code=answer.broken.value,
                message=f"A call{named} did not come back, and the grader does not control what it waits for.",
                place=place_at(stuck.line),
            )
            return Failure(finding=finding, verdict=Verdict.HANG)
        case Broken.MEMORY_LIMIT:
            return _broken(answer, "Your program asked for more memory than a run may use.", Verdict.CRASHED)
        case Broken.OUTPUT_LIMIT:
            return _broken(answer, "Your program wrote more output than a run may.", Verdict.CRASHED)
        case Broken.DIED:
            message = f"The process of your program was gone before the run had come to its end{detail}."
            return _broken(answer, message, Verdict.CRASHED)
        case Broken.MALFORMED:
            message = "What came back from the run of your program was not an answer."
            return _broken(answer, message, Verdict.CRASHED)
        case _:
            assert_never(answer.broken)


def _broken(answer: Answer, message: str, verdict: Verdict) -> Failure:
    assert answer.broken is not None
    return Failure(finding=Finding(code=answer.broken.value, message=message), verdict=verdict)
