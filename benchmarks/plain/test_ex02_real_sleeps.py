"""What ex02 asks, written as one would without a controlled runner: real threads, real sleeps, and waits long enough
that a busy machine does not fail a right pool. Races are hunted by repetition."""

import threading
import time

import pytest

from threadmarks.prelude import PoolClosed

PAUSE_S = 0.3
"""Long enough that whatever should have happened has happened, also on a loaded machine."""


def test_precreated_and_reused(submission):
    before = threading.active_count()
    pool = submission.ThreadPool(4)
    assert threading.active_count() == before + 4
    ran_on, done = [], threading.Semaphore(0)
    for _ in range(200):
        pool.execute(lambda: (ran_on.append(threading.current_thread()), done.release()))
    for _ in range(200):
        assert done.acquire(timeout=5)
    assert threading.active_count() == before + 4
    assert len(set(ran_on)) <= 4
    assert threading.current_thread() not in ran_on


def test_overlap_exact(submission):
    pool = submission.ThreadPool(3)
    gate, lock, inside, most, done = threading.Event(), threading.Lock(), [], [], threading.Semaphore(0)

    def job():
        with lock:
            inside.append(1)
            most.append(len(inside))
        gate.wait()
        with lock:
            inside.pop()
        done.release()

    for _ in range(9):
        pool.execute(job)
    time.sleep(PAUSE_S)
    gate.set()
    for _ in range(9):
        assert done.acquire(timeout=5)
    assert max(most) == 3
    barrier = threading.Barrier(3)
    for _ in range(3):
        pool.execute(lambda: (barrier.wait(5), done.release()))
    for _ in range(3):
        assert done.acquire(timeout=5)


def test_submit_nonblocking(submission):
    pool, gate, accepted = submission.ThreadPool(2), threading.Event(), []
    for _ in range(2):
        pool.execute(gate.wait)
    time.sleep(PAUSE_S)
    helper = threading.Thread(target=lambda: [(pool.execute(int), accepted.append(1)) for _ in range(1000)])
    helper.start()
    helper.join(2)
    gate.set()
    assert len(accepted) == 1000


def test_survives_and_counts_panics(submission, capfd):
    pool = submission.ThreadPool(3)

    def panic():
        raise SystemExit(2)

    for _ in range(4):
        pool.execute(panic)
    time.sleep(PAUSE_S)
    assert pool.panics == 4
    barrier, done = threading.Barrier(3), threading.Semaphore(0)
    for _ in range(3):
        pool.execute(lambda: (barrier.wait(5), done.release()))
    for _ in range(3):
        assert done.acquire(timeout=5)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("busy", [False, True])
def test_no_spin(submission, busy):
    pool, gate = submission.ThreadPool(3), threading.Event()
    pool.execute(gate.wait if busy else int)
    time.sleep(PAUSE_S)
    begin = time.process_time()
    time.sleep(1)
    used = time.process_time() - begin
    gate.set()
    assert used < 0.2


def test_drain_close(submission):
    before = threading.active_count()
    pool, ran = submission.ThreadPool(3), []
    for _ in range(50):
        pool.execute(lambda: (time.sleep(0.02), ran.append(1)))
    pool.close()
    assert len(ran) == 50
    assert threading.active_count() == before
    idle = submission.ThreadPool(2)
    time.sleep(PAUSE_S)
    idle.close()
    idle.close()


def test_refuses_after_close(submission):
    pool, gate, answers = submission.ThreadPool(2), threading.Event(), []

    def late():
        gate.wait()
        try:
            pool.execute(int)
        except PoolClosed:
            answers.append("closed")

    pool.execute(late)
    time.sleep(PAUSE_S)
    closer = threading.Thread(target=pool.close)
    closer.start()
    time.sleep(PAUSE_S)
    gate.set()
    closer.join(5)
    assert answers == ["closed"]
    with pytest.raises(PoolClosed):
        pool.execute(int)


def test_two_pools(submission):
    pools, gate, ran_on, done = [submission.ThreadPool(2) for _ in "ab"], threading.Event(), {0: [], 1: []}, []
    for number, pool in enumerate(pools):
        for _ in range(4):
            pool.execute(
                lambda number=number: (ran_on[number].append(threading.get_ident()), gate.wait(), done.append(1))
            )
    time.sleep(PAUSE_S)
    gate.set()
    time.sleep(PAUSE_S)
    assert len(done) == 8
    assert not set(ran_on[0]) & set(ran_on[1])
    order, single = [], submission.ThreadPool(1)
    for number in range(10):
        single.execute(lambda number=number: order.append(number))
    time.sleep(PAUSE_S)
    assert order == list(range(10))


def test_wait_idle(submission):
    pool, gate, ended = submission.ThreadPool(2), threading.Event(), []
    assert pool.wait_idle(5)
    pool.execute(lambda: (gate.wait(), ended.append(1)))
    time.sleep(PAUSE_S)
    begin = time.monotonic()
    assert not pool.wait_idle(0.5)
    assert 0.4 < time.monotonic() - begin < 1.5
    threading.Timer(0.5, gate.set).start()
    assert pool.wait_idle()
    assert ended


@pytest.mark.parametrize("round_", range(50))
def test_lost_wakeups_by_repetition(submission, round_):
    pool, done = submission.ThreadPool(1), threading.Semaphore(0)
    for _ in range(2):
        pool.execute(done.release)
    for _ in range(2):
        assert done.acquire(timeout=5)
    ran, closing = [], submission.ThreadPool(2)
    for number in range(3):
        closing.execute(lambda number=number: ran.append(number))
    closing.close()
    assert len(ran) == 3
    pool.close()
