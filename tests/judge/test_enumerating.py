"""The search of tiny programs tries each schedule once, in the order of preemptions, and claims no more than it tried."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.runner.playing import request_for
from threadmarks import wire
from threadmarks.judge.decode import decode
from threadmarks.judge.enumerating import Enumerated, Found, as_replay, enumerate_schedules
from threadmarks.judge.failure import Failure
from threadmarks.judge.session import RunResult
from threadmarks.judge.trace import Trace
from threadmarks.model import Finding, Verdict
from threadmarks.sandbox.host import Host

TWO_COUNT = """
import threading

class Shared:
    count = 0

def count():
    shared = Shared()
    def add():
        shared.count += 1
    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return shared.count
"""

ALONE = "def count():\n    return 2\n"


class Search:
    """A search in a real engine; fails where the count is not 2."""

    def __init__(self, host: Host, source: str) -> None:
        self._host = host
        self._source = source
        self.traces: list[wire.ScheduleTrace] = []

    async def attempt(self, specs: Sequence[str]) -> tuple[list[RunResult], Found | None]:
        """As `Exploring` does it, in one process."""
        request = request_for(self._source, "count()", *specs, full=False)
        results = []
        for index, record in enumerate(decode(self._host.run(request), request).traces):
            self.traces.append(record)
            result = RunResult(scenario="go", spec=record.spec, trace=Trace(record, ""), failure=None)
            results.append(result)
            if self.stops and record.value != 2:
                failure = Failure(finding=Finding(code="lost", message="Lost."), verdict=Verdict.FAILED)
                return results, (index, result, failure)
        return results, None

    stops = True

    def run(self, budget: int) -> Enumerated:
        """Search."""
        return asyncio.run(enumerate_schedules(budget, self.attempt))


def test_a_lost_update_is_found_with_the_first_preemption_that_loses_it(host: Host) -> None:
    """No seed decides whether."""
    found = Search(host, TWO_COUNT).run(200).found
    assert found is not None
    _, result, failure = found
    assert failure.finding.code == "lost"
    assert result.trace is not None
    assert result.trace.record.preempted == 1


def test_every_schedule_is_another_one_and_comes_in_the_order_of_preemptions(host: Host) -> None:
    """Nothing is tried twice, and a level is whole before the next begins."""
    search = Search(host, TWO_COUNT)
    search.stops = False
    ended = search.run(400)
    traces = search.traces[1:]
    assert (len(traces), ended.bound >= 1) == (ended.tried, True)
    assert len({trace.choices for trace in search.traces}) == len(search.traces)
    preempted = [trace.preempted for trace in traces]
    assert preempted == sorted(preempted)
    assert max(preempted) == ended.bound


def test_each_node_runs_exactly_the_choices_that_name_it(host: Host) -> None:
    """Else the promise about all schedules would be about others."""
    search = Search(host, TWO_COUNT)
    search.stops = False
    search.run(400)
    assert all(trace.spec == f"tree.{trace.choices}" for trace in search.traces)


def test_a_program_without_choices_has_one_schedule(host: Host) -> None:
    """Then all of them were tried."""
    assert Search(host, ALONE).run(10) == Enumerated(tried=0, bound=0, whole=True)


@pytest.mark.parametrize("budget", [0, 3])
def test_a_level_that_does_not_fit_is_not_begun(host: Host, budget: int) -> None:
    """A part of it would allow no sentence about all schedules."""
    ended = Search(host, TWO_COUNT).run(budget)
    assert (ended.bound <= 0, ended.whole, ended.tried <= budget) == (True, False, True)


def test_a_node_can_stand_in_a_token_as_a_replay() -> None:
    """A student sees it again by its choices."""
    assert (as_replay("tree.0-1-2"), as_replay("random.s3")) == ("replay.0-1-2", "random.s3")
