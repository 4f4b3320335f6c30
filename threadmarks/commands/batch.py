"""`grade batch SUBMISSIONS --out DIR`: grade a class for marks, as its learning management system packed it."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from threadmarks.commands import console, settings
from threadmarks.commands.exits import ExitCode
from threadmarks.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from threadmarks.batch.executor import Executor
    from threadmarks.batch.intake import Intake
    from threadmarks.batch.keys import Terms
    from threadmarks.batch.late import Policy
    from threadmarks.catalog import Exercise
    from threadmarks.notebook.gradebook import Entry, Gradebook

LAYOUTS = ("moodle", "moodle-groups", "canvas", "blackboard", "brightspace", "sakai", "gradescope", "folders")
"""The names in `lms.registry.LAYOUTS`; written here so that `grade --help` need not import them."""


@click.command(short_help="Grade a class: a folder or zip of submissions (for instructors).")
@click.argument("submissions", type=click.Path())
@click.option(
    "--out", required=True, type=click.Path(), metavar="DIR", help="Where marks and reports go; name it again to go on."
)
@click.option(
    "--exercise",
    "wanted",
    multiple=True,
    help="Grade this exercise only (may be repeated). Default: as files are named.",
)
@click.option("--layout", type=click.Choice(LAYOUTS), help="How the submissions are packed. Default: recognised.")
@click.option(
    "--policy",
    type=click.Path(),
    metavar="FILE",
    help="Deadlines, penalties, which attempt counts (TOML; docs/batch.md).",
)
@click.option(
    "--gradebook", metavar="URL", help="Write the marks to this nbgrader gradebook too, e.g. sqlite:///gradebook.db"
)
@click.option(
    "--course",
    type=click.Path(),
    metavar="DIR",
    help="With --gradebook: nbgrader's course folder; formgrader then shows each submission.",
)
@click.option("--regrade", is_flag=True, help="Grade everything again, also what has a result.")
@click.option("--jobs", type=click.IntRange(min=1), help="Gradings at once. Default: one for each core.")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Grade on the workers of this Dask scheduler, e.g. tcp://10.0.0.5:8786 (docs/batch.md).",
)
@settings.rung_option
@settings.secret_option
@console.json_option
def batch(  # noqa: PLR0913  # the command's options, one parameter each
    submissions: str,
    *,
    out: str,
    wanted: tuple[str, ...],
    layout: str | None,
    policy: str | None,
    gradebook: str | None,
    course: str | None,
    regrade: bool,
    jobs: int | None,
    cluster: str | None,
    rung: str | None,
    secret_file: str | None,
    as_json: bool,
) -> ExitCode:
    """Grade SUBMISSIONS, a folder or a zip as Moodle, Canvas, Gradescope, Blackboard, Brightspace or Sakai packs it.

    Grading is official: it needs --secret-file, and a sandbox not weaker than --rung (default: full). Stop it whenever you like;
    the same command goes on where it was.

    \b
    Examples:
      grade batch submissions.zip --secret-file secret.txt --out marks
      grade batch submissions/ --exercise ex02 --secret-file secret.txt --out marks
      grade batch submissions.zip --policy late.toml --secret-file secret.txt --out marks
      grade batch submissions.zip --cluster tcp://10.0.0.5:8786 --secret-file secret.txt --out marks

    \b
    Exit codes: 0 everything was graded, 1 something needs a person (nothing
    that can be graded, a suspect check), 2 cannot be done as asked, 3 the
    grader failed at something (run it again), 130 interrupted.
    """
    from threadmarks import catalog
    from threadmarks.batch import feedback, marking, outputs
    from threadmarks.batch.intake import take_in
    from threadmarks.batch.keys import Terms
    from threadmarks.batch.late import NO_POLICY
    from threadmarks.batch.run import Batch, Runner
    from threadmarks.batch.summary import Summary
    from threadmarks.commands import batch_progress
    from threadmarks.lms.delivery import open_delivery
    from threadmarks.lms.registry import LAYOUTS as KNOWN
    from threadmarks.lms.registry import read_delivery
    from threadmarks.report import json

    if cluster and jobs:
        raise UsageError(
            "--jobs is for this machine; how many gradings go on at once on a --cluster is its workers' to say."
        )
    if course and not gradebook:
        raise UsageError("--course shows what a gradebook holds: name that, too, with --gradebook.")
    exercises = catalog.load()
    ids = tuple(catalog.resolve(word, exercises).id for word in wanted)
    held = settings.terms(official=True, rung=rung, secret_file=secret_file)
    terms = Terms(secret=held.secret, lowest=held.lowest)
    rules = _policy(policy, exercises) if policy else NO_POLICY
    with contextlib.closing(open_delivery(submissions)) as delivery, contextlib.ExitStack() as stack:
        book = stack.enter_context(_gradebook(gradebook)) if gradebook else None
        reading = read_delivery(delivery, layout)
        intake = take_in(reading, exercises, ids)
        if not intake.submissions and not intake.remarks:
            raise UsageError(f"There is nothing in {submissions}.")
        _say_what_was_found(intake, KNOWN[reading.layout].title, asked=layout is not None, rules=rules)
        known = {exercise.id: exercise for exercise in exercises}
        runner = Runner(Batch(intake=intake, exercises=known, terms=terms, policy=rules, regrade=regrade), Path(out))
        with runner.locked():
            plan = runner.plan()
            executor = _executor(terms, cluster, jobs, [known[each] for each in plan.exercises])
            try:
                with batch_progress.shown(len(plan.outcomes), len(plan.needed)) as tell:
                    runner.grade(plan, executor, tell)
            except KeyboardInterrupt:
                outputs.publish(Path(out), intake, runner.settled(plan), runner.report)
                raise
            finally:
                executor.close()
            outcomes = runner.settled(plan)
            outputs.publish(Path(out), intake, outcomes, runner.report)
            feedback.publish(Path(out), outcomes, runner.report, runner.text, known)
            if book is not None:
                _write_marks(book, course, marking.entries(runner.reports(outcomes), rules, runner.text))
    summary = Summary.of(intake, outcomes, out)
    console.answer(json.dumps(summary.as_object()) if console.wants_json(as_json) else summary.as_text())
    return ExitCode(summary.exit_code)


def _executor(terms: "Terms", cluster: str | None, jobs: int | None, needed: "Sequence[Exercise]") -> "Executor":
    """Where the gradings happen. Raises UsageError, SandboxError."""
    if cluster and needed:
        from threadmarks.batch.cluster import ClusterExecutor

        return ClusterExecutor(terms, cluster, needed)
    from threadmarks.batch.local import LocalExecutor

    return LocalExecutor(terms, jobs)


def _policy(path: str, exercises: "tuple[Exercise, ...]") -> "Policy":
    """The policy in a file. Raises UsageError."""
    from threadmarks.batch import late

    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise UsageError(f"The policy {path!r} cannot be read: {problem}") from None
    return late.parse(text, path, tuple(exercise.id for exercise in exercises))


def _gradebook(url: str) -> "Gradebook":
    from threadmarks.notebook.gradebook import Gradebook

    return Gradebook(url)


def _write_marks(book: "Gradebook", course: str | None, entries: "Iterator[Entry]") -> None:
    """Into the gradebook, and with a notebook each where formgrader is to show them. Raises UsageError."""
    if course is None:
        book.write(entries)
        return
    from threadmarks.notebook.course import Course

    folder = Course(Path(course))
    book.write(folder.noted(entries))
    for each in folder.left_out:
        console.warn(f"Formgrader cannot show {each}. The gradebook has the marks.")


def _say_what_was_found(intake: "Intake", title: str, *, asked: bool, rules: "Policy") -> None:
    """On stderr, aloud: a wrong guess must be seen before hours of grading."""
    from threadmarks.explain.numbers import counted

    owners = len({submission.owner.key for submission in intake.submissions})
    how = "as asked" if asked else "recognised; --layout names another"
    which = ", ".join(intake.exercises) or "no exercise"
    told = f"{counted(len(intake.submissions), 'submission')} of {counted(owners, 'owner')}, {which}"
    click.echo(f"Layout: {title} ({how}). {told}.", err=True)
    if rules.deadlines and not any(each.submitted or each.late for each in intake.submissions):
        console.warn(f"{title} tells no times here, so no deadline of the policy can be held against anything.")
