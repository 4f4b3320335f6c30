"""What comes over the witness's line is a call, or refused: the student's code shares the process that writes it."""

import json
import socket
from collections.abc import Iterator

import pytest

from threadmarks.judge.witness_line import Call, HungUp, Line, NotACall

Ends = tuple[Line, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The judge's end, and the runner's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield Line(ours), theirs


def test_a_call_is_taken_and_answered(ends: Ends) -> None:
    """The accepting case."""
    line, theirs = ends
    theirs.send(b'[1,"job",{"a":[1,null]}]')
    call = line.take()
    assert call == Call(number=1, name="job", value={"a": [1, None]})
    line.answer(call, "go")
    assert json.loads(theirs.recv(100)) == [1, "go"]


@pytest.mark.parametrize(
    "packet",
    [
        b"x",
        b"[1]",
        b'[1,"job",1,2]',
        b'["1","job",1]',
        b'[-1,"job",1]',
        b"[" + b"9" * 400 + b',"job",1]',
        b'[1,"\xed\xa0\x80",1]',
        b'[1,"\\ud800",1]',
        b'[1,"job",NaN]',
        b'[1,"job",' + b"9" * 400 + b"]",
        b'[1,"job",' + b"[" * 50 + b"]" * 50 + b"]",
        b"[" * 30_000,
        b'[1,"' + b"n" * 3_000 + b'",1]',
        b'[1,"job","' + b"x" * 70_000 + b'"]',
    ],
)
def test_anything_else_is_no_call(ends: Ends, packet: bytes) -> None:
    """One refusal, whatever it was."""
    line, theirs = ends
    theirs.send(packet)
    with pytest.raises(NotACall):
        line.take()


def test_a_closed_line_is_hung_up(ends: Ends) -> None:
    """The process has ended."""
    line, theirs = ends
    theirs.close()
    with pytest.raises(HungUp):
        line.take()
