"""What a finding code means, for `grade explain CODE` and for the one line beside a finding.

Holds the codes of the engine: those that any exercise can give. An exercise's own codes (`threads-not-precreated`) carry
their explanation in the finding itself. A code is stable: it may gain words here, it is never given another meaning.
"""

import difflib

from threadmarks.explain.explanation import Explanation
from threadmarks.explain.story_codes import STORIES


def explain(code: str) -> Explanation | None:
    """The explanation of an engine's code; None for a code that is not the engine's."""
    return _BY_CODE.get(code.strip().lower())


def similar(code: str) -> list[str]:
    """Engine codes that look like `code`, best first."""
    return difflib.get_close_matches(code.strip().lower(), _BY_CODE, n=3, cutoff=0.6)


def all_codes() -> tuple[Explanation, ...]:
    """Every explanation, in the order of the table."""
    return tuple(_BY_CODE.values())


_TABLE = (
    # -- how a run ended --
    Explanation(
        code="deadlock",
        title="Nobody can run any more, and no timer is left that could wake anyone.",
        text="Every thread waits for something that only another waiting thread could give. The program would stay so for "
        "ever. The report tells who waits for what, and who holds it up.",
        advice="Follow the waits from thread to thread. Two locks taken in different orders, a join on a thread that waits for "
        "you, and a queue nobody puts into any more are the usual causes.",
    ),
    Explanation(
        code="stalled",
        title="Only waits with a time-out still happen, and nothing else can happen any more.",
        text="Threads wake at their time-outs, find nothing, and wait again: a deadlock in slow motion.",
        advice="Find what should have ended the wait, and who should have done it. A time-out hides a lost wake-up; it does "
        "not repair it.",
    ),
    Explanation(
        code="spinning",
        title="A thread runs on and on without getting anywhere.",
        text="A loop that asks again and again (`while not done: pass`, `get_nowait`, `sleep(0)`) keeps a whole core busy and "
        "leaves the others waiting.",
        advice="Let the operating system wait for you: `Queue.get()`, `Event.wait()`, `Condition.wait()` cost nothing while "
        "they wait.",
    ),
    Explanation(
        code="uncontrolled-call",
        title="A call did not come back, and the grader does not control what it waits for.",
        text="The grader runs your threads under a virtual clock. A call that blocks in C outside the standard library's "
        "threads, queues, sleeps and sockets stands outside of it and stops everything.",
        advice="Look at the line named. Reading the keyboard, a subprocess or a foreign library's wait does not belong in this "
        "exercise.",
    ),
    Explanation(
        code="not-reached",
        title="The program ended before it came to the point that this check looks at.",
        text="What the check measures never happened in this run, so there was nothing to judge.",
        advice="Fix the checks that fail before this one; then look at what ends your program early.",
    ),
    Explanation(
        code="unexpected-value",
        title="A call gave something else than it should.",
        text="The value that came back is not the one that the statement promises, or is of another type.",
        advice="Compare the values shown as seen and wanted, character by character. `None` usually means a missing `return`.",
    ),
    Explanation(
        code="race",
        title="Right under one order of the threads, wrong under another.",
        text="The threads' order is not yours to choose. The grader tried several orders; with at least one of them the result "
        "is wrong, and the report carries the token that replays it.",
        advice="Look for two steps that belong together (check, then act; read, then write) with nothing that keeps "
        "other threads out between them.",
    ),
    *STORIES,
    # -- what the program did to itself --
    Explanation(
        code="exception",
        title="An exception left your code.",
        text="The exception's type and message, and your line it came from, stand in the report.",
        advice="Read the message, then the line. If the exception is wanted, the statement says who must catch it.",
    ),
    Explanation(
        code="not-implemented",
        title="The function still raises NotImplementedError, as in the stub.",
        text="The check called something that you have not written yet.",
        advice="Write it, or ask for a first step: `grade hint` with the exercise's name.",
    ),
    Explanation(
        code="exited",
        title="The program ended itself while it was being graded.",
        text="`sys.exit`, `os._exit` and `quit` end the whole program, and with it the run that was being judged.",
        advice="Return from the function instead. Only a program's outermost layer decides when to exit.",
    ),
    Explanation(
        code="died",
        title="The process was gone before it could say how the run ended.",
        text="It ended without a word: by `os._exit`, by a signal, or by a crash inside the interpreter.",
        advice="Look for code that ends processes or handles signals. Without an answer there are no points.",
    ),
    Explanation(
        code="malformed-answer",
        title="What came back from the run was not an answer.",
        text="Something wrote into the channel between your program and the grader, or broke it off in the middle.",
        advice="Print as much as you like, but do not write to file descriptors that you did not open.",
    ),
    Explanation(
        code="time-limit",
        title="The run used all the processor time or real time that a run may use.",
        text="This limit is far above what any correct solution needs. It says that the run did not end, not that it was slow.",
        advice="Look for a loop without an end, or a computation that grows with every round.",
    ),
    Explanation(
        code="memory-limit",
        title="The run asked for more memory than a run may use.",
        text="This limit is far above what any correct solution needs.",
        advice="Look for a list or queue that grows without anyone taking from it.",
    ),
    Explanation(
        code="output-limit",
        title="The run printed more than a run may print.",
        text="What is beyond the limit was counted and dropped.",
        advice="Look for a print inside a loop without an end.",
    ),
    # -- about the grading itself --
    Explanation(
        code="suspect",
        title="Two accounts of the same run differ.",
        text="What your program reported and what was seen from outside, or two runs under one schedule, do not agree. Such a "
        "check gives no automatic marks, and costs none.",
        advice="Let nothing in your program depend on the real clock, on addresses or on the process around it.",
    ),
    Explanation(
        code="accounts-differ",
        title="Two measurements of the same behaviour do not agree.",
        text="In official grading some behaviours are measured twice: inside the graded run, which explains, and from outside "
        "of a plain run of the same file, by what the operating system counts. Here the two say different things, so neither is "
        "taken for true. The check gives no automatic marks and costs none; a person reads both accounts.",
        advice="There is nothing that you have to do. If your file behaves differently when it is graded (it looks at the machinery "
        "around it, or keeps answers ready), that is what the person will see.",
    ),
    Explanation(
        code="unexpected-facts",
        title="A run told something that its check cannot make sense of.",
        text="A check reads what a run noted: numbers, names, what was returned. Here one of these has a shape that no solution of the "
        "exercise should lead to, or the check itself has a mistake. The check gives no automatic marks and costs none.",
        advice="Look whether your code returns what the statement promises, of the type that it promises. If it does, tell whoever "
        "gave you the exercise.",
    ),
    Explanation(
        code="replay-diverged",
        title="The same schedule could not be run again: the program did something else this time.",
        text="A schedule is a list of choices which thread runs next. One of them was not there any more.",
        advice="Check that the file is the one that was graded. If it is, look for what differs from run to run: the real clock, "
        "addresses, files.",
    ),
    Explanation(
        code="file-changed",
        title="The file is not the one that the token was made for.",
        text="The token names a schedule of the file as it was graded. The same schedule on a changed file may do something else.",
        advice="Grade the file again for a new token.",
    ),
    Explanation(
        code="other-python",
        title="The token was made on another version of Python.",
        text="A schedule names moments of your threads, and versions of Python differ in how they run the same program (in what their "
        "own queues and conditions do, for one). The same token may then name another order.",
        advice="Replay it on the version that the token names, or grade the file on this one for a new token.",
    ),
    Explanation(
        code="grader-fault",
        title="The grader itself failed.",
        text="This is not your fault. What could not be graded costs no points and gives none.",
        advice="Pass the text on to whoever gave you the exercise.",
    ),
    # -- what the source is --
    Explanation(
        code="syntax-error",
        title="Python cannot read the file.",
        text="Nothing of the file ran. Python's message and the line stand in the report.",
        advice="Look at the line named and the one before it: brackets, quotes, colons, indentation.",
    ),
    Explanation(
        code="import-error",
        title="The file ended with an exception while it was being loaded.",
        text="Code outside of functions runs as soon as the file is imported; there it failed, before any check could start.",
        advice="Keep what runs at import small: definitions and constants.",
    ),
    Explanation(
        code="broken-foundation",
        title="A file that this one builds on cannot be loaded.",
        text="Some exercises import an earlier one by its id (`from ex07 import Executor`). While you practise, that is your own "
        "file, and it has to be importable before anything that stands on it can be tried.",
        advice="Grade the earlier exercise by itself: its report shows the line. Then come back.",
    ),
    Explanation(
        code="unproven-foundation",
        title="A file that this one builds on does not pass its own exercise.",
        text="A note: it costs nothing by itself. But a fault below can look like a fault here.",
        advice="Grade the earlier exercise first. Official grading builds on the reference solution instead, unless your "
        "instructor says otherwise.",
    ),
    Explanation(
        code="no-foundation",
        title="A file that this exercise builds on is not there.",
        text="An exercise that imports an earlier one needs your file of it: beside the one that is graded, or where you keep "
        "the others.",
        advice="Write the earlier exercise first, or put its file beside this one.",
    ),
    Explanation(
        code="missing-module",
        title="The file imports a module that is not there.",
        text="Only the standard library and `threadmarks.prelude` are there, and the earlier exercises that the statement names.",
        advice="Check the spelling of the import. The exercises need no other package.",
    ),
    Explanation(
        code="missing-api",
        title="The file lacks a name that the statement promises.",
        text="The checks call your functions and classes by the names in the stub. One of them is not there.",
        advice="Compare your names with the stub's, letter by letter.",
    ),
    Explanation(
        code="wrong-signature",
        title="A function takes other parameters than the stub's.",
        text="The checks call it as the statement says, by position and by name. Yours cannot be called in that way.",
        advice="Put the stub's parameters back: their names, their order, their defaults.",
    ),
    Explanation(
        code="unchanged-stub",
        title="This is the stub, as it was handed out.",
        text="Nothing has been written into it yet.",
        advice="Read the statement (`grade show` with the exercise's name), then write the first function.",
    ),
    Explanation(
        code="policy",
        title="The file uses something that this exercise forbids.",
        text="A module that is not on the exercise's list, one that would do its work, or a construct that looks into or "
        "changes what the program runs on. The statement says what is allowed; a file that uses something else gets at most "
        "half of the points.",
        advice="Go to the line that the report names, and write that part with what the statement allows. If a name only looks "
        "like something forbidden, give it another name.",
    ),
    # -- what the file is --
    Explanation(
        code="no-file",
        title="There is no such file.",
        text="Nothing was graded.",
        advice="Check the name and the folder, or give the file: `grade ex02 path/to/ex02.py`.",
    ),
    Explanation(
        code="folder",
        title="This is a folder, not a file.",
        text="Nothing was graded.",
        advice="Give the Python file inside it.",
    ),
    Explanation(
        code="symlink",
        title="This is a symbolic link.",
        text="The grader reads only ordinary files, so that a submission cannot point at somebody else's.",
        advice="Give the file that the link points to.",
    ),
    Explanation(
        code="not-a-file",
        title="This is not an ordinary file.",
        text="A pipe, a socket or a device has no fixed content to grade.",
        advice="Save your program as a file and give that.",
    ),
    Explanation(
        code="empty",
        title="The file is empty.",
        text="Nothing was graded.",
        advice="Save your editor's work, and check that you gave the right file.",
    ),
    Explanation(
        code="too-large",
        title="The file is larger than a submission may be.",
        text="Nothing was graded. A solution is a few kilobytes.",
        advice="Check that you gave your program, and not data or a log.",
    ),
    Explanation(
        code="not-utf8",
        title="The file is not UTF-8 text.",
        text="Python source is UTF-8. Some editors save another encoding (UTF-16, Latin-1) unless told otherwise.",
        advice="Save the file again as UTF-8.",
    ),
    Explanation(
        code="nul-byte",
        title="The file has NUL bytes in it.",
        text="Python source cannot have them. They come from a UTF-16 file or from a file that is not text.",
        advice="Save the file again as UTF-8 text.",
    ),
    Explanation(
        code="unreadable",
        title="The file cannot be read.",
        text="The operating system refused. Nothing was graded.",
        advice="Check the file's permissions.",
    ),
)

_BY_CODE = {explanation.code: explanation for explanation in _TABLE}
