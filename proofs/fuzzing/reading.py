"""One input through everything that reads a submission's bytes: read or refused, then whatever the judge does with a text."""

import codecs
import io
import os
import tokenize
import warnings
from dataclasses import replace
from random import Random

from proofs.fuzzing import chain
from threadmarks.errors import SubmissionError
from threadmarks.judge import tokens
from threadmarks.judge.definitions import line_of
from threadmarks.judge.failure import located, place_at
from threadmarks.judge.loading import unchanged_stub
from threadmarks.judge.scoring import make_report
from threadmarks.judge.session import input_seed
from threadmarks.model import CheckResult, Finding, Verdict, WaitEdge
from threadmarks.sandbox.saferead import SIZE_LIMIT_BYTES, Source, decode, lines_of

STUB = 'class ThreadPool:\n    """The stub."""\n\n    def execute(self, job):\n        raise NotImplementedError\n'
NAMES = ("ThreadPool", "ThreadPool.execute", "execute", "answer", "Ünï.cödé")
PIECES: tuple[bytes, ...] = (
    *(b"# -*- coding: ", b"#coding=", b"# vim: set fileencoding=", b"coding:", b"utf-8", b"utf8", b"UTF_8", b"latin-1"),
    *(
        b"utf-8-unix",
        b"utf-8-sig",
        b"utf-16",
        b"ascii",
        b"cp1252",
        b"idna",
        b"unicode_escape",
        b"rot13",
        b"hex",
        b"zlib",
    ),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\0",
        b"\n",
        b"\r",
        b"\r\n",
        b"\x0c",
        b"\x0b",
        b"\x1a",
        b"\x85",
        b" ",
        b"\t",
    ),
    *(
        b"\xe2\x80\xa8",
        b"\xe2\x80\xae",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xf4\x90\x80\x80",
        b"\xff",
        b"\x80",
        b"\xe2\x80",
    ),
    *(b"#!/usr/bin/python\n", b"class ThreadPool:\n", b"    def execute(self, job):\n", b"        pass\n", b"x = 1\n"),
    *(
        b"\\",
        b'"""',
        b"'",
        b"f'{",
        b"}",
        b"(",
        b")",
        b"[" * 300,
        b"-" * 300,
        b"lambda:" * 50,
        b"\x1b[2J",
        b"\\N{",
        b"1" * 5000,
    ),
)


class Misread(AssertionError):
    """The reader accepted what it must not, or refused what it need not, or a text broke what came after."""


def run(data: bytes) -> bool:
    """Read one input. True when it was accepted. Raises whatever goes wrong: any exception but the refusal is a finding."""
    shown = os.fsdecode(data[:12].replace(b"\0", b"")) + ".py"
    try:
        text = decode(data, shown)
    except SubmissionError as refusal:
        if not refusal.code or not str(refusal):
            raise Misread("a refusal that says nothing") from None
        return False
    _hold_text(data, text)
    use(Source(file=shown, text=text))
    return True


def _hold_text(data: bytes, text: str) -> None:
    """The text is the bytes, and Python would read them alike."""
    bare = data.removeprefix(b"\xef\xbb\xbf")
    if text.encode() != bare:
        raise Misread("the text is not what the bytes say")
    if len(data) <= SIZE_LIMIT_BYTES and "\0" in text:
        raise Misread("a NUL was accepted")
    try:
        encoding = codecs.lookup(tokenize.detect_encoding(io.BytesIO(data).readline)[0]).name
    except SyntaxError:
        encoding = "refused"
    alike = encoding in ("utf-8", "utf-8-sig") or (encoding == "ascii" and bare.isascii())
    if not alike and not (encoding == "refused" and data != bare):  # Python takes no ASCII after a byte order mark
        raise Misread(f"Python reads this as {encoding}")


def use(source: Source) -> None:
    """Every use that the judge makes of a text without running it."""
    text = source.text
    lines = lines_of(text)
    if "".join(lines) != text.replace("\r", "").replace("\n", ""):
        raise Misread("the lines are not the text")
    tokens.file_mark(text)
    input_seed(text, "secret")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning would reach the terminal, with the text's own characters
        note = unchanged_stub(text, STUB)
    numbers = [line_of(text, name) for name in NAMES]
    for name, number in zip(NAMES, numbers, strict=True):
        last = name.rpartition(".")[2]
        if number and last not in source.line(number) and name.partition(".")[0] not in source.line(number):
            raise Misread(f"{name} is not in line {number}")
    for number in (0, 1, len(lines), len(lines) + 1, *numbers):
        source.line(number)
    places = [place_at(number) for number in (1, len(lines), *numbers)]
    finding = Finding(
        code="seen",
        message=f"About {source.file} {source.line(1)[:200]}",
        seen=text[:500],
        wanted=text[1:500],
        place=places[0],
        waits=tuple(WaitEdge(thread=source.file, what=lines[-1][:100], held_by="", place=place) for place in places),
    )
    findings = (located(finding, source), *((note,) if note else ()))
    check = CheckResult(spec=replace(chain.SPEC), verdict=Verdict.FAILED, findings=findings, token="tm2.ex90.s.block")
    chain.show(
        make_report(exercise="ex90", file=source.file, checks=(check,), findings=findings), width=80, pictures=(True,)
    )


def mutate(data: bytes, random: Random) -> bytes:
    """One to four changes to the bytes of a file."""
    for _ in range(1 + random.randrange(4)):
        start = random.randrange(len(data) + 1) if random.randrange(3) else random.randrange(min(len(data), 40) + 1)
        end = min(len(data), start + random.randrange(6) * random.randrange(3))
        kind = random.randrange(4)
        if kind == 0:
            new = bytes(random.randrange(256) for _ in range(random.randrange(4)))
        elif kind == 1:
            new = data[end : end + random.randrange(60)] * random.randrange(3)
        else:
            new = b"".join(random.choice(PIECES) for _ in range(1 + random.randrange(3)))
        data = data[:start] + new + data[end:]
    return data[: SIZE_LIMIT_BYTES + 1]


SEEDS: tuple[bytes, ...] = (
    b"x = 1\n",
    b"# -*- coding: utf-8 -*-\nx = 1\n",
    b"#!/usr/bin/env python3\n# vim: set fileencoding=utf-8 :\n\nimport threading\n",
    b"\xef\xbb\xbf# coding: utf-8\r\nclass ThreadPool:\r\n    def execute(self, job):\r\n        pass\r\n",
    STUB.encode(),
    b"\x0c# page\x0c\n\n# coding: latin-1\nx = '\xc3\xa9'\n",
)
