"""Real answers, and what becomes of them when a hostile runner changes them: a short run of `proofs/fuzz.py`."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proofs.fuzzing import chain, mutation, oracle, recorded
from proofs.fuzzing.choices import Choices
from threadmarks import catalog
from threadmarks.judge import wellformed
from threadmarks.judge.decode import Broken, decode
from threadmarks.sandbox.host import RawRun, Stop


@pytest.fixture(scope="module")
def recorder() -> Iterator[recorded.Recorder]:
    """Zygotes whose answers are kept."""
    with recorded.Recorder() as host:
        yield host


ORDERS = 30
"""Schedules of an exploration: they differ in who runs when, and hardly in what is told of it."""


@pytest.fixture(scope="module")
def real(recorder: recorded.Recorder) -> list[recorded.Recorded]:
    """Every run of a grading of ex00's reference, and of files that cannot be loaded."""
    exercise = catalog.load()[0]
    return [*recorded.every_run(exercise, recorder), *recorded.broken_files(exercise, recorder)]


@pytest.mark.parametrize("exercise", catalog.load(), ids=lambda exercise: exercise.id)
def test_every_real_trace_is_well_formed(exercise: catalog.Exercise, recorder: recorded.Recorder) -> None:
    """No rule may be one that an honest run breaks; and the oracle agrees with the judge about all of them."""
    runs = list(recorded.every_run(exercise, recorder, most_schedules=ORDERS))
    assert runs
    for number, run in enumerate(runs):
        seen = chain.run(chain.header(number % 256) + run.wire, [run.request])
        assert (seen.whole, seen.traces) == (True, len(run.request.schedules))


def test_a_changed_answer_breaks_nothing(real: list[recorded.Recorded]) -> None:
    """Whatever is changed: the answer is refused, or fits together and can be told."""
    requests = [run.request for run in real]

    @settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(real) - 1), st.binary(min_size=4, max_size=4), st.binary(min_size=100, max_size=160))
    def change(index: int, odd: bytes, choices: bytes) -> None:
        chance, body = Choices(choices), real[index].wire
        while chance.left:
            body = mutation.mutate(body, chance)
            chain.run(bytes([index]) + odd + body, requests)

    change()


def test_the_oracle_notices_a_rule_that_is_missing(
    real: list[recorded.Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells the rules a second time; were they taken out of the judge, it would not agree."""
    monkeypatch.setattr(wellformed, "_check_waits", lambda _trace: None)
    run = next(run for run in real if run.request.full and run.request.scenario)
    lines = run.wire.split(b"\n")
    message = json.loads(lines[2])
    lines[2] = json.dumps({**message, "waits": [[0, "Lock", 0, 0, 0, -1]]}).encode()
    with pytest.raises(AssertionError):
        chain.run(chain.header(0) + b"\n".join(lines), [run.request])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, "\ud800"])
def test_the_oracle_refuses_what_no_parser_should_meet(value: object) -> None:
    """Numbers and texts that break whatever comes after."""
    with pytest.raises((AssertionError, UnicodeEncodeError)):
        oracle.hold_numbers({"a": [value]})


@pytest.mark.parametrize(
    "changed",
    [b"\xed\xa0\x80", b"\xff", b"\\ud800", b"NaN", b"1e999", b"\0"],
    ids=["half a pair as bytes", "no UTF-8", "half a pair", "not a number", "beyond all numbers", "a control"],
)
def test_bytes_that_are_no_json_make_a_malformed_answer(real: list[recorded.Recorded], changed: bytes) -> None:
    """Each of these once raised something else than the wire's own refusal, or could have."""
    run = next(run for run in real if run.request.full and run.request.scenario)
    wire = run.wire.replace(b'"completed"', b'"' + changed + b'"', 1)
    assert wire != run.wire
    zeros = dict.fromkeys(RawRun.__dataclass_fields__, 0)
    raw = RawRun(**{**zeros, "wire": wire, "stray": b"", "stop": Stop.ITSELF, "cpu_s": 0.0})
    assert decode(raw, run.request).broken is Broken.MALFORMED
