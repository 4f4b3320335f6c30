"""An exercise that builds on another passes upon every right file of that one: it uses nothing but what the statement prints."""

import pytest

from threadmarks import catalog
from threadmarks.catalog import read_content
from threadmarks.judge import grade_source
from threadmarks.judge.foundations import Foundation, references
from threadmarks.model import Verdict
from threadmarks.sandbox.saferead import Source

ORDERS = 15
"""Schedules of an exploration: what is asked here is who can stand upon whom. That the files hold in any order, the content check shows."""
CHAINS = [
    (exercise, below, path)
    for exercise in catalog.load()
    for below in catalog.foundations(exercise)
    for path in (below.reference, *below.alternatives)
]


def test_there_are_chains():
    """Nothing passes because there was nothing."""
    assert CHAINS


@pytest.mark.parametrize(
    ("exercise", "below", "path"), CHAINS, ids=[f"{one.id}-{two.id}-{path.stem}" for one, two, path in CHAINS]
)
def test_the_reference_passes_upon_every_right_file(exercise, below, path):
    """As the student's own: with points in it, and policed."""
    own = Foundation(exercise=below, source=Source(file=below.file_name, text=read_content(path)), own=True)
    built_upon = tuple(own if each.exercise.id == below.id else each for each in references(exercise))
    source = Source(file=exercise.file_name, text=read_content(exercise.reference))
    report = grade_source(exercise, source, built_upon=built_upon, most_schedules=ORDERS)
    assert [(check.spec.name, check.verdict) for check in report.checks if not check.passed] == []
    assert (report.verdict, report.findings) == (Verdict.PASSED, ())
