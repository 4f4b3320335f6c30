"""The long proof over the corpus sees what it is there to see: it is run seldom, and for hours."""

import importlib.util
import sys
from collections.abc import Iterator

import pytest

from tests.subjects.pairs import BY_NAME, FOLDER
from threadmarks.sandbox.host import Host


def _proof():
    spec = importlib.util.spec_from_file_location("subjects_proof", FOLDER.parent.parent / "proofs" / "subjects.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


PROOF = _proof()


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Zygotes for all trials."""
    with Host() as running:
        yield running


def test_a_program_that_fails_seldom_is_blamed_with_its_schedules(host) -> None:
    """What never blames proves nothing about the programs that hold."""
    row = PROOF.Row(pair=BY_NAME["counter_attribute"])
    PROOF.hold(row, host, 45, 0, PROOF.State(None), side="fails")
    assert row.held == 45
    assert row.blamed
    assert all(told.startswith("lost-update under ") and told.endswith("(alone too)") for told in row.blamed)


def test_a_program_that_is_not_caught_is_reported(host, monkeypatch) -> None:
    """With the repaired program in the racy one's place."""
    monkeypatch.setattr(
        PROOF, "explore", lambda pair, _side, *rest, **options: _explore(pair, "holds", *rest, **options)
    )
    row = PROOF.Row(pair=BY_NAME["counter_attribute"])
    PROOF.catch(row, host, 1, PROOF.State(None))
    assert row.tried == []
    assert [told.partition(" after")[0] for told in row.missed] == ["seed list 0: held"]


_explore = PROOF.explore


def test_what_is_done_is_not_done_again(tmp_path, host) -> None:
    """A second call goes on where the first ended, and counts what that had found."""
    first, again = PROOF.Row(pair=BY_NAME["pop_last"]), PROOF.Row(pair=BY_NAME["pop_last"])
    PROOF.hold(first, host, 30, 0, PROOF.State(tmp_path / "state"))
    kept = (tmp_path / "state").read_bytes()
    PROOF.hold(again, host, 30, 0, PROOF.State(tmp_path / "state"))
    assert (again.held, again.blamed) == (first.held, []) == (30, [])
    assert (tmp_path / "state").read_bytes() == kept
