"""What an attack declares about itself, strictly parsed: a broken declaration is an error.

An attack is a submission that begins with lines `#: key = value` (TOML). After them comes what a student would hand in.
Names in capitals between two `@` stand for things that only the harness knows (`arena.Canaries.words`).
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threadmarks.sandbox.ladder import Rung

FOLDER = Path(__file__).parent
FAMILIES = {
    "early_exits": "Early exits",
    "endless": "Endless and uninterruptible work",
    "deadlocks": "Deadlocks",
    "bombs": "Bombs: threads, processes, memory, disk, descriptors, output, recursion, compiling",
    "forged_results": "Forged results",
    "hiding": "Hiding threads and work",
    "reading": "Reading what is hidden",
    "reaching": "Reaching out of the process",
    "leftovers": "Leaving things behind",
    "files": "Hostile submissions as files",
}
"""Folder, and its heading in docs/security.md. The attacks of `files` are built by a module, the others lie in folders."""

MARK = "#: "
STOPS = {
    "end marker": "a run without its end marker never passes",
    "decoder": "the judge's strict decoder",
    "plain values": "only exact plain types are recorded",
    "bound early": "the engine keeps its own references from before the import",
    "scheduler": "the scheduler's limits on steps, and its knowledge of who waits for whom",
    "interpreter": "Python's own limits",
    "watchdog": "the watchdog for uncontrolled calls",
    "limits": "limits on processor time, wall clock, memory, files and processes",
    "output cap": "the judge's limit on bytes",
    "checks": "the checks themselves",
    "fresh process": "failures are confirmed in a fresh process",
    "outcomes": "how the judge reads the end of a run",
    "drawn inputs": "inputs drawn from the file and the instructor's secret",
    "witness": "the second witness",
    "source policy": "the source policy",
    "safe read": "the safe reading of a submission",
    "opaque reference": "what is built upon arrives compiled, without its source",
    "scrubbed modules": "modules of the judge's side are not there",
    "scrubbed environment": "an environment of its own",
    "scrubbed descriptors": "no descriptor but four",
    "file system view": "a file system of its own, without /proc",
    "landlock": "Landlock",
    "seccomp": "seccomp",
    "no new privileges": "no_new_privs and no capabilities",
    "pid namespace": "a process number space per run",
    "network namespace": "a network of its own, which leads nowhere",
    "ipc namespace": "System V objects of its own",
    "uts namespace": "a host name of its own",
    "clean-up": "the zygote removes what a run leaves",
    "instructor": "a person: no automatic marks",
    "nothing": "nothing yet",
}
"""What can stop an attack: the word used in declarations, and what it means."""

_KEYS = {
    "exercise",
    "builds_on",
    "tries",
    "stopped_by",
    "holds_on",
    "must",
    "limits",
    "beside",
    "forgery",
    "needs_limits",
    "open",
    "slow",
}
_MUST_KEYS = {"fail", "codes", "verdict", "ceiling", "flag"}
_LIMIT_KEYS = {"cpu_s", "wall_s", "memory_bytes", "stuck_s", "steps"}


class BrokenDeclaration(Exception):
    """An attack whose first lines do not say what they must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Must:
    """What has to happen when the attack is graded."""

    fail: tuple[str, ...] | str  # names of checks that must not pass, or "outside", "all"
    codes: tuple[str, ...] = ()  # at least one finding has one of these codes
    verdict: tuple[str, ...] = ()  # the report's verdict is one of these
    ceiling: float | None = None  # points, at the most
    flag: tuple[str, ...] = ()  # a finding or a verdict of one of these names must show


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One hostile file and what must become of it."""

    family: str
    name: str
    exercise: str
    tries: str
    stopped_by: tuple[str, ...]
    holds_on: tuple[Rung, ...]  # the rungs on which all of this holds
    must: Must
    text: str
    limits: Mapping[str, float] = field(default_factory=dict)
    builds_on: tuple[str, ...] = ()  # reference solutions that it may import, beside those of its exercise
    beside: bool = False  # graded while another submission is, in another zygote
    needs_limits: bool = False  # not to be run where nothing is promised about it: it would harm the machine
    slow: bool = False  # it tries what a quicker one tries too: left to proofs/attacks.py, not run in CI
    open: str = ""  # the hole by which it succeeds today, against what it declares; its test fails until that is mended
    known_forgery: bool = False  # it succeeds where only the trace tells; it is kept with its ceiling

    @property
    def id(self) -> str:
        """family/name."""
        return f"{self.family}/{self.name}"


def parse(text: str, family: str, name: str) -> Attack:
    """The attack in a file's text. Raises BrokenDeclaration."""
    where = f"{family}/{name}"
    lines = text.splitlines()
    declared = [line for line in lines if line.startswith(MARK.rstrip())]
    if not declared or lines[: len(declared)] != declared:
        raise BrokenDeclaration(f"{where}: the file must begin with its declaration, and hold no other `#:` line")
    try:
        table = tomllib.loads("\n".join(line.removeprefix(MARK) for line in declared))
    except tomllib.TOMLDecodeError as problem:
        raise BrokenDeclaration(f"{where}: {problem}") from None
    return of_table(table, family, name, "\n".join(lines[len(declared) :]) + "\n")


def of_table(table: dict[str, Any], family: str, name: str, text: str) -> Attack:
    """The attack that a table declares. Raises BrokenDeclaration."""
    where = f"{family}/{name}"
    _known(table, _KEYS, where)
    _check_values(table, family, where)
    limits = table.get("limits", {})
    _known(limits, _LIMIT_KEYS, where)
    attack = Attack(
        family=family,
        name=name,
        exercise=table["exercise"],
        tries=table["tries"],
        stopped_by=tuple(table["stopped_by"]),
        holds_on=tuple(rung for rung in Rung if rung.value in table["holds_on"]),
        must=_must(table["must"], where),
        text=text,
        limits=limits,
        builds_on=tuple(table.get("builds_on", ())),
        beside=table.get("beside", False),
        needs_limits=table.get("needs_limits", False),
        slow=table.get("slow", False),
        open=table.get("open", ""),
        known_forgery="forgery" in table,
    )
    if attack.needs_limits and Rung.PLAIN in attack.holds_on:
        raise BrokenDeclaration(f"{where}: what needs limits can promise nothing where there are none")
    if attack.known_forgery and not (attack.must.flag and attack.must.ceiling is not None):
        raise BrokenDeclaration(f"{where}: a known forgery needs must.flag and must.ceiling")
    return attack


def _check_values(table: dict[str, Any], family: str, where: str) -> None:
    """Types, and words from the closed lists. Raises BrokenDeclaration."""
    for key, kind in (("exercise", str), ("tries", str), ("stopped_by", list), ("holds_on", list), ("must", dict)):
        if type(table.get(key)) is not kind or (kind is str and not table[key]):
            raise BrokenDeclaration(f"{where}: {key} must be a {kind.__name__}")
    if family not in FAMILIES:
        raise BrokenDeclaration(f"{where}: no family {family!r}")
    for stop in table["stopped_by"] or ["(empty)"]:
        if stop not in STOPS:
            raise BrokenDeclaration(f"{where}: stopped_by {stop!r}; known are {', '.join(STOPS)}")
    rungs = [rung.value for rung in Rung]
    if any(rung not in rungs for rung in table["holds_on"]):
        raise BrokenDeclaration(f"{where}: holds_on takes {', '.join(rungs)}")
    if table.get("forgery", "known") != "known":
        raise BrokenDeclaration(f'{where}: forgery is "known" or left out')
    for key, usual, kind in (
        ("open", "", "a sentence"),
        ("builds_on", [], "a list of exercises"),
        ("beside", False, "true or false"),
        ("needs_limits", False, "true or false"),
        ("slow", False, "true or false"),
    ):
        if type(table.get(key, usual)) is not type(usual):
            raise BrokenDeclaration(f"{where}: {key} is {kind}")


def _must(table: dict[str, Any], where: str) -> Must:
    _known(table, _MUST_KEYS, where)
    fail = table.get("fail")
    if not (fail in ("outside", "all") if isinstance(fail, str) else type(fail) is list):
        raise BrokenDeclaration(f'{where}: must.fail is a list of checks, "outside" or "all"')
    for key in ("codes", "verdict", "flag"):
        if type(table.get(key, [])) is not list or not all(type(item) is str for item in table.get(key, [])):
            raise BrokenDeclaration(f"{where}: must.{key} is a list of texts")
    ceiling = table.get("ceiling")
    if ceiling is not None and type(ceiling) not in (int, float):
        raise BrokenDeclaration(f"{where}: must.ceiling is a number of points")
    return Must(
        fail=fail if isinstance(fail, str) else tuple(fail),
        codes=tuple(table.get("codes", ())),
        verdict=tuple(table.get("verdict", ())),
        ceiling=None if ceiling is None else float(ceiling),
        flag=tuple(table.get("flag", ())),
    )


def _known(table: Mapping[str, Any], keys: set[str], where: str) -> None:
    if unknown := sorted(set(table) - keys):
        raise BrokenDeclaration(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(keys))}")


def of_folders() -> Iterator[Attack]:
    """Every attack that lies in a folder, in order. Raises BrokenDeclaration."""
    for family in FAMILIES:
        for path in sorted((FOLDER / family).glob("*.py")):
            yield parse(path.read_text(encoding="utf-8"), family, path.stem)
