"""What the witnesses of an exercise say of a file, without a grading around them."""

from pathlib import Path

from threadmarks import wire
from threadmarks.catalog import Exercise, read_content
from threadmarks.judge.check import scenario_of
from threadmarks.judge.foundations import dependencies, references
from threadmarks.judge.witness import Testimony, WitnessRuns
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.saferead import read


def heard(exercise: Exercise, path: Path, host: Host) -> list[Testimony]:
    """One for each witness of the exercise, every one in a plain run of its own on `host`, on the reference solutions it builds on."""
    checks: dict[str, object] = {"__name__": "checks"}
    exec(compile(read_content(exercise.checks), str(exercise.checks), "exec"), checks)
    functions = {name: value for name, value in checks.items() if scenario_of(value)}
    below = dependencies(references(exercise))
    runs = WitnessRuns(exercise, read(path).text, host, seed=1, limits=wire.Limits(), dependencies=below)
    try:
        for name, function in functions.items():
            runs.start(name, function)
        return [runs.result(name) for name in functions]
    finally:
        runs.close()
