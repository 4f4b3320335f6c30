"""The source policy from `exercise.toml` to the report: parsed, told to the student, found, and not to be talked out of."""

import json
import sys

import pytest

from tests.judge.conftest import RIGHT, Grade, Make
from threadmarks import catalog, wire
from threadmarks.catalog import Exercise, ExerciseFile, parse_toml
from threadmarks.errors import AuthoringError
from threadmarks.judge.decode import Answer, Broken, decode
from threadmarks.judge.foundations import with_code
from threadmarks.judge.loading import MOST_POLICY_FINDINGS, policy_findings
from threadmarks.model import Verdict
from threadmarks.policy import Policy, told
from threadmarks.sandbox.host import RawRun, Stop

META = 'id = "ex90"\ntitle = "T"\nsummary = "S"\ndifficulty = 1\nminutes = 1\nconcepts = ["c"]\n[policy]\n'
STRICT = '[policy]\nallowed_imports = ["threading", "sys", "os"]\n'


# ---- what a policy is


def parsed(text: str) -> Policy:
    """The policy of a metadata file."""
    return parse_toml(META + text, ExerciseFile, "exercise.toml").policy


def test_reflection_is_forbidden_unless_an_exercise_says_otherwise() -> None:
    """A new exercise is not open by mistake."""
    assert parsed("").reflection == "forbidden"
    assert parsed('reflection = "allowed"').reflection == "allowed"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('allowed_imports = ["numpy"]', "numpy is no module of the standard library"),
        ('allowed_imports = ["queue "]', "allowed_imports"),
        ('allowed_imports = ["a.b"]\nforbidden_imports = ["a"]', "a.b is no module"),
        (
            'allowed_imports = ["concurrent.futures"]\nforbidden_imports = ["concurrent"]',
            "concurrent.futures is both allowed and forbidden",
        ),
        ('reflection = "maybe"', "Invalid enum value 'maybe'"),
        ('reflexion = "allowed"', 'unknown key "policy.reflexion". Did you mean "reflection"?'),
        ('reflection = "allowed"\nmay_replace = ["time.sleep"]', "everything may be replaced"),
    ],
)
def test_a_policy_with_a_mistake_is_refused(text: str, words: str) -> None:
    """A rule that has no effect is a rule that its author believes in."""
    with pytest.raises(AuthoringError) as caught:
        parsed(text)
    assert words in str(caught.value)


# ---- that it is told


@pytest.mark.parametrize("exercise", catalog.load(), ids=lambda exercise: exercise.id)
def test_every_statement_tells_its_policy(exercise: Exercise) -> None:
    """Word for word, and nothing costs points that is told nowhere."""
    policy = exercise.meta.policy
    paragraph = told(policy)
    assert paragraph in " ".join(exercise.statement.read_text(encoding="utf-8").split())
    assert all(f"`{name}`" in paragraph for name in (*policy.allowed_imports, *policy.forbidden_imports))
    assert policy.allowed_imports
    assert policy.reflection == "forbidden"


def test_the_paragraph_follows_the_policy() -> None:
    """Each rule has its sentence; none is told that is not there."""
    assert told(Policy(reflection="allowed")) == ""
    every = told(Policy(allowed_imports=("queue",), forbidden_imports=("asyncio",), may_replace=("threading.Thread",)))
    assert "standard library: `queue`." in every
    assert "Do not import `asyncio`" in every
    assert "stack frames" in every
    assert "parts of `threading.Thread`" in every
    assert "at most half of the points" in every
    assert "Do not import" not in told(Policy())


# ---- that it is found


def test_an_import_off_the_list_names_what_is_allowed(make: Make, grade: Grade) -> None:
    """The student can put it right without asking."""
    report = grade("import threading\nimport json\n" + RIGHT, make(toml=STRICT))
    (finding,) = report.findings
    assert finding.message == "Your file imports what is not on this exercise's list: import of json."
    assert finding.means.startswith("Allowed are threadmarks.prelude and threading, sys, os. ")
    assert (report.score, report.verdict) == (10.0, Verdict.POLICY)
    assert finding.place is not None
    assert (finding.place.line, finding.place.text) == (2, "import json")


def test_reflection_is_a_finding_with_its_line_and_a_sentence(make: Make, grade: Grade) -> None:
    """And caps the exercise; the check itself still tells what the program did."""
    report = grade(
        "import sys\ndef answer(x, *, twice=False):\n    sys._getframe(1)\n    return 42\n", make(toml=STRICT)
    )
    (finding,) = report.findings
    assert finding.message == "Your file uses what is no part of this exercise: sys._getframe."
    assert finding.means.startswith("A frame shows the variables of whoever called you; ")
    assert (finding.place.line if finding.place else 0, report.score, report.checks[0].verdict) == (
        3,
        10.0,
        Verdict.PASSED,
    )


def test_a_clean_file_has_no_finding(make: Make, grade: Grade) -> None:
    """The accepting case."""
    report = grade("import threading, os\nfrom threadmarks.prelude import JoinError\n" + RIGHT, make(toml=STRICT))
    assert (report.findings, report.score) == ((), 20.0)


def test_a_file_that_is_found_out_cannot_take_it_back(make: Make, grade: Grade) -> None:
    """It is told before the first line of the file runs, whatever that line then does to the engine."""
    source = (
        "import sys\nframe = sys._getframe()\nwhile frame:\n    for value in list(frame.f_locals.values()):\n"
        "        for name in ('policy', 'request'):\n            if isinstance(getattr(value, name, None), (list, dict)):\n"
        "                getattr(value, name).clear()\n    frame = frame.f_back\n" + RIGHT
    )
    report = grade(source, make(toml=STRICT))
    assert {finding.code for finding in report.findings} >= {"policy"}
    assert report.score <= 10.0


def test_many_things_are_not_all_told_one_by_one() -> None:
    """The rest of a report must stay in sight."""
    hits = tuple(wire.PolicyHit(kind="replaced", what=f"a change of time.a{n}", line=n) for n in range(1, 9))
    findings = policy_findings(hits, Policy())
    assert len(findings) == MOST_POLICY_FINDINGS + 1
    assert findings[-1].message == "Your file uses 3 more things that are not allowed (lines 6, 7, 8)."
    assert len(policy_findings(hits[:MOST_POLICY_FINDINGS], Policy())) == MOST_POLICY_FINDINGS


# ---- what the judge takes for an answer

REQUEST = wire.RunRequest(
    version=wire.WIRE_VERSION,
    nonce="n",
    module="ex90",
    source="",
    scenario_source="",
    scenario="",
    schedules=(),
    full=False,
    input_seed=1,
    limits=wire.Limits(),
    policy=wire.SourcePolicy(),
)
HELLO = {"k": "hello", "version": wire.WIRE_VERSION, "python": "%d.%d" % sys.version_info[:2], "nonce": "n"}  # noqa: UP031
EXAMINED = {"k": "examined", "policy": [["replaced", "a change of time.sleep", 3]]}
LOADED = {"k": "loaded", "phase": "ok", "error": None, "api": []}
SYNTAX = {
    "k": "loaded",
    "phase": "syntax",
    "error": {"type": "SyntaxError", "message": "m", "frames": [], "thread": 0},
    "api": [],
}
END = {"k": "end", "nonce": "n", "schedules": 0}


def decoded(*messages: object, request: wire.RunRequest = REQUEST) -> Answer:
    """What the judge makes of a runner's messages."""
    raw = RawRun(
        wire=b"".join(json.dumps(message).encode() + b"\n" for message in messages),
        stray=b"",
        stray_total=0,
        stop=Stop.ITSELF,
        exit_code=0,
        cpu_s=0.0,
        max_rss_bytes=0,
        orphans=0,
        tasks=None,
        voluntary_switches=0,
    )
    return decode(raw, request)


def test_what_was_found_is_part_of_the_answer() -> None:
    """Also when nothing comes after it: a file that kills its process was found out all the same."""
    for messages in ([HELLO, EXAMINED, LOADED, END], [HELLO, EXAMINED, LOADED], [HELLO, EXAMINED]):
        assert [hit.what for hit in decoded(*messages).policy] == ["a change of time.sleep"]
    assert decoded(HELLO, EXAMINED, LOADED, END).broken is None


def test_a_source_that_cannot_be_parsed_is_not_searched() -> None:
    """There is no tree."""
    assert decoded(HELLO, SYNTAX, END).broken is None


@pytest.mark.parametrize(
    "messages",
    [
        [HELLO, LOADED, END],  # asked for, and missing
        [HELLO, LOADED, EXAMINED, END],  # too late: the source has run
        [HELLO, EXAMINED, {**EXAMINED, "policy": []}, LOADED, END],  # a second one, to unsay the first
        [EXAMINED, HELLO, LOADED, END],
        [HELLO, {**EXAMINED, "policy": [["something", "else", 3]]}, LOADED, END],
        [HELLO, {**EXAMINED, "policy": [["replaced", "x", -1]]}, LOADED, END],
        [HELLO, {**EXAMINED, "policy": [["x", 1]]}, LOADED, END],
        [HELLO, {**EXAMINED, "policy": [["replaced", "x", 3, "ex88"]]}, LOADED, END],  # nothing of that name was sent
    ],
)
def test_any_other_way_to_tell_it_is_malformed(messages: list[object]) -> None:
    """None of them is an answer."""
    if messages[0] is EXAMINED:
        with pytest.raises(Exception, match="gave no hello"):
            decoded(*messages)
    else:
        assert decoded(*messages).broken is Broken.MALFORMED


def test_an_examination_that_nobody_asked_for_is_malformed() -> None:
    """Runs of scenarios are not searched again."""
    import msgspec

    request = msgspec.structs.replace(REQUEST, policy=None)
    assert decoded(HELLO, EXAMINED, LOADED, END, request=request).broken is Broken.MALFORMED
    assert decoded(HELLO, LOADED, END, request=request).broken is None


COMPILED = {"k": "compiled", "code": "TWFy"}


@pytest.mark.parametrize(
    "messages",
    [
        [HELLO, EXAMINED, LOADED, END],  # asked for, and missing
        [HELLO, EXAMINED, LOADED, COMPILED, END],  # too late: the source has run
        [HELLO, EXAMINED, COMPILED, COMPILED, LOADED, END],  # a second one, in the place of the first
        [HELLO, EXAMINED, {**COMPILED, "code": "not letters!"}, LOADED, END],
        [HELLO, EXAMINED, {**COMPILED, "code": 3}, LOADED, END],
        [HELLO, EXAMINED, {**COMPILED, "dependencies": ["TWFy"]}, LOADED, END],  # of one that there is not
    ],
)
def test_compiled_code_is_told_once_and_before_the_source_runs(messages: list[object]) -> None:
    """Other runs are made of it: the source must have had no part in writing it."""
    import msgspec

    wanted = msgspec.structs.replace(REQUEST, wants_compiled=True)
    assert decoded(*messages, request=wanted).broken is Broken.MALFORMED
    told = decoded(HELLO, EXAMINED, COMPILED, LOADED, END, request=wanted)
    assert (told.broken, told.compiled) == (None, wire.Compiled(code="TWFy"))
    assert decoded(HELLO, SYNTAX, END, request=wanted).broken is None


def test_each_dependency_of_the_students_own_is_told_compiled() -> None:
    """In their order; of those that the judge has compiled itself there is nothing to tell."""
    import msgspec

    upon = (wire.Dependency(module="ex91", source="a = 1"), wire.Dependency(module="ex92", opaque=b"code"))
    wanted = msgspec.structs.replace(REQUEST, wants_compiled=True, dependencies=upon)
    told = decoded(HELLO, EXAMINED, {**COMPILED, "dependencies": ["TWFx"]}, LOADED, END, request=wanted)
    assert told.broken is None
    assert with_code(upon, told.compiled) == (msgspec.structs.replace(upon[0], compiled="TWFx"), upon[1])
    assert decoded(HELLO, EXAMINED, COMPILED, LOADED, END, request=wanted).broken is Broken.MALFORMED


def test_compiled_code_that_nobody_asked_for_is_malformed() -> None:
    """Runs of scenarios compile for themselves alone."""
    assert decoded(HELLO, EXAMINED, COMPILED, LOADED, END).broken is Broken.MALFORMED
