"""Drivers of the pairs in which threads share data: updates, checks, publication, iteration.

A driver runs beside the program, like an exercise's scenario: it uses it and notes what came of it, and holds no
expectation. `probe.attempt` tells a call's value or exception.
"""

import threading


def _together(probe, *calls):
    """What each call gave; each is made in a thread of its own, all at once."""
    answers = [None] * len(calls)

    def make(number, call):
        answers[number] = probe.attempt(call)

    threads = [threading.Thread(target=make, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def counter_attribute(student, probe):
    """Two threads count twice each."""
    counter = student.HitCounter()

    def visit_twice():
        counter.visit()
        counter.visit()

    _together(probe, visit_twice, visit_twice)
    probe.note("hits", counter.hits)


def counter_dict_value(student, probe):
    """Two threads count the words of a text each."""
    _together(probe, lambda: student.count_words("a b"), lambda: student.count_words("b a"))
    probe.note("counts", sorted(student.counts.items()))


def counter_list_item(student, probe):
    """Two threads add to the same bin."""
    histogram = student.Histogram(2, 10)
    _together(probe, lambda: histogram.add_all([1, 2]), lambda: histogram.add_all([3, 14]))
    probe.note("bins", histogram.bins)


def total_global(student, probe):
    """Two tills sell at the same time."""
    _together(probe, lambda: student.sell(["tea", "cake"]), lambda: student.sell(["soup"]))
    probe.note("total", student.total)


def balance_property(student, probe):
    """Two deposits."""
    account = student.Account(100)
    _together(probe, lambda: account.deposit(10), lambda: account.deposit(20))
    probe.note("balance", account.balance)


def closure_counter(student, probe):
    """Two threads take two ids each."""
    new_id = student.make_ids("order")
    taken = _together(probe, lambda: [new_id(), new_id()], lambda: [new_id(), new_id()])
    probe.note("different", len({name for _, names in taken for name in names}))


def high_score(student, probe):
    """Two players report."""
    score = student.HighScore()
    _together(probe, lambda: score.report("ann", 70), lambda: score.report("bob", 90))
    probe.note("best", [score.best, score.holder])


def pop_last(student, probe):
    """Two threads want the last item."""
    stack = student.Stack(["last"])
    answers = _together(probe, stack.take, stack.take)
    probe.note("answers", sorted(answers, key=str))


def cache_evicted(student, probe):
    """One looks up what another evicts."""
    cache = student.Cache()
    cache.store("/", "home")
    answer, _ = _together(probe, lambda: cache.look_up("/"), lambda: cache.evict("/"))
    probe.note("kind", answer[0])


def loaded_twice(student, probe):
    """Two threads want the same thing first."""
    _together(probe, lambda: student.get("logo"), lambda: student.get("logo"))
    probe.note("loads", student.loads)


def lazy_singleton(student, probe):
    """Two threads use the one instance first."""
    _together(probe, lambda: student.remember("a", 1), lambda: student.remember("b", 2))
    probe.note("kept", sorted(student.Settings.instance().values))


def bounded_inbox(student, probe):
    """Three messages for two places."""
    inbox = student.Inbox(2)
    inbox.offer("first")
    _together(probe, lambda: inbox.offer("second"), lambda: inbox.offer("third"))
    probe.note("messages", len(inbox.messages))


def cancel_against_start(student, probe):
    """One starts the job that another cancels."""
    job = student.Job()
    started, cancelled = _together(probe, job.start, job.cancel)
    probe.note("both", [started[1], cancelled[1]].count(True))


def half_built_table(student, probe):
    """Two threads need the table first."""
    probe.note("answers", _together(probe, lambda: student.square(2), lambda: student.square(3)))


def flag_before_data(student, probe):
    """One polls for what another computes."""
    result = student.Result()
    polled, _ = _together(probe, result.poll, lambda: result.compute([1, 2, 3]))
    probe.note("known", polled[1] in (6, "not yet"))


def handlers_change(student, probe):
    """One publishes while another subscribes."""
    for name in ("a", "b"):
        student.subscribe(name, lambda event: None)
    told, _ = _together(probe, lambda: student.publish("news"), lambda: student.subscribe("c", lambda event: None))
    probe.note("published", told[0])


def listener_skipped(student, probe):
    """The first listener leaves during a broadcast."""
    radio = student.Radio()
    leaver, stayer = [], []
    radio.tune_in(leaver)
    radio.tune_in(stayer)
    _together(probe, lambda: radio.broadcast("news"), lambda: radio.leave(leaver))
    probe.note("heard", stayer)


def aba_stack(student, probe):
    """One pops; another pops two nodes and pushes the first of them again."""
    stack = student.Stack()
    for value in (1, 2, 3):
        stack.push(student.Node(value))
    got = []

    def shuffle():
        first, second = stack.pop(), stack.pop()
        got.append(second.value)
        stack.push(first)

    def take():
        got.append(stack.pop().value)

    _together(probe, take, shuffle)
    node = stack.pop()
    while node is not None:
        got.append(node.value)
        node = stack.pop()
    probe.note("values", sorted(got))
