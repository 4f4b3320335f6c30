"""What is done with a submission to ex08. Runs beside the student's code and holds no expectation.

Whoever may have to wait does so on a thread of the scenario's own, so that a call that never comes back is told as "missing" and does
not hang the scenario. Time is virtual: waiting for an answer costs nothing.
"""

import contextlib
import threading
import time

from threadmarks.prelude import Full, RecvError, SendError, TryRecvError

_PATIENCE_S = 5
_EXPECTED = (Full, RecvError, SendError, TryRecvError, TimeoutError)


class _Answer(threading.Thread):
    """Makes a call on a thread of its own and keeps what came of it."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self._call = call
        self.how, self.what, self.at_s = "missing", None, None
        self.start()

    def run(self):
        self.how, self.what = _outcome(self._call)
        self.at_s = time.monotonic()

    def told(self):
        """["value", v], ["raised", type, more] or ["missing"], after waiting for it."""
        self.join(_PATIENCE_S)
        return _told(self.how, self.what)


def _outcome(call):
    try:
        return "value", call()
    except Exception as error:
        return "raised", error


def _told(how, what):
    """An outcome as a note takes it. Of a SendError the value too, of a TryRecvError which one it is."""
    if how != "raised":
        return [how, what] if how == "value" else ["missing"]
    if isinstance(what, SendError):
        return ["raised", "SendError", what.value]
    for name in ("Empty", "Disconnected"):
        if isinstance(what, getattr(TryRecvError, name)):
            return ["raised", name]
    return ["raised", type(what).__name__]


def _ask(call):
    """What came of a call that may never return."""
    return _Answer(call).told()


def _now(call):
    """What came of a call that must not wait."""
    return _told(*_outcome(call))


def _in_parallel(*calls):
    """What came of calls that are made at the same time."""
    return [answer.told() for answer in [_Answer(call) for call in calls]]


def _drain(receiver, into):
    """Receive until nothing more comes; None was never sent, and would come on and on."""
    with contextlib.suppress(RecvError):
        while (value := receiver.recv()) is not None:
            into.append(value)


def _sender_of(sender, values):
    """A thread's work: send the values, then close."""

    def work():
        for value in values:
            sender.send(value)
        sender.close()

    return work


# ---- order and completeness


def per_sender(student, probe):
    """Three senders with twenty values each; one receiver iterates."""
    base = probe.random.randrange(1 << 20)
    sender, receiver = student.channel()
    senders = [sender, sender.clone(), sender.clone()]
    for number, one in enumerate(senders):
        _Answer(_sender_of(one, [[number, base + n] for n in range(20)]))
    received = []
    reading = _Answer(lambda: received.extend(receiver))
    probe.note("reading", reading.told())
    probe.note("received", received)


def four_senders(student, probe):
    """Four senders with five hundred values each, and two threads that share the receiver."""
    base = probe.random.randrange(1 << 20)
    sender, receiver = student.channel()
    senders = [sender, *(sender.clone() for _ in range(3))]
    received = [[], []]
    answers = [_Answer(_sender_of(one, range(base + 500 * n, base + 500 * n + 500))) for n, one in enumerate(senders)]
    answers += [_Answer(lambda into=into: _drain(receiver, into)) for into in received]
    probe.note("ends", [answer.told()[0] for answer in answers])
    probe.note("received", sorted(received[0] + received[1], key=repr))


def two_and_two(student, probe):
    """Two senders and two receivers on a channel that holds one value."""
    _pairs(student, probe, 1)


def two_and_two_hand_over(student, probe):
    """Two senders and two receivers on a channel that holds nothing."""
    _pairs(student, probe, 0)


def _pairs(student, probe, capacity):
    sender, receiver = student.channel(capacity)
    other = sender.clone()
    told = _in_parallel(receiver.recv, receiver.recv, lambda: sender.send(1), lambda: other.send(2))
    probe.note("received", sorted(told[:2], key=repr))
    probe.note("sent", told[2:])


# ---- waiting


def waits(student, probe):
    """One thread waits for a value, another for room, for twenty seconds in which nothing happens."""
    source, receiver = student.channel()
    sender, _full = student.channel(1)
    sender.send("first")
    receiving, sending = _Answer(receiver.recv), _Answer(lambda: sender.send("second"))
    time.sleep(1)
    probe.mark("begin")
    time.sleep(20)
    probe.mark("end")
    probe.note("threads", [probe.serial(receiving), probe.serial(sending)])
    probe.note("still", receiving.how)
    source.send("value")
    probe.note("received", receiving.told())


# ---- closing


def buffered_then_closed(student, probe):
    """Three values are sent, the sender is closed, and then somebody receives; the same by iteration."""
    values = [probe.random.randrange(1 << 30) for _ in range(3)]
    sender, receiver = student.channel()
    for value in values:
        sender.send(value)
    sender.close()
    probe.note("received", [_ask(receiver.recv) for _ in range(3)])
    probe.note("after", [_ask(receiver.recv), _ask(receiver.recv), _now(receiver.try_recv)])
    sender, receiver = student.channel()
    for value in values:
        sender.send(value)
    sender.close()
    probe.note("iterated", _ask(lambda: list(receiver)))


def three_wait_for_the_end(student, probe):
    """Three threads wait in recv when the last of two senders is closed."""
    sender, receiver = student.channel()
    other = sender.clone()
    answers = [_Answer(receiver.recv) for _ in range(3)]
    time.sleep(1)
    sender.close()
    sender.close()
    time.sleep(1)
    probe.note("early", [answer.how for answer in answers])
    other.send("still open")
    time.sleep(1)
    probe.note("middle", sorted(answer.how for answer in answers))
    other.close()
    probe.note("ends", sorted((answer.told() for answer in answers), key=repr))


def nobody_receives(student, probe):
    """The receiver is closed while two senders wait for room, and others come later; with room and without, and hand-over."""
    value = probe.random.randrange(1 << 30)
    sender, receiver = student.channel(1)
    other = sender.clone()
    sender.send("in the channel")
    answers = [_Answer(lambda: sender.send(value)), _Answer(lambda: other.send(value + 1))]
    time.sleep(1)
    receiver.close()
    probe.note("waited", [answer.told() for answer in answers])
    probe.note("later", [_ask(lambda: sender.send(value + 2)), _now(lambda: sender.try_send(value + 3))])
    sender, receiver = student.channel()
    receiver.close()
    probe.note("unbounded", [_ask(lambda: sender.send(value)), _now(lambda: sender.try_send(value + 1))])
    sender, receiver = student.channel(0)
    answer = _Answer(lambda: sender.send(value))
    time.sleep(1)
    receiver.close()
    probe.note("handing_over", [answer.told(), _ask(lambda: sender.send(value + 1))])


def close_against_recv(student, probe):
    """A receiver may be about to wait when the only sender is closed."""
    sender, receiver = student.channel()
    receiving = _Answer(receiver.recv)
    sender.close()
    probe.note("end", receiving.told())


def clones_against_close(student, probe):
    """A sender is cloned and closed on two threads; at the end one clone is left, which sends."""
    sender, receiver = student.channel()
    clones = []

    def clone_and_close():
        clone = sender.clone()
        clone.clone().close()
        clones.append(clone)

    _in_parallel(clone_and_close, clone_and_close)
    sender.close()
    clones[0].close()
    probe.note("open", _now(receiver.try_recv))
    clones[1].close()
    probe.note("closed", _now(receiver.try_recv))


# ---- back pressure


def full_channel(student, probe):
    """A helper sends four values into a channel that holds two; then there is room, step by step."""
    sender, receiver = student.channel(2)
    sent = []

    def send_four():
        for number in range(4):
            sender.send(number)
            sent.append(number)

    helper = _Answer(send_four)
    time.sleep(1)
    probe.note("sent", len(sent))
    probe.note("try_send", _now(lambda: sender.try_send("no room")))
    probe.note("first", _ask(receiver.recv))
    time.sleep(1)
    probe.note("sent_then", len(sent))
    probe.note("second", _now(receiver.try_recv))
    probe.note("helper", helper.told()[0])
    probe.note("rest", [_ask(receiver.recv), _ask(receiver.recv), _now(receiver.try_recv)])
    probe.note("room", [_now(lambda: sender.try_send(5)), _now(lambda: sender.try_send(6))])
    probe.note("room_again", [_now(receiver.try_recv), _now(receiver.try_recv)])


def hand_over(student, probe):
    """A channel of capacity 0: the sender comes first, the receiver comes first, and nobody is there."""
    sender, receiver = student.channel(0)
    probe.note("nobody", [_now(lambda: sender.try_send(0)), _now(receiver.try_recv)])
    sending = _Answer(lambda: sender.send("first"))
    time.sleep(1)
    probe.note("waits", sending.how)
    probe.note("try_send", _now(lambda: sender.try_send("nobody waits for it")))
    probe.note("taken", _ask(receiver.recv))
    probe.note("sent", sending.told()[0])
    receiving = _Answer(receiver.recv)
    time.sleep(1)
    probe.note("to_waiting", _ask(lambda: sender.send("second"))[0])
    probe.note("received", receiving.told())
    receiving = _Answer(receiver.recv)
    time.sleep(1)
    probe.note("tried", _now(lambda: sender.try_send("third")))
    probe.note("received_tried", receiving.told())
    sending = _Answer(lambda: sender.send("fourth"))
    time.sleep(1)
    probe.note("try_recv", [_now(receiver.try_recv), sending.told()[0]])
    receiving = _Answer(receiver.recv)
    time.sleep(1)
    probe.note("two_for_one", [_now(lambda: sender.try_send("fifth")), _now(lambda: sender.try_send("sixth"))])
    probe.note("received_one", receiving.told())


# ---- time-outs


def times_out(student, probe):
    """recv on an empty channel, while clones of the sender are closed; send into a full one; send with nobody to take it.

    Last, recv is woken for a value that another call takes away.
    """
    sender, receiver = student.channel()
    clones = [sender.clone() for _ in range(3)]
    begin_s = time.monotonic()
    answer = _Answer(lambda: receiver.recv(1))
    for clone in clones:
        time.sleep(0.4)
        clone.close()
    probe.note("recv", _timed(answer, begin_s))
    sender.send("later")
    probe.note("usable", _ask(lambda: receiver.recv(1)))
    for name, capacity in (("send", 1), ("hand_over", 0)):
        sender, receiver = student.channel(capacity)
        if capacity:
            sender.send("first")
        begin_s = time.monotonic()
        answer = _Answer(lambda sender=sender: sender.send("too late", timeout=1))
        probe.note(name, _timed(answer, begin_s))
        if capacity:
            probe.note("first", _now(receiver.try_recv))
        probe.note(f"{name}_left", _now(receiver.try_recv))
    sender, receiver = student.channel()
    begin_s = time.monotonic()
    answer = _Answer(lambda: receiver.recv(1))
    time.sleep(0.5)
    sender.send("for one of two")
    probe.note("taken_away", _now(receiver.try_recv))
    probe.note("recv_again", _timed(answer, begin_s))


def _timed(answer, begin_s):
    told = answer.told()
    return {"told": told, "waited_s": None if answer.at_s is None else round(answer.at_s - begin_s, 6)}


# ---- values


def any_value(student, probe):
    """Values that are false, two that are drawn, and an exception, through a channel and through oneshots."""
    number = probe.random.randrange(1 << 30)
    values = [None, 0, "", [], False, number, [number]]
    sender, receiver = student.channel()
    for value in values:
        sender.send(value)
    probe.note("received", [_ask(receiver.recv) for _ in values])
    error = ValueError("as a value")
    sender.send(error)
    answer = _Answer(receiver.recv)
    answer.join(_PATIENCE_S)
    probe.note("exception", [answer.how, answer.what is error])
    for value in values:
        sender.send(value)
    probe.note("tried", [_now(receiver.try_recv) for _ in values])
    for value in values:
        sender.send(value)
    sender.close()
    probe.note("iterated", _ask(lambda: list(receiver)))


# ---- oneshot


def oneshots(student, probe):
    """A value that is there, one that is waited for, a second send, and each end closed first."""
    value = probe.random.randrange(1 << 30)
    sender, receiver = student.oneshot()
    probe.note("sent", _ask(lambda: sender.send(value)))
    probe.note("again", _ask(lambda: sender.send(value + 1)))
    probe.note("received", _ask(receiver.recv))
    probe.note("no_more", _ask(receiver.recv))
    sender, receiver = student.oneshot()
    begin_s = time.monotonic()
    probe.note("timeout", _timed(_Answer(lambda: receiver.recv(1)), begin_s))
    answer = _Answer(receiver.recv)
    time.sleep(1)
    sender.send(None)
    probe.note("waited", answer.told())
    sender, receiver = student.oneshot()
    answer = _Answer(receiver.recv)
    time.sleep(1)
    sender.close()
    probe.note("dropped_sender", [answer.told(), _ask(receiver.recv)])
    sender, receiver = student.oneshot()
    receiver.close()
    probe.note("dropped_receiver", _ask(lambda: sender.send(value)))
    sender, receiver = student.oneshot()
    sender.send(value)
    sender.close()
    probe.note("sent_then_closed", _ask(receiver.recv))


def two_send_once(student, probe):
    """Two threads send through one oneshot at the same time."""
    sender, receiver = student.oneshot()
    other = _Answer(lambda: sender.send(2))
    probe.note("sent", [_now(lambda: sender.send(1)), other.told()])
    probe.note("received", [_ask(receiver.recv), _ask(receiver.recv)])


# ---- looking and taking


def two_try(student, probe):
    """One value is there, and two threads try to receive it."""
    sender, receiver = student.channel()
    sender.send("only")
    other = _Answer(receiver.try_recv)
    probe.note("tried", sorted([_now(receiver.try_recv), other.told()], key=repr))


def recv_against_try(student, probe):
    """One thread waits in recv when a value is sent, and another may try to take it away; then a second value is sent."""
    sender, receiver = student.channel()
    waiting, sending, trying = _Answer(receiver.recv), _Answer(lambda: sender.send(1)), _Answer(receiver.try_recv)
    sending.told()
    tried = trying.told()
    sender.send(2)
    probe.note("tried", [waiting.told(), tried])


def two_try_send(student, probe):
    """There is room for one value, and two threads try to send."""
    sender, receiver = student.channel(1)
    other = _Answer(lambda: sender.try_send(2))
    probe.note("tried", sorted([_now(lambda: sender.try_send(1)), other.told()], key=repr))
    probe.note("received", [_now(receiver.try_recv)[0], _now(receiver.try_recv)])


def small_print(student, probe):
    """Negative capacities, and two channels side by side."""
    below = -probe.random.randrange(1, 9)

    def refused(capacity):
        try:
            student.channel(capacity)
        except ValueError:
            return "ValueError"
        return "accepted"

    first, second = student.channel(), student.channel()
    probe.note("capacities", [refused(below), refused(0)])
    first[0].send("one")
    second[0].send("two")
    probe.note("received", [_ask(second[1].recv), _ask(first[1].recv), _now(first[1].try_recv)])
