"""The wire takes what is of the protocol and refuses everything else."""

import ast
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadmarks import wire
from threadmarks.errors import ProtocolError
from threadmarks.runner import emit
from threadmarks.runner.constructs import KINDS
from threadmarks.runner.source_policy import policy_hits


def test_both_sides_speak_the_same_version():
    """The runner does not import `wire`, so its number is its own."""
    assert emit.WIRE_VERSION == wire.WIRE_VERSION


@given(st.binary(max_size=400))
def test_noise_is_refused_in_one_way(noise):
    """Whatever a runner writes, the judge sees a message or a ProtocolError."""
    try:
        message = wire.decode_line(noise)
    except ProtocolError:
        return
    assert isinstance(message, wire.Message)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_other_json_is_refused(value):
    """Well-formed JSON is not enough."""
    with pytest.raises(ProtocolError):
        wire.decode_line(json.dumps(value).encode())


@given(st.text(max_size=30), st.integers(0, 9), st.sampled_from(["3.11", "3.12", "3.13"]))
def test_messages_survive_the_way_there_and_back(nonce, schedules, python):
    """Encode then decode is the identity."""
    for message in (
        wire.Hello(version=1, python=python, nonce=nonce),
        wire.End(nonce=nonce, schedules=schedules),
        wire.Stuck(line=schedules, function=nonce),
    ):
        assert wire.decode_line(msgspec.json.encode(message)) == message


@pytest.mark.parametrize(
    "line",
    [
        b'{"k":"end","nonce":"n","schedules":1,"score":20}',
        b'{"k":"end","nonce":"n","schedules":"1"}',
        b'{"k":"end","nonce":"n","schedules":true}',
        b'{"k":"end","nonce":"n"}',
        b'{"k":"verdict","passed":true}',
        b'{"k":"end","nonce":"n","schedules":1}{"k":"end","nonce":"n","schedules":1}',
        b"[" * 100_000,
        b"",
        b"x" * (wire.LINE_LIMIT_BYTES + 1),
        b'{"k":"end","nonce":"\xed\xa0\x80","schedules":1}',
        b'{"k":"end","nonce":"\\ud800","schedules":1}',
        b'{"k":"end","nonce":"n","schedules":-1}',
        b'{"k":"end","nonce":"n","schedules":' + b"9" * 400 + b"}",
        b'{"k":"stuck","line":1,"function":"' + b"f" * 2_001 + b'"}',
    ],
)
def test_what_is_nearly_right_is_refused(line):
    """Unknown keys, other types, two messages, deep nesting, too much, no Unicode, no such number: none passes."""
    with pytest.raises(ProtocolError):
        wire.decode_line(line)


def test_what_the_runner_finds_in_a_source_is_of_the_protocol():
    """Its rows are made without `wire`, and its policy comes from there as plain JSON."""
    policy = msgspec.to_builtins(wire.SourcePolicy(reflection=True, forbidden_imports=("queue",)))
    rows = policy_hits(ast.parse("import queue\nimport gc\n"), policy)
    line = json.dumps({"k": "examined", "policy": rows}).encode()
    message = wire.decode_line(line)
    assert isinstance(message, wire.Examined)
    assert [(hit.kind, hit.line) for hit in message.policy] == [("forbidden-import", 1), ("interpreter", 2)]
    assert {hit.kind for hit in message.policy} <= KINDS


def test_requests_survive_too():
    """What the judge asks is what the runner hears."""
    request = wire.RunRequest(
        version=1,
        nonce="n",
        module="ex00",
        source="x = 1",
        scenario_source="",
        scenario="",
        schedules=(wire.ScheduleSpec("block"),),
        full=True,
        input_seed=2**63 - 1,
        limits=wire.Limits(),
        policy=wire.SourcePolicy(allowed_imports=("queue",), reflection=True),
    )
    assert wire.decode_request(wire.encode_request(request)) == request
    with pytest.raises(ProtocolError):
        wire.decode_request(b"{}")
