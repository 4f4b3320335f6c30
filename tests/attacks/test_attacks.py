"""Every attack of the corpus comes to what it declares, harms nobody, and leaves nothing behind."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.attacks import files
from tests.attacks.arena import Arena
from tests.attacks.declaration import FAMILIES, FOLDER, Attack, BrokenDeclaration, parse
from tests.attacks.table import DOCUMENT, corpus, in_document, tables
from threadmarks import catalog
from threadmarks.errors import SubmissionError
from threadmarks.judge import grade_source
from threadmarks.report.json import as_object
from threadmarks.report.text import TextOptions, render
from threadmarks.sandbox import saferead
from threadmarks.sandbox.host import Host

linux = pytest.mark.skipif(sys.platform != "linux", reason="the canaries are looked at through /proc")
ATTACKS = corpus()
IN_CI = [attack for attack in ATTACKS if not attack.slow]
FEWEST = 75
FEWEST_IN_CI = 60


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """One host, on the best rung that this machine offers, for all attacks: what one leaves, the next would meet."""
    with Arena(None, tmp_path_factory.mktemp("arena")) as running:
        yield running


@linux
@pytest.mark.parametrize("attack", IN_CI, ids=lambda attack: attack.id)
def test_attack(arena: Arena, attack: Attack) -> None:
    """It comes to what it declares, and everything around it is as before."""
    if arena.rung not in attack.holds_on:
        pytest.skip(f"nothing is promised about it on the rung {arena.rung}; docs/security.md says so")
    outcome = arena.fight(attack)
    assert not outcome.wrong, outcome.told()
    assert not attack.open, (
        f"it holds now; take its `open` line away, and make the document's tables anew: {attack.open}"
    )


@pytest.mark.parametrize("hostile", files.PATHS, ids=lambda hostile: hostile.name)
def test_a_hostile_file_is_refused_or_read_for_what_it_is(hostile: files.HostilePath, tmp_path: Path) -> None:
    """Nothing is followed, nothing is waited for, and what cannot be a submission is called by its name."""
    path = hostile.build(tmp_path)
    if not hostile.code:
        assert "live_threads" in saferead.read(path, strict=True).text
        return
    with pytest.raises(SubmissionError) as refused:
        saferead.read(path, strict=True)
    assert refused.value.code == hostile.code


@pytest.mark.parametrize("name", ["name_with_newlines", "name_of_no_encoding"])
def test_a_file_name_cannot_write_into_the_report(name: str, tmp_path: Path) -> None:
    """The name is the student's text: no control character of it reaches a terminal, and JSON can hold it."""
    (hostile,) = (hostile for hostile in files.PATHS if hostile.name == name)
    with Host(1) as host:
        report = grade_source(catalog.resolve("ex00"), saferead.read(hostile.build(tmp_path)), host=host)
    shown = render(report, TextOptions())
    assert not [
        sign
        for sign in shown
        if (ord(sign) < 32 and sign != "\n") or sign in "\x7f\u202e" or "\ud800" <= sign <= "\udfff"
    ]
    assert "\nScore: 20" not in shown
    json.dumps(as_object(report)).encode()


def test_the_corpus_is_large_enough_and_no_family_is_empty() -> None:
    """The issue asks for at least sixty; every family that it names is there."""
    count = Counter(attack.family for attack in ATTACKS)
    assert sum(count.values()) + len(files.PATHS) >= FEWEST
    assert set(count) == set(FAMILIES)
    assert len(IN_CI) >= FEWEST_IN_CI
    assert {attack.family for attack in IN_CI} == set(FAMILIES)
    assert {path.parent.name for path in FOLDER.glob("*/*.py")} <= set(FAMILIES)


def test_every_declaration_names_checks_that_exist() -> None:
    """A check that was renamed must not make an attack toothless."""
    for attack in ATTACKS:
        text = catalog.resolve(attack.exercise).checks.read_text(encoding="utf-8")
        names = () if isinstance(attack.must.fail, str) else attack.must.fail
        assert [name for name in names if f"def test_{name}(" not in text] == [], attack.id


GOOD = (
    '#: exercise = "ex00"\n#: tries = "x"\n#: stopped_by = ["limits"]\n#: holds_on = ["full"]\n#: must.fail = "all"\n'
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1\n" + GOOD, "must begin with its declaration"),
        (GOOD + "x = 1\n#: tries = 'y'\n", "must begin with its declaration"),
        (GOOD.replace('"x"', "x"), "Invalid value"),
        (GOOD + '#: trys = "x"\n', "unknown key 'trys'"),
        (GOOD + "#: must.fails = []\n", "unknown key 'fails'"),
        (GOOD + "#: limits.cpu = 1\n", "unknown key 'cpu'"),
        (GOOD.replace('["limits"]', '["luck"]'), "stopped_by 'luck'"),
        (GOOD.replace('["limits"]', "[]"), "stopped_by '\\(empty\\)'"),
        (GOOD.replace('["full"]', '["fuller"]'), "holds_on takes"),
        (GOOD.replace('must.fail = "all"', 'must.fail = "some"'), "must.fail is"),
        (GOOD.replace("#: must", "#: mus"), "unknown key"),
        (GOOD + '#: must.codes = "x"\n', "must.codes is a list"),
        (GOOD + '#: must.ceiling = "x"\n', "must.ceiling is a number"),
        (GOOD + '#: forgery = "known"\n', "needs must.flag and must.ceiling"),
        (GOOD + '#: forgery = "no"\n', 'forgery is "known"'),
        (GOOD + "#: open = true\n", "open is a sentence"),
        (GOOD + '#: beside = "no"\n', "beside is true or false"),
        (GOOD + "#: slow = 1\n", "slow is true or false"),
        (GOOD.replace('"full"', '"plain"') + "#: needs_limits = true\n", "needs limits"),
    ],
)
def test_a_broken_declaration_is_an_error(text: str, problem: str) -> None:
    """An attack that says nothing would prove nothing."""
    with pytest.raises(BrokenDeclaration, match=problem):
        parse(text, "bombs", "x")


def test_a_declaration_is_read_whole() -> None:
    """What is declared is what is held."""
    attack = parse(GOOD + "#: must.ceiling = 3\n#: limits = { cpu_s = 1 }\nx = 1\n", "bombs", "x")
    assert (attack.id, attack.must.fail, attack.must.ceiling, attack.limits, attack.text) == (
        "bombs/x",
        "all",
        3.0,
        {"cpu_s": 1},
        "x = 1\n",
    )


@pytest.mark.parametrize("family", ["", "other"])
def test_an_unknown_family_is_an_error(family: str) -> None:
    """The table in the documentation has a row for each family."""
    with pytest.raises(BrokenDeclaration, match="no family"):
        parse(GOOD, family, "x")


def test_the_document_tells_what_the_declarations_say() -> None:
    """docs/security.md is for people who will not read the corpus: `python -m tests.attacks.table --write`."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert in_document(text) == tables(ATTACKS)
