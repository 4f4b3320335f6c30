"""What engine tests share: requests, and reading traces."""

from pathlib import Path
from typing import Any

from threadmarks import wire

PROGRAMS = Path(__file__).parent / "programs"


def request_for(
    source: str, scenario: str, *specs: str, full: bool = True, network: bool = False, **limits: Any
) -> wire.RunRequest:
    """A request that calls one function of `source` as the scenario `go(student, probe)` sees it.

    `scenario` is either the whole text of a driver with a `go`, or the name of a function of the source that takes
    nothing, or `probe`.
    """
    if "\n" not in scenario:
        driver = f"def go(student, probe):\n    return student.{scenario}\n"
    else:
        driver = scenario
    return wire.RunRequest(
        version=wire.WIRE_VERSION,
        nonce="nonce",
        module="program",
        source=source,
        scenario_source=driver,
        scenario="go",
        schedules=tuple(wire.ScheduleSpec(spec) for spec in specs or ("block",)),
        full=full,
        input_seed=1,
        limits=wire.Limits(**limits),
        network=network,
    )


def notes(trace: wire.ScheduleTrace, name: str) -> list[tuple[float, Any]]:
    """(virtual seconds, value) of each note called `name`."""
    return [
        (event.time_ns / 1e9, event.data[1])
        for event in trace.events
        if event.kind is wire.EventKind.NOTE and event.data[0] == name
    ]
