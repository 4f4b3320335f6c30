"""Every replay command that a report prints works, and shows the same failure again."""

import pytest

from threadmarks import catalog
from threadmarks.judge import grade_source
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import read

# One file for each way in which a check comes to its failing run: the first scenario, a later one, an exploration.
FILES = [
    ("ex00", "earlier_threads_leak"),
    ("ex01", "done_before_stored"),
    ("ex02", "lost_wakeup"),
    ("ex02", "unlocked_panics"),
    ("ex02", "unlocked_close"),
    ("ex03", "list_as_a_queue"),
    ("ex04", "timeout_leaves_its_timer"),
]


@pytest.mark.parametrize(("exercise_id", "name"), FILES, ids=[name for _, name in FILES])
def test_each_token_of_a_report_shows_its_failure_again(exercise_id, name):
    """A command that a student is told to type must not end with an error."""
    exercise = catalog.resolve(exercise_id)
    source = read(next(path for path in exercise.wrong if path.stem == name))
    with Host() as host:
        failed = [check for check in grade_source(exercise, source, host=host).checks if not check.passed]
        assert failed
        for check in failed:
            replayed = grade_source(exercise, source, host=host, replay_token=check.token)
            again = {result.spec.name: result for result in replayed.checks}[check.spec.name]
            assert not again.passed
            assert [finding.code for finding in again.findings][:1] == [finding.code for finding in check.findings][:1]
            assert again.timeline is not None
            assert again.verdict is check.verdict
            assert (again.race is None) == (check.race is None)
            if again.race is not None and check.race is not None:
                assert (again.race.tier, again.race.preemptions) == (check.race.tier, check.race.preemptions)
