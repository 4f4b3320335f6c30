"""Hosts whose runners execute a plain program instead of the engine, on every rung that this machine offers."""

import functools
from collections.abc import Callable, Iterator

import pytest

from threadmarks import wire
from threadmarks.sandbox.host import Host, RawRun
from threadmarks.sandbox.ladder import Rung, survey

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


FAKE = "tests.sandbox.fake_entry"
FORKED = (Rung.FULL, Rung.NO_USER_NAMESPACE, Rung.RLIMITS)
"""The rungs whose runners are forked by a zygote."""


@functools.cache
def problems() -> dict[Rung, str]:
    """Why a rung cannot be tested here."""
    return {found.rung: found.problem for found in survey() if not found.offered}


def need(rung: Rung) -> None:
    """Skip a test of a rung that this machine does not offer."""
    if rung in problems():
        pytest.skip(f"the rung {rung} is not offered here: {problems()[rung]}")


@pytest.fixture(scope="module", params=FORKED)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """One host for a module and rung: starting one takes longer than most tests."""
    need(request.param)
    with Host(1, entry=FAKE, rung=request.param) as running:
        running.run(request_for("pass"))
        yield running


@pytest.fixture
def rung(host: Host) -> Rung:
    """The rung of `host`."""
    assert host.rung is not None
    return host.rung


@pytest.fixture
def play(host: Host) -> Play:
    """`play(program, **limits)`: what a run of the program left."""

    def run(source: str, **limits: float) -> RawRun:
        return host.run(request_for(source, wire.Limits(**limits)))

    return run
