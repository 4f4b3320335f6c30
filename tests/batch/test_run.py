"""A batch from intake to what is published, with an executor that grades in no time."""

import csv
import io
import json
import random
from dataclasses import replace

import packing
import pytest

from threadmarks import catalog
from threadmarks.batch import late, outputs, store, summary
from threadmarks.batch.executor import Done
from threadmarks.batch.intake import take_in
from threadmarks.batch.keys import Terms
from threadmarks.batch.late import NO_POLICY
from threadmarks.batch.run import Batch, Runner
from threadmarks.errors import SandboxError
from threadmarks.lms import registry
from threadmarks.lms.delivery import open_delivery
from threadmarks.model import CheckResult, CheckSpec, Evidence, Report, Verdict, Visibility

EXERCISES = catalog.load()
TERMS = Terms(secret="a secret of many words", lowest="full")


def report(exercise, score, verdict=Verdict.FAILED):
    """A report with one check that got `score` of 20, or none where it could not be graded."""
    spec = CheckSpec(
        name="only", title="Only", points=20, visibility=Visibility.VISIBLE, concept="", evidence=Evidence.TRACE
    )
    fault = "it broke" if verdict is Verdict.GRADER_FAULT else ""
    check = CheckResult(spec=spec, verdict=verdict, fault=fault)
    graded = check.max_score
    return Report(
        exercise=exercise,
        file=f"{exercise}.py",
        verdict=verdict,
        checks=(check,),
        score=float(score if graded else 0),
        max_score=float(graded),
        ungraded=float(20 - graded),
        python="3.11",
        kit="0",
    )


class Instant:
    """Gives each file the number in its first line as score; words stand for what can go wrong."""

    def __init__(self, *, order=None, stop_after=None):
        self.graded = []
        self._order, self._stop_after = order, stop_after

    def run(self, jobs):
        """In the order of the generator given."""
        known = list(jobs)
        if self._order:
            self._order.shuffle(known)
        for job in known:
            if self._stop_after is not None and len(self.graded) == self._stop_after:
                raise KeyboardInterrupt
            self.graded.append(job.text)
            word = job.text.removeprefix("# ").split()[0]
            if word == "lost":
                yield Done(key=job.key, fault="its judge process ended, twice (exit code -9)")
            elif word == "faulty":
                made = report(job.exercise, 0, Verdict.GRADER_FAULT)
                yield Done(key=job.key, encoded=store.encode(made), fault="only: it broke")
            elif word == "suspect":
                yield Done(key=job.key, encoded=store.encode(report(job.exercise, 0, Verdict.SUSPECT)))
            else:
                verdict = Verdict.PASSED if word == "20" else Verdict.FAILED
                yield Done(key=job.key, encoded=store.encode(report(job.exercise, int(word), verdict)))

    def close(self):
        """Nothing goes on."""


def go(path, out, executor, *, policy=NO_POLICY, regrade=False, wanted=("ex03",)):
    """One run; its intake, outcomes and summary."""
    intake = take_in(registry.read_delivery(open_delivery(path)), EXERCISES, wanted)
    known = {exercise.id: exercise for exercise in EXERCISES}
    runner = Runner(Batch(intake=intake, exercises=known, terms=TERMS, policy=policy, regrade=regrade), out)
    with runner.locked():
        plan = runner.plan()
        try:
            runner.grade(plan, executor, lambda done, total: None)
        finally:
            outcomes = runner.settled(plan)
            outputs.publish(out, intake, outcomes, runner.report)
    return intake, outcomes, summary.Summary.of(intake, outcomes, str(out))


def table(out):
    """grades.csv by id."""
    data = (out / outputs.GRADES).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return {row["id"]: row for row in rows}


def published(out):
    """Every file that a batch publishes."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".threadmarks" not in path.parts
    }


CLASS = {
    "anna/ex03.py": "# 20\n",
    "bob/ex03.py": "# 12\n",
    "carl/ex03.py": "# 20\n",
    "dora/ex03.py": "\xff".encode("latin-1"),
    "eve/ex03.py": "",
    "finn/readme.txt": "later",
    "gus/ex03.py": "# suspect\n",
}


def test_each_has_a_row_with_what_became_of_it(tmp_path):
    """A file that cannot be read is no reason to stop."""
    executor = Instant()
    _, _, told = go(packing.folder(tmp_path / "class", CLASS), tmp_path / "out", executor)
    rows = table(tmp_path / "out")
    assert {id_: (row["status"], row["score"], row["mark"], row["attention"]) for id_, row in rows.items()} == {
        "anna": ("graded", "20", "20", ""),
        "bob": ("graded", "12", "12", ""),
        "carl": ("graded", "20", "20", ""),
        "dora": ("not gradable", "", "", "yes"),
        "eve": ("not gradable", "", "", "yes"),
        "finn": ("not gradable", "", "", "yes"),
        "gus": ("graded", "0", "0", "yes"),
    }
    assert "[not-utf8]" in rows["dora"]["remarks"]
    assert "[empty]" in rows["eve"]["remarks"]
    assert (rows["gus"]["ungraded"], rows["gus"]["max_score"]) == ("20", "0")
    assert told.exit_code == 1
    assert "gus, ex03: graded: 20 points are a person's to decide" in told.as_text()


def test_the_same_file_is_graded_once_and_reported_to_each(tmp_path):
    """anna's and carl's are the same."""
    executor = Instant()
    go(packing.folder(tmp_path / "class", CLASS), tmp_path / "out", executor)
    assert sorted(executor.graded) == ["# 12\n", "# 20\n", "# suspect\n"]
    for name in ("anna", "carl"):
        told = json.loads((tmp_path / "out" / "reports" / name / "ex03" / "report.json").read_bytes())
        assert (told["schema"], told["score"]) == ("threadmarks/report/1", 20.0)
        assert told["submission"]["owner"]["ids"] == {"folder": name}


def test_a_second_run_grades_nothing_and_changes_nothing(tmp_path):
    """Unless it is told to grade again."""
    path = packing.folder(tmp_path / "class", CLASS)
    go(path, tmp_path / "out", Instant())
    before = published(tmp_path / "out")
    again = Instant()
    go(path, tmp_path / "out", again)
    assert (again.graded, published(tmp_path / "out")) == ([], before)
    anew = Instant()
    go(path, tmp_path / "out", anew, regrade=True)
    assert (len(anew.graded), published(tmp_path / "out")) == (3, before)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    """Wherever that is; and in whatever order the gradings come, the same is published."""
    path = packing.folder(tmp_path / "class", {f"s{n}/ex03.py": f"# {n}\n" for n in range(9)})
    go(path, tmp_path / "whole", Instant())
    for stop in range(9):
        out = tmp_path / f"out{stop}"
        with pytest.raises(KeyboardInterrupt):
            go(path, out, Instant(order=random.Random(stop), stop_after=stop))
        states = [row["status"] for row in table(out).values()]
        assert (states.count("graded"), states.count("pending")) == (stop, 9 - stop)
        rest = Instant(order=random.Random(-stop))
        go(path, out, rest)
        assert len(rest.graded) == 9 - stop
        assert published(out) == published(tmp_path / "whole")


def test_what_the_grader_failed_at_is_tried_again_and_costs_nobody(tmp_path):
    """A lost judge, and a check that broke."""
    path = packing.folder(
        tmp_path / "class", {"anna/ex03.py": "# lost\n", "bob/ex03.py": "# faulty\n", "c/ex03.py": "# 3\n"}
    )
    first, second = Instant(), Instant()
    _, _, told = go(path, tmp_path / "out", first)
    assert told.exit_code == 3
    rows = table(tmp_path / "out")
    assert (rows["anna"]["status"], rows["anna"]["score"]) == ("grader fault", "")
    assert (rows["bob"]["status"], rows["bob"]["ungraded"], rows["bob"]["attention"]) == ("graded", "20", "yes")
    go(path, tmp_path / "out", second)
    assert sorted(second.graded) == ["# faulty\n", "# lost\n"]


def test_a_damaged_result_is_graded_again(tmp_path):
    """By whatever: a disk, a hand."""
    path = packing.folder(tmp_path / "class", CLASS)
    go(path, tmp_path / "out", Instant())
    before = published(tmp_path / "out")
    for result in (tmp_path / "out" / ".threadmarks" / "results").glob("*/*"):
        result.write_bytes(result.read_bytes()[:-3])
    again = Instant()
    go(path, tmp_path / "out", again)
    assert (len(again.graded), published(tmp_path / "out")) == (3, before)


def test_a_report_of_a_run_before_does_not_outlive_its_submission(tmp_path):
    """A mark that nothing stands behind is worse than none."""
    path = packing.folder(tmp_path / "class", {"anna/ex03.py": "# 3\n"})
    go(path, tmp_path / "out", Instant())
    assert (tmp_path / "out/reports/anna/ex03/report.json").exists()
    packing.folder(tmp_path / "class", {"anna/ex03.py": ""})
    go(path, tmp_path / "out", Instant())
    assert not (tmp_path / "out/reports/anna/ex03/report.json").exists()


@pytest.mark.parametrize(
    ("attempts", "marks"),
    [("last", {1: "superseded", 2: "9"}), ("first", {1: "12", 2: "superseded"}), ("best", {1: "12", 2: "superseded"})],
)
def test_penalties_stand_beside_the_score_and_one_attempt_counts(tmp_path, attempts, marks):
    """The second attempt is better by a point and a day late."""
    files = {
        "A_ana_attempt_2026-11-23-03-58-00_ex03.py": "# 12\n",
        "A_ana_attempt_2026-11-24-03-58-00_ex03.py": "# 13\n",
        "A_bob_attempt_2026-11-23-03-58-00_ex03.py": "# 5\n",
    }
    text = f"""
        time_zone = "UTC"
        attempts = "{attempts}"
        [deadlines]
        ex03 = 2026-11-23T12:00:00
        [late]
        percent_per_day = 20
    """
    policy = late.parse(text, "late.toml", ("ex03",))
    path = packing.put(tmp_path / "a.zip", files)
    go(path, tmp_path / "out", Instant(), policy=policy)
    data = (tmp_path / "out" / outputs.GRADES).read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(data, newline="")) if row["id"] == "ana"]
    assert {int(row["attempt"]): row["mark"] if row["status"] == "graded" else row["status"] for row in rows} == marks
    assert {row["id"]: row["status"] for row in csv.DictReader(io.StringIO(data, newline=""))}["bob"] == "graded"
    second = rows[1]
    if second["status"] == "graded":
        assert (second["score"], second["penalty"], second["late"]) == ("13", "4", "late by 15 h 58 min")


def test_of_attempts_with_one_mark_the_first_counts(tmp_path):
    """Handing in again for nothing is no reason to be late."""
    policy = late.parse('attempts = "best"', "late.toml", ("ex03",))
    files = {f"A_ana_attempt_2026-11-2{day}-03-58-00_ex03.py": f"# 12\n# {day}\n" for day in (3, 4)}
    _, outcomes, _ = go(packing.put(tmp_path / "a.zip", files), tmp_path / "out", Instant(), policy=policy)
    assert [outcome.submission.status.value for outcome in outcomes] == ["graded", "superseded"]


def test_the_table_is_quoted_and_computes_nothing(tmp_path):
    """Names hold commas, quotes and formulas; every row has every cell."""
    names = ["=1+1", "+x", "-x", "@x", 'O,"Neil', "a\nb", " =1+1", "|x", "%x", "\t=x"]
    files = {f"{name}/ex03.py": f"# {number}\n" for number, name in enumerate(names)}
    _, outcomes, _ = go(packing.folder(tmp_path / "class", files), tmp_path / "out", Instant())
    rows = table(tmp_path / "out")
    assert len(rows) == len(names)
    assert all(None not in row and None not in row.values() for row in rows.values())
    for row in rows.values():
        assert not any(cell and cell.lstrip(" ")[0] in "=+-@|%\t\r\n" for cell in row.values())
    assert "'=1+1" in rows
    assert 'O,"Neil' in rows
    manifest = json.loads((tmp_path / "out" / outputs.MANIFEST).read_bytes())
    assert sorted(each["owner"]["ids"]["folder"] for each in manifest["submissions"]) == sorted(names)
    assert len({outputs.report_path(outcome) for outcome in outcomes}) == len(names)


def test_paths_of_reports_hold_no_names_that_a_system_could_stumble_over(tmp_path):
    """Different owners never share one, whatever the file system makes of case and form."""
    names = ["..", "a/b", "CON", "con", "Anna", "anna", "ä" * 200, "x" * 300, "a.", "a", "", "\ud800", ".hidden"]
    made = [outputs.safe_name(name) for name in names]
    assert len({name.lower() for name in made}) == len(names)
    assert "con" not in made
    assert all(name.isascii() and len(name) < 80 and name[0] not in ".-" and "/" not in name for name in made)


def test_the_manifest_takes_every_mark_back_to_the_systems_id(tmp_path):
    """Moodle's participant, and each file that nothing became of."""
    files = {**packing.MOODLE, "stray.txt": "?"}
    go(packing.put(tmp_path / "a.zip", {name: f"# {n}\n" for n, name in enumerate(files)}), tmp_path / "out", Instant())
    manifest = json.loads((tmp_path / "out" / outputs.MANIFEST).read_bytes())
    assert manifest["layout"] == "moodle"
    found = {each["owner"]["ids"]["participant id"]: (each["score"], each["file"]) for each in manifest["submissions"]}
    assert found["13"] == (5.0, "Jo Smith_13_assignsubmission_file/ex03.py")
    assert set(found) == {"8", "9", "10", "11", "13"}
    assert [(each["file"], each["code"]) for each in manifest["remarks"]] == [
        ("Ana García López_9_assignsubmission_file/lib/util.py", "not-needed"),
        ("stray.txt", "not-placed"),
    ]


def test_a_file_that_changes_while_the_batch_runs_is_not_graded_under_the_old_name(tmp_path):
    """Its result would be somebody else's."""
    path = packing.folder(tmp_path / "class", {"anna/ex03.py": "# 3\n"})
    intake = take_in(registry.read_delivery(open_delivery(path)), EXERCISES, ("ex03",))
    known = {exercise.id: exercise for exercise in EXERCISES}
    runner = Runner(Batch(intake=intake, exercises=known, terms=TERMS, policy=NO_POLICY), tmp_path / "out")
    with runner.locked():
        plan = runner.plan()
        packing.folder(tmp_path / "class", {"anna/ex03.py": "# 20\n"})
        executor = Instant()
        runner.grade(plan, executor, lambda done, total: None)
        (outcome,) = runner.settled(plan)
    assert executor.graded == []
    assert (outcome.submission.status.value, outcome.fault) == ("grader fault", "the file changed while the batch ran")


def test_a_machine_that_cannot_hold_submissions_grades_nothing(tmp_path):
    """The executor says so, and nobody has lost points."""

    class Refusing(Instant):
        def run(self, jobs):
            raise SandboxError("too weak")

    path = packing.folder(tmp_path / "class", {"anna/ex03.py": "# 3\n"})
    with pytest.raises(SandboxError):
        go(path, tmp_path / "out", Refusing())
    assert table(tmp_path / "out")["anna"]["status"] == "pending"


def test_the_summary_names_what_a_person_must_look_at_and_not_more_than_that(tmp_path):
    """Strangers' names are made harmless."""
    files = {f"s{number:02}\x1b[31m/readme.txt": "x" for number in range(40)}
    _, outcomes, told = go(packing.folder(tmp_path / "class", files), tmp_path / "out", Instant())
    text = told.as_text()
    assert "\x1b" not in text
    assert f"and {40 - summary.MOST_LINES} more" in text
    assert len(told.as_object()["attention"]) == 40
    assert replace(told, attention=(), remarks=()).exit_code == 0
    assert len(outcomes) == 40
