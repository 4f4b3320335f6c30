"""Run programs under the real engine, in real runner processes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.runner.playing import request_for
from threadmarks import wire
from threadmarks.sandbox.host import Host

Play = Callable[..., list[wire.Message]]


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """One zygote for all engine tests of this process."""
    with Host(1) as running:
        yield running


@pytest.fixture
def play_all(host: Host) -> Play:
    """All messages of a run."""

    def play(source: str, scenario: str, *specs: str, **options: Any) -> list[wire.Message]:
        raw = host.run(request_for(source, scenario, *specs, **options))
        assert not raw.stray, raw.stray.decode(errors="replace")
        return [wire.decode_line(line) for line in raw.wire.splitlines()]

    return play


@pytest.fixture
def play(play_all: Play) -> Callable[..., wire.ScheduleTrace]:
    """The trace of a run with one schedule, which must have been reported whole."""

    def play_one(source: str, scenario: str, spec: str = "block", **options: Any) -> wire.ScheduleTrace:
        messages = play_all(source, scenario, spec, **options)
        traces = [message for message in messages if isinstance(message, wire.ScheduleTrace)]
        assert len(traces) == 1, messages
        assert isinstance(messages[-1], wire.End), messages
        return traces[0]

    return play_one
