"""The search for fewer preemptions: in their order, alike runs gone on from once, and to its end where it is short."""

from tests.judge.test_merging import answer, block, point
from threadmarks.judge.seeking import AT_ONCE, Seeking
from threadmarks.wire import Branch


def test_schedules_come_in_the_order_of_their_preemptions_then_of_their_orders() -> None:
    """And none with as many as are known to do."""
    seeking = Seeking(below=2)
    assert seeking.following(10) == ["tree."]
    seeking.answered([answer("tree.", point(0, 1, 1), block(0, 2, 2, 3))])
    assert seeking.following(10) == ["tree.0-2:2", "tree.0-2:3"]
    seeking.answered([answer("tree.0-2:2", point(2, 1, 1))])
    assert seeking.following(10) == ["tree.0-1-1"]
    seeking.answered([answer("tree.0-1-1", point(1, 1, 0), block(1, 2, 2))])
    assert seeking.following(10) == ["tree.0-2:2_2-1-1", "tree.0-1-1_1-2:2"]
    assert seeking.following(10) == []


def test_of_runs_that_look_alike_one_is_gone_on_from() -> None:
    """Preempted a moment later, with nothing in between that anybody could tell."""
    seeking = Seeking(below=3)
    seeking.following(1)
    seeking.answered([answer("tree.", point(0, 1, 1), point(0, 2, 1))])
    assert seeking.following(10) == ["tree.0-1-1", "tree.0-2-1"]
    seeking.answered([answer("tree.0-1-1", block(1, 3, 2)), answer("tree.0-2-1", block(1, 3, 2))])
    assert seeking.following(10) == ["tree.0-1-1_1-3:2"]


def test_who_comes_back_to_the_thread_that_was_stopped_is_tried_first() -> None:
    """Most races between two need just that."""
    seeking = Seeking(below=3)
    seeking.following(1)
    seeking.answered([answer("tree.", point(0, 1, 1))])
    assert seeking.following(1) == ["tree.0-1-1"]
    seeking.answered([answer("tree.0-1-1", point(1, 1, 2, 0), block(1, 2, 2))])
    assert seeking.following(10) == ["tree.0-1-1_1-2:2"]
    assert seeking.following(10) == ["tree.0-1-1_1-1-0", "tree.0-1-1_1-1-2"]


def test_only_what_this_python_does_is_tried_where_only_that_counts() -> None:
    """Orders count always."""
    seeking = Seeking(below=3, polled_only=True)
    seeking.following(1)
    unpolled = Branch(0, 1, preempts=True, polled=False, others=(1,))
    seeking.answered([answer("tree.", unpolled, block(0, 2, 2))])
    assert seeking.following(10) == ["tree.0-2:2"]
    assert seeking.following(10) == []


def test_a_level_is_run_in_parts() -> None:
    """So that what fails ends the search soon."""
    seeking = Seeking(below=2)
    seeking.following(1)
    seeking.answered([answer("tree.", *[point(0, moment, 1) for moment in range(1, 150)])])
    first, second = seeking.following(1_000), seeking.following(1_000)
    assert (len(first), len(second)) == (AT_ONCE, 49)
    assert not set(first) & set(second)
