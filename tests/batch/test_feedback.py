"""What a batch says to students and of its class."""

import itertools
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from tests.front import samples
from threadmarks import catalog
from threadmarks.batch import feedback, similar
from threadmarks.batch.late import Lateness
from threadmarks.batch.outcome import Outcome
from threadmarks.batch.submission import Status, Submission
from threadmarks.lms.layout import Owner
from threadmarks.lms.remarks import Remark
from threadmarks.model import Account, Finding, Place, Verdict, Visibility
from threadmarks.report import html, junit, markdown
from threadmarks.report import json as report_json
from threadmarks.report.student import for_student

EXERCISES = {exercise.id: exercise for exercise in catalog.load()}
EVIL = "</script><img src=x onerror=alert(1)>|`_*\x1b[31m\u202e"
EXPECTATION = Finding(
    code="wrong-order",
    message="The jobs ran in another order.",
    measured="MEASURED-4711",
    seen="SEEN-4711",
    wanted="WANTED-4711",
    means="MEANS-4711",
    place=Place(file="ex02.py", line=3, text="their own line"),
)


def hidden(check):
    """The check as a hidden one, with everything on it that is the instructor's."""
    return replace(
        check,
        spec=replace(check.spec, visibility=Visibility.HIDDEN, witness=("WITNESS-4711",)),
        token="tm2.ex02.SCENARIO-4711.block",
        explored=(replace(samples.DRAWN, scenario="SCENARIO-4711"),),
        schedules=9,
        fault="FAULT-4711",
        accounts=(Account(source="witness", scenario="SCENARIO-4711", says="ACCOUNT-4711", facts=()),),
        remarks=("REMARK-4711",),
    )


def every_kind(report, **more):
    """All that students are given of a report."""
    told = for_student(report)
    return {
        "html": html.render(told, html.HtmlOptions(**more)),
        "md": markdown.render(told),
        "json": report_json.render(told),
    }


@pytest.mark.parametrize("kind", ["html", "md", "json"])
@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.RACE, Verdict.SUSPECT, Verdict.GRADER_FAULT])
def test_of_a_hidden_check_its_title_and_message_are_told_and_no_expectation(kind, verdict):
    """Next year's students have friends."""
    check = hidden(samples.failed("order", EXPECTATION, verdict=verdict, timeline=samples.TIMELINE))
    text = every_kind(samples.report(check))[kind]
    assert check.spec.title in text
    assert EXPECTATION.message in text
    assert "their own line" in text
    assert "4711" not in text


@pytest.mark.parametrize("kind", ["html", "md", "json"])
def test_of_a_visible_check_the_expectation_is_told_and_nothing_of_the_instructors(kind):
    """They have the check itself."""
    check = hidden(samples.failed("order", EXPECTATION))
    check = replace(check, spec=replace(check.spec, visibility=Visibility.VISIBLE))
    text = every_kind(samples.report(check, extra={"unwitnessed": "UNWITNESSED-4711"}))[kind]
    assert all(f"{word}-4711" in text for word in ("MEASURED", "SEEN", "WANTED", "MEANS"))
    assert not [word for word in ("FAULT", "ACCOUNT", "REMARK", "UNWITNESSED") if f"{word}-4711" in text]


def test_a_hidden_checks_timeline_is_inside():
    """It is the student's own program's doing."""
    check = hidden(samples.failed("order", EXPECTATION, timeline=replace(samples.TASKS_AND_LOCKS, turns=samples.TURNS)))
    assert "<svg" in every_kind(samples.report(check))["html"]


def test_markdown_makes_no_markup_of_what_a_student_wrote():
    """No tag, no cell, no emphasis comes about; code is fenced wider than what it holds."""
    finding = Finding(code="x", message=EVIL, seen=EVIL, wanted="``", place=Place(file=EVIL, line=1, text=EVIL))
    text = markdown.render(samples.report(samples.failed("order", finding)), title=EVIL, said=(f"- {EVIL}",))
    outside = re.sub(r"(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)[<>]", outside)
    assert "\\</script\\>\\<img" in outside
    assert "\x1b" not in text
    assert "\u202e" not in text
    rows = [line for line in text.splitlines() if line.startswith("| 1 ")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [5]
    assert "\n&#45; " in text


@pytest.mark.parametrize("name", sorted(samples.SAMPLES))
def test_every_kind_of_ending_becomes_markdown_and_junit(name):
    """With a line for each check."""
    report = samples.SAMPLES[name]
    text = markdown.render(report)
    assert len(re.findall(r"^\| \d+ \|", text, re.MULTILINE)) == len(report.checks)
    root = ET.fromstring(junit.render(report))  # noqa: S314  # our own
    (suite,) = root
    counts = {key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")}
    verdicts = [check.verdict for check in report.checks]
    assert counts == {
        "tests": len(verdicts),
        "errors": verdicts.count(Verdict.GRADER_FAULT),
        "skipped": verdicts.count(Verdict.SUSPECT),
        "failures": sum(v not in (Verdict.PASSED, Verdict.GRADER_FAULT, Verdict.SUSPECT) for v in verdicts),
    }
    assert {key: len(suite.findall(f"testcase/{tag}")) for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))} == {key: counts[key] for key in ("failures", "errors", "skipped")}  # fmt: skip


def test_junit_is_xml_whatever_a_program_says():
    """Controls and half characters are no XML at all, however they are escaped."""
    finding = Finding(code="x", message=f"{EVIL}\x00\x08\ud800]]>")
    root = ET.fromstring(junit.render(samples.report(samples.failed("order", finding))))  # noqa: S314  # our own
    assert "</script><img" in root.find(".//failure").get("message")


def outcome(key, report=None, *, exercise="ex02", status=Status.GRADED, name="", **more):
    """An outcome as a run settles it."""
    owner = Owner(key=key, name=name or key, ids=(("user id", key),))
    base = Submission(owner=owner, exercise=exercise, path=f"{key}/{exercise}.py", status=status, **more)
    made = Outcome(submission=base, lateness=Lateness(), key=f"result-{key}" if report else "")
    return made.with_scores(report) if report else made


def published(out, pairs, texts=None):
    """What is published for outcomes and their reports, by name."""
    by_key = {(each.submission.owner.key, each.submission.exercise): report for each, report in pairs}
    feedback.publish(
        out,
        [each for each, _ in pairs],
        lambda each: by_key[each.submission.owner.key, each.submission.exercise],
        lambda each: (texts or {}).get(each.submission.owner.key, ""),
        EXERCISES,
    )
    return {
        path.relative_to(out).as_posix(): path.read_text(encoding="utf-8")
        for path in out.rglob("*")
        if path.is_file() and ".threadmarks" not in path.parts
    }


def test_each_who_was_graded_gets_three_files_and_the_class_a_page(tmp_path):
    """Who has no report any more has no feedback left either."""
    report = samples.SAMPLES["failed"]
    files = published(tmp_path, [(outcome("9", report), report), (outcome("10", status=Status.MISSING), None)])
    assert set(files) == {*(f"reports/9/ex02/{name}" for name in feedback.FEEDBACK), "class.html", "junit.xml"}
    told = json.loads(files["reports/9/ex02/feedback.json"])
    assert (told["schema"], told["score"], told["mark"]["mark"]) == (feedback.SCHEMA, 3.0, 3.0)
    assert 'href="reports/9/ex02/feedback.html"' in files["class.html"]
    assert set(published(tmp_path, [(outcome("9", status=Status.MISSING), None)])) == {"class.html", "junit.xml"}


def test_lateness_attempts_and_remarks_stand_under_the_score():
    """A mark that is less than the score must say why."""
    remark = Remark(path="9/ex2.py", code="wrong-name", text="was taken for ex02.py")
    made = outcome("9", samples.SAMPLES["passed"], number=2, attempts=3, remarks=(remark,))
    late = replace(made, lateness=Lateness(late=True, seconds=90000.0, percent=25.0))
    assert feedback.sentences(late) == (
        "Handed in late by 1 d 1 h: 2 of the points are taken for that, which leaves 6.",
        "This is attempt 2 of 3.",
        "ex2.py was taken for ex02.py.",
    )
    assert feedback.sentences(outcome("9", samples.SAMPLES["passed"])) == ()


def test_suspects_and_faults_come_first_and_nothing_of_a_student_is_markup(tmp_path):
    """They are what the instructor must not overlook."""
    suspect, fault = samples.SAMPLES["suspect"], samples.SAMPLES["fault"]
    evil = samples.report(
        samples.failed("order", Finding(code="x", message=EVIL, place=Place(file="f", line=1, text=EVIL)))
    )
    pairs = [
        (outcome("1", suspect, name=EVIL), suspect),
        (replace(outcome("2", fault), fault="broken: KeyError"), fault),
        (outcome("3", evil), evil),
    ]
    page = published(tmp_path, pairs)["class.html"]
    places = [page.index(text) for text in ("Suspects (1)", "Faults of the grader (1)", "Distribution", "Students by check", "Commonest findings")]  # fmt: skip
    assert places == sorted(places)
    assert "ex02 count." in page
    assert "broken: KeyError" in page
    assert "<img" not in page
    assert page.count("<script>") == 1
    assert "\x1b" not in page


def test_several_exercises_have_a_page_each_and_one_above(tmp_path):
    """Rows are students; pages of exercises that are no longer graded go."""
    reports = {id_: replace(samples.SAMPLES["failed"], exercise=id_) for id_ in ("ex01", "ex02")}
    pairs = [(outcome(key, report, exercise=id_), report) for id_, report in reports.items() for key in ("9", "10")]
    (tmp_path / "class-ex08.html").write_text("old")
    files = published(tmp_path, pairs)
    assert {name for name in files if name.startswith("class")} == {"class.html", "class-ex01.html", "class-ex02.html"}
    assert files["class.html"].count('<tr data-status="graded"') == 2
    assert 'href="class-ex01.html"' in files["class.html"]
    assert "<td>6</td><td>16</td><td>graded</td>" in files["class.html"]
    assert "Students by exercise" in files["class.html"]


def test_what_was_not_handed_in_counts_as_no_points_of_the_whole(tmp_path):
    """Else who hands in one exercise of ten would lead the class."""
    reports = {id_: replace(samples.SAMPLES["passed"], exercise=id_) for id_ in ("ex01", "ex02")}
    pairs = [(outcome("9", report, exercise=id_), report) for id_, report in reports.items()]
    pairs += [(outcome("10", reports["ex01"], exercise="ex01"), reports["ex01"]), (outcome("10", exercise="ex02", status=Status.MISSING), None)]  # fmt: skip
    page = published(tmp_path, pairs)["class.html"]
    assert "<td>16</td><td>16</td><td>graded</td>" in page
    assert "<td>8</td><td>16</td><td>incomplete, look</td>" in page
    assert ">missing</td>" in page


def copied(text):
    """The same with other names, comments and blank lines."""
    text = re.sub(r"\b_(\w+)\b", r"_my_\1", text)
    return "# mine\n" + text.replace("\n\n", "\n\n# thought of by myself\n\n")


def test_a_renamed_copy_is_found_and_independent_work_is_not():
    """Over all references and alternatives of the catalogue: each was written in its own way."""
    pytest.importorskip("rapidfuzz")
    for exercise in EXERCISES.values():
        texts = {path.stem: path.read_text(encoding="utf-8") for path in (exercise.reference, *exercise.alternatives)}
        stub = exercise.stub.read_text(encoding="utf-8")
        assert similar.alike(texts, stub) == [], exercise.id
    exercise = EXERCISES["ex02"]
    texts = {"a": exercise.reference.read_text(), "b": copied(exercise.reference.read_text())}
    (found,) = similar.alike(texts, exercise.stub.read_text())
    assert (found.one, found.other) == ("a", "b")
    assert found.share >= similar.LIKENESS


def test_a_class_of_copies_is_told_by_its_first_pairs_and_no_more_are_kept(monkeypatch):
    """The same as if each were held against each; the pairs of a large class would fill the memory."""
    indel = pytest.importorskip("rapidfuzz.distance").Indel
    exercise = EXERCISES["ex02"]
    one = exercise.reference.read_text()
    other = f"{one}\nx = [1, 2, 3]\n"
    stub = exercise.stub.read_text()
    texts = {f"s{number:03}": (one, other)[number % 2] for number in range(100)}
    made = []
    monkeypatch.setattr(similar, "Alike", lambda kind=similar.Alike, **parts: made.append(1) or kind(**parts))
    found = similar.alike(texts, stub)
    numbers: dict[str, int] = {}
    assert len(made) <= (2 * (similar.MOST_PAIRS + 1)) ** 2 / 2 < 4950  # pairs there are
    share = indel.normalized_similarity(
        *(similar._own(text, set(similar._lines(stub)), numbers) for text in (one, other))
    )
    assert similar.LIKENESS < share < 1
    every = [(-1.0 if texts[a] == texts[b] else -share, a, b) for a, b in itertools.combinations(sorted(texts), 2)]
    assert [(-pair.share, pair.one, pair.other) for pair in found] == sorted(every)[: similar.MOST_PAIRS]


def test_stubs_short_work_and_what_is_no_python_are_like_nobodys():
    """What everybody was given is nobody's copy."""
    pytest.importorskip("rapidfuzz")
    stub = EXERCISES["ex02"].stub.read_text()
    texts = {"a": stub, "b": f"{stub}\nx = 1\n", "c": "x = 1\n", "d": "x = 1", "e": "def (", "f": "'''", "g": ""}
    assert similar.alike(texts, stub) == []


def test_equal_texts_are_told_with_the_names_of_both(tmp_path):
    """Also without the library."""
    report = samples.SAMPLES["failed"]
    pairs = [(replace(outcome(key, report), key="same"), report) for key in ("9", "10")]
    page = published(tmp_path, pairs, {"9": "x", "10": "x"})["class.html"]
    assert "the same text" in page


def test_feedback_is_made_again_only_when_something_of_it_changed(tmp_path, monkeypatch):
    """A thousand pages take twenty seconds; a lost one is made again, and one whose marks changed."""
    made = []
    render = html.render
    monkeypatch.setattr(html, "render", lambda *given: made.append(1) or render(*given))
    report = samples.SAMPLES["failed"]
    pairs = [(outcome(key, report), report) for key in ("9", "10")]
    whole = published(tmp_path, pairs)
    assert len(made) == 2
    assert published(tmp_path, pairs) == whole
    assert len(made) == 2
    (tmp_path / "reports/9/ex02/feedback.md").unlink()
    (tmp_path / "reports/10/ex02/feedback.html").write_text("")
    assert published(tmp_path, pairs) == whole
    assert len(made) == 4
    late = [(replace(each, lateness=Lateness(late=True, seconds=9.0, percent=10.0)), report) for each, _ in pairs[:1]]
    published(tmp_path, [*late, pairs[1]])
    assert len(made) == 5
    (tmp_path / feedback.STAMPS).write_text("[]")
    published(tmp_path, [*late, pairs[1]])
    assert len(made) == 7
