"""A host whose runners execute a plain program instead of the engine."""

from collections.abc import Callable, Iterator

import pytest

from threadmarks import wire
from threadmarks.sandbox.host import Host, RawRun

Play = Callable[..., RawRun]


def request_for(source: str, limits: wire.Limits | None = None) -> wire.RunRequest:
    """A request with `source` as its program; the fake engine looks at nothing else."""
    return wire.RunRequest(
        version=wire.WIRE_VERSION,
        nonce="0" * 16,
        module="ex99",
        source=source,
        scenario_source="",
        scenario="",
        schedules=(),
        full=True,
        input_seed=1,
        limits=limits or wire.Limits(),
    )


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One host for a module: starting one takes longer than most tests."""
    with Host(1, entry="tests.sandbox.fake_entry") as running:
        yield running


@pytest.fixture
def play(host: Host) -> Play:
    """`play(program, **limits)`: what a run of the program left."""

    def run(source: str, **limits: float) -> RawRun:
        return host.run(request_for(source, wire.Limits(**limits)))

    return run
