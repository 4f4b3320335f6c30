"""The checks of ex08. Every expectation lives here."""

from typing import Any

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

LATE_S = 0.001
"""How much later than its time a time-out may come, in virtual seconds."""
POLLS_PER_SECOND = 10
WAKES_PER_POLL = 3  # a wait that is over wakes its thread, and may wake it again for the lock
HELD = 2  # of the channel that a witness fills
WAITING = 3  # receivers that a witness lets wait
EMPTY, DISCONNECTED = ["raised", "Empty"], ["raised", "Disconnected"]
FULL, ENDED, TIMED_OUT = ["raised", "Full"], ["raised", "RecvError"], ["raised", "TimeoutError"]
SPINNING_MEANS = (
    "Who waits lets the operating system wait: a Condition's wait() gives the lock back and sleeps until somebody notifies it. "
    "A loop that asks again and again, or naps in between, keeps a core busy, or comes late."
)


WOKEN_MEANS = "To be woken means: look again. `while not there: wait()`, or wait_for, looks as often as it takes."


def _got(value: Any) -> list[Any]:
    return ["value", value]


def _unordered(told: Any) -> Any:
    """The list that a call returned, in an order of its own: in which order values come is a check by itself."""
    return sorted(told[1], key=repr) if told[0] == "value" and isinstance(told[1], list) else told


def _refused(value: Any) -> list[Any]:
    return ["raised", "SendError", value]


def _stumbled(*told: list[Any]) -> bool:
    """Whether one of the calls raised what no channel raises, such as the IndexError of an empty deque."""
    known = ("Full", "RecvError", "SendError", "TimeoutError", "Empty", "Disconnected")
    return any(each[0] == "raised" and each[1] not in known for each in told)


# ---- order and completeness


@check(
    points=2,
    title="The values of one sender arrive in the order in which it sent them",
    concept="channel",
    visibility="visible",
    about="channel",
)
async def test_fifo_per_sender(run: Run) -> None:
    trace = await run("per_sender")
    base = trace.inputs().randrange(1 << 20)
    expect(
        trace.note("reading").value[0] == "value",
        code="iteration-never-ends",
        message="Iterating over the receiver did not end after the last sender was closed.",
        measured="how `for value in receiver` ended; three senders send twenty values each and are closed",
        seen=trace.note("reading").value,
        wanted="its end",
        means="__iter__ ends when recv raises RecvError. That exception is not for whoever iterates.",
    )
    wanted, received = [[base + n for n in range(20)]] * 3, trace.note("received").value
    pairs = [value for value in received if isinstance(value, list) and len(value) == 2]
    seen = [[value for sender, value in pairs if sender == number] for number in range(len(wanted))]
    expect(
        seen == wanted and len(pairs) == len(received),
        code="out-of-order",
        message="What one sender sent did not arrive in the order in which it was sent, or not all of it.",
        measured="the values received from each sender, in the order of their arrival",
        seen=seen,
        wanted=wanted,
        means="Values go in at one end and come out at the other. Between different senders no order is promised.",
    )


@check(
    points=2,
    title="Every value arrives, and each arrives once",
    concept="channel",
    evidence="outside",
    witness="drawn_values_arrive_once",
    about="channel",
)
async def test_all_delivered(run: Run) -> None:
    trace = await run("four_senders")
    base = trace.inputs().randrange(1 << 20)
    ends, received = trace.note("ends").value, trace.note("received").value
    expect(
        received == sorted(range(base, base + 2000), key=repr),
        code="lost-or-doubled",
        message="Values were lost, or arrived twice.",
        measured="values received by two threads that share the receiver, and different ones among them; four senders send 500 each",
        seen=[len(received), len({repr(value) for value in received})],
        wanted=[2000, 2000],
    )
    expect(
        ends == ["value"] * 6,
        code="not-ended",
        message="A sender or a receiver did not come to its end.",
        measured="how the four senders and the two receivers ended",
        seen=ends,
        wanted=["value"] * 6,
    )


@witness("values_through_a_channel")
def drawn_values_arrive_once(watch: Watch) -> None:
    """What the judge gives to three senders comes back from two receivers, each value once."""
    values = [watch.random.randrange(1 << 30) for _ in range(30)]
    watch.serve("values", values)
    watch.hold(received=1)
    seen, wanted = watch.open("received")[0].value, sorted(values, key=repr)
    watch.fact(seen == wanted, "values received, of those that the judge drew", seen, wanted)


# ---- waiting


@check(
    points=3,
    title="Who waits for a value or for room sleeps, and does not ask again and again",
    concept="blocking",
    witness="nothing_to_receive",
    visibility="visible",
    about="Receiver.recv",
)
async def test_blocks_not_spins(run: Run) -> None:
    trace = await run("waits", allow=("spinning", "stalled"))
    spins = [event.line for event in trace.record.events if event.kind == "spin" and event.thread and event.line]
    expect(
        not spins,
        code="waiting-spins",
        message="A thread that waited in recv or send kept on asking.",
        measured="what it did while nothing happened",
        seen="thousands of steps in a row that had no effect on anybody",
        wanted="nothing",
        means=SPINNING_MEANS,
        place=spins[0] if spins else None,
    )
    expect(
        trace.note("still").value == "missing",
        code="does-not-wait",
        message="recv of an empty channel did not wait.",
        measured="what recv did while nothing happened for 21 virtual seconds",
        seen=trace.note("still").value,
        wanted="missing",
        means="An empty channel whose senders are open may get a value at any time.",
    )
    resumes = trace.resumes_between("begin", "end", origin="driver")
    wakes = max(resumes.get(serial, 0) for serial in trace.note("threads").value)
    expect(
        wakes <= POLLS_PER_SECOND * 20 + 1,
        code="waiting-spins",
        message="A thread that waited in recv or send woke up again and again.",
        measured="wake-ups of the busier of the two waiting threads in 20 virtual seconds in which nothing happens",
        seen=wakes,
        wanted=0,
        means=SPINNING_MEANS,
    )
    if wakes:
        expect.note(
            code="waiting-polls",
            message="A waiting thread wakes up now and then although nothing happens.",
            measured="wake-ups of the busier of the two waiting threads in 20 virtual seconds in which nothing happens",
            seen=wakes,
            wanted=0,
            means="A time-out in a loop is a slow kind of spinning, and it hides lost wake-ups.",
        )
    expect(
        trace.note("received").value == _got("value"),
        code="never-woken",
        message="A thread that waited for a value did not get the one that was sent.",
        measured="how the recv that waited ended after a send",
        seen=trace.note("received").value,
        wanted=_got("value"),
        means="Whoever puts a value in wakes one who waits for a value.",
    )


@witness("receiver_without_values")
def nothing_to_receive(watch: Watch) -> None:
    """Nobody wakes up far more often than any polling that is a remark only."""
    watch.hold(waiting=1)
    watch.quiet(most_per_second=POLLS_PER_SECOND * WAKES_PER_POLL, seconds=0.5)


# ---- closing


@check(
    points=4,
    title="What was sent before the end is received; then everybody learns of the end, whoever waits too",
    concept="closing",
    evidence="outside",
    witness="everybody_learns_of_the_end",
    about="Sender.close",
)
async def test_close_semantics(run: Run, explore: Explore) -> None:
    await _drained_then_ended(run)
    trace = await run("three_wait_for_the_end")
    expect(
        trace.note("early").value == ["missing"] * 3,
        code="closed-too-early",
        message="A receiver was told that all senders are gone although a clone was still open.",
        measured="what three waiting receivers got when one of two senders had been closed, twice",
        seen=trace.note("early").value,
        wanted=["missing"] * 3,
        means="Each clone counts. The channel ends with the last of them, and closing one twice is closing one.",
    )
    expect(
        trace.note("middle").value == ["missing", "missing", "value"],
        code="closed-too-early",
        message="A value from the clone that was still open did not reach exactly one of three waiting receivers.",
        measured="what the three waiting receivers got after one more value was sent",
        seen=trace.note("middle").value,
        wanted=["missing", "missing", "value"],
    )
    expect(
        trace.note("ends").value == [ENDED, ENDED, _got("still open")],
        code="waiters-not-woken",
        message="When the last sender was closed, not every waiting receiver learned of it.",
        measured="how three recv ended: one gets a value, two wait when the last sender is closed",
        seen=trace.note("ends").value,
        wanted=[ENDED, ENDED, _got("still open")],
        means=WOKEN_MEANS
        if _stumbled(*trace.note("ends").value)
        else "The end concerns everybody who waits: notify_all. A mark that is put into the channel is found by one of them only.",
    )
    await _senders_learn(run)
    await explore("close_against_recv", _woken_by_the_end, schedules=60)
    await explore("clones_against_close", _clones_count, schedules=40)


async def _drained_then_ended(run: Run) -> None:
    trace = await run("buffered_then_closed")
    draw = trace.inputs()
    values = [draw.randrange(1 << 30) for _ in range(3)]
    expect(
        sorted(trace.note("received").value, key=repr) == sorted(map(_got, values), key=repr),
        code="buffered-values-lost",
        message="What was sent before the last sender was closed could not be received any more.",
        measured="what three recv gave; three values were sent, then the sender was closed",
        seen=trace.note("received").value,
        wanted=[_got(value) for value in values],
        means="Closing ends the sending. What is in the channel is still the receiver's.",
    )
    expect(
        trace.note("after").value == [ENDED, ENDED, DISCONNECTED],
        code="end-not-told",
        message="After the last value of a closed channel, recv or try_recv does not say that it is the end.",
        measured="what recv, recv again, and try_recv did after the last value",
        seen=trace.note("after").value,
        wanted=[ENDED, ENDED, DISCONNECTED],
        means="None is a value; the end is told by an exception, as often as somebody asks.",
    )
    expect(
        _unordered(trace.note("iterated").value) == sorted(values, key=repr),
        code="iteration-differs",
        message="Iterating over the receiver of a closed channel did not give what was in it.",
        measured="list(receiver)",
        seen=trace.note("iterated").value,
        wanted=_got(values),
    )


async def _senders_learn(run: Run) -> None:
    trace = await run("nobody_receives")
    value = trace.inputs().randrange(1 << 30)
    expect(
        trace.note("waited").value == [_refused(value), _refused(value + 1)],
        code="senders-not-woken",
        message="Senders waited for room when the receiver was closed, and did not learn of it.",
        measured="how two send that waited for room ended when the receiver was closed, with the value of the SendError",
        seen=trace.note("waited").value,
        wanted=[_refused(value), _refused(value + 1)],
        means="Closing the receiver changes what senders wait for: wake all of them. SendError gives the value back.",
    )
    seen = [*trace.note("later").value, *trace.note("unbounded").value, *trace.note("handing_over").value]
    wanted = [_refused(value + n) for n in (2, 3, 0, 1, 0, 1)]
    expect(
        seen == wanted,
        code="sent-to-nobody",
        message="A value was sent although the receiver was closed.",
        measured="what send and try_send did: to a full channel, to one without a bound, and to one of capacity 0 (a send that waits, "
        "a send afterwards), each with its receiver closed",
        seen=seen,
        wanted=wanted,
        means="Whether anybody receives comes before whether there is room.",
    )


def _woken_by_the_end(trace: Trace) -> None:
    """Whoever is about to wait hears of what comes just then."""
    expect(
        trace.note("end").value == ENDED,
        code="slept-through-it",
        message="A thread was about to wait in recv when the last sender was closed, and it did not learn of it.",
        measured="how recv ended",
        seen=trace.note("end").value,
        wanted=ENDED,
        means="Looking whether there is anything, and going to sleep, is one step under the lock under which others send and close.",
    )


def _clones_count(trace: Trace) -> None:
    seen = [trace.note("open").value, trace.note("closed").value]
    expect(
        seen == [EMPTY, DISCONNECTED],
        code="clones-miscounted",
        message="Senders were cloned and closed on two threads at the same time, and the channel lost count of them.",
        measured="what try_recv did with one clone left open, and with none",
        seen=seen,
        wanted=[EMPTY, DISCONNECTED],
        means="`count += 1` is three steps. The number of senders belongs under the lock, like everything the ends share.",
    )


@witness("receivers_at_the_end")
def everybody_learns_of_the_end(watch: Watch) -> None:
    """Three threads receive; the only sender sends one value and closes: one gets it, two learn of the end."""
    ticket = watch.random.randrange(1 << 30)
    watch.serve("value", ticket)
    watch.serve("receivers", WAITING)
    watch.hold(ended=WAITING)
    seen = sorted([call.value for call in watch.open("ended")], key=repr)
    wanted = sorted([["value", ticket], *[["RecvError"]] * (WAITING - 1)], key=repr)
    watch.fact(seen == wanted, "how the receivers ended", seen, wanted)


# ---- back pressure


@check(
    points=3,
    title="A full channel makes senders wait, and a channel of capacity 0 hands over",
    concept="back pressure",
    evidence="outside",
    witness="no_more_than_fit",
    about="Sender.send",
)
async def test_backpressure(run: Run, explore: Explore) -> None:
    trace = await run("full_channel")
    expect(
        trace.note("sent").value == 2,
        code="no-back-pressure",
        message="A channel that holds two values took another number of them.",
        measured="sends that had returned, of four, while nobody received; capacity=2",
        seen=trace.note("sent").value,
        wanted=2,
        means="A bound that nobody waits for is none. send waits until there is room.",
    )
    expect(
        trace.note("try_send").value == FULL,
        code="full-not-told",
        message="try_send into a full channel did not raise Full.",
        measured="what try_send did",
        seen=trace.note("try_send").value,
        wanted=FULL,
        means="An exception that is returned is a value like any other, and nobody looks at it.",
    )
    names = ("first", "sent_then", "second", "helper", "rest")
    first, sent, second, helper, rest = seen = [trace.note(name).value for name in names]
    wanted: list[Any] = [_got(0), 3, _got(1), "value", [_got(2), _got(3), EMPTY]]
    all_four = sorted([first, second, *rest], key=repr) == sorted([*map(_got, range(4)), EMPTY], key=repr)
    expect(
        all_four and (sent, helper) == (3, "value"),
        code="room-not-told",
        message="When a value was taken out of the full channel, not exactly one waiting send went on.",
        measured="the first recv; sends that had returned then; try_recv; how the sender ended; recv, recv and try_recv",
        seen=seen,
        wanted=wanted,
        means="Whoever takes a value out wakes one who waits for room.",
    )
    expect(
        trace.note("room").value == [_got(None)] * 2
        and sorted(trace.note("room_again").value, key=repr) == [_got(5), _got(6)],
        code="room-refused",
        message="try_send into a channel with room did not send.",
        measured="what two try_send did, and two try_recv after them; capacity=2",
        seen=[*trace.note("room").value, *trace.note("room_again").value],
        wanted=[_got(None), _got(None), _got(5), _got(6)],
    )
    _handed_over(await run("hand_over"))
    await explore("two_and_two", _both_arrive, schedules=60)
    await explore("two_and_two_hand_over", _both_arrive, schedules=60)
    await explore("two_try_send", _one_finds_room, schedules=30)


def _handed_over(trace: Trace) -> None:
    expect(
        trace.note("waits").value == "missing",
        code="not-handed-over",
        message="send into a channel of capacity 0 returned although nobody had received.",
        measured="what send did in a second in which nobody receives",
        seen=trace.note("waits").value,
        wanted="missing",
        means="Capacity 0 holds nothing: send returns when a receiver has the value. A buffer for one value is capacity 1.",
    )
    seen = [trace.note("nobody").value, trace.note("try_send").value]
    expect(
        seen == [[FULL, EMPTY], FULL],
        code="try-send-hand-over",
        message="try_send of capacity 0 does not raise Full when nobody waits for a value, or try_recv does not say that there is none.",
        measured="try_send and try_recv with nobody there; try_send while another sender waits",
        seen=seen,
        wanted=[[FULL, EMPTY], FULL],
        means="There is room in a channel of capacity 0 only while more receivers wait than senders.",
    )
    names = ("taken", "sent", "to_waiting", "received", "tried", "received_tried", "try_recv")
    seen = [trace.note(name).value for name in names]
    wanted: list[Any] = [
        _got("first"),
        "value",
        "value",
        _got("second"),
        _got(None),
        _got("third"),
        [_got("fourth"), "value"],
    ]
    expect(
        seen == wanted,
        code="hand-over-fails",
        message="A channel of capacity 0 did not hand a value from one thread to another.",
        measured="recv and the send that waited; send and the recv that waited; try_send and the recv that waited; try_recv and "
        "the send that waited",
        seen=seen,
        wanted=wanted,
        means="Whoever comes first waits for the other. Then both go on.",
    )
    seen = [trace.note("two_for_one").value, trace.note("received_one").value]
    expect(
        seen == [[_got(None), FULL], _got("fifth")],
        code="try-send-hand-over",
        message="One recv waited at a channel of capacity 0, and not exactly the first of two try_send found it.",
        measured="two try_send, one after the other; the recv that waited",
        seen=seen,
        wanted=[[_got(None), FULL], _got("fifth")],
        means="Who has a value coming waits for no other. There is room in a channel of capacity 0 only while more receivers wait than "
        "values are on their way.",
    )


def _both_arrive(trace: Trace) -> None:
    seen = [trace.note("sent").value, trace.note("received").value]
    wanted = [[_got(None), _got(None)], [_got(1), _got(2)]]
    expect(
        seen == wanted,
        code="stuck",
        message="Two threads sent a value each and two received, and not all of them got through.",
        measured="how the two send and the two recv ended",
        seen=seen,
        wanted=wanted,
        means=WOKEN_MEANS
        if _stumbled(*trace.note("sent").value, *trace.note("received").value)
        else "One Condition for both sides, and notify(): the wake-up can go to somebody who waits for the opposite. Two Conditions "
        "of one lock tell them apart; or wake all.",
    )


def _one_finds_room(trace: Trace) -> None:
    tried, received = trace.note("tried").value, trace.note("received").value
    expect(
        tried == [FULL, _got(None)] and received == ["value", EMPTY],
        code="looked-then-put",
        message="There was room for one value, two threads tried to send, and not exactly one succeeded.",
        measured="how the two try_send ended; then two try_recv",
        seen=[tried, received],
        wanted=[[FULL, _got(None)], ["value", EMPTY]],
        means="Between looking for room and putting the value in, another thread can come. Both belong under one lock.",
    )


@witness("channel_that_fills")
def no_more_than_fit(watch: Watch) -> None:
    """While nobody receives, never more sends return than the channel holds."""
    watch.serve("capacity", HELD)
    watch.serve("sent")
    watch.hold(receiver=1)
    watch.until(lambda: len(watch.seen("sent")) > HELD, 0.2)
    watch.settle()
    sent = len(watch.seen("sent"))
    watch.fact(sent <= HELD, "sends that returned while nobody received", sent, HELD)


# ---- time-outs, values


def _why_not_in_time(told: list[Any]) -> str:
    if told[0] == "value":
        return "Where there is nothing to take, or no room, the call does not return: it waits until its time is over."
    if _stumbled(told):
        return WOKEN_MEANS
    return "Work out once when the time is over. Whoever is woken and finds nothing waits for what is left of it."


@check(
    points=1,
    title="A time-out raises TimeoutError when it has passed, and leaves nothing behind",
    concept="condition variable",
    about="Receiver.recv",
)
async def test_timeout(run: Run) -> None:
    trace = await run("times_out")
    taken_away = trace.note("taken_away").value == _got("for one of two")
    for name, what in (
        ("recv", "recv(1) of an empty channel, while clones of the sender are closed after 0.4, 0.8 and 1.2 s"),
        ("send", "send(..., timeout=1) into a full channel"),
        ("hand_over", "send(..., timeout=1) into a channel of capacity 0 from which nobody receives"),
        ("recv_again", "recv(1) of a channel to which a value was sent after 0.5 s that another thread took"),
    ):
        if name == "recv_again" and not taken_away:
            continue  # the recv that waited got the value: no less right
        seen = trace.note(name).value
        waited_s = -1.0 if seen["waited_s"] is None else float(seen["waited_s"])
        expect(
            seen["told"] == TIMED_OUT and 1 <= waited_s <= 1 + LATE_S,
            code="wrong-time-out",
            message="A call with a time-out did not raise TimeoutError when its time had passed.",
            measured=f"what {what} did, and after how many virtual seconds",
            seen=[seen["told"], seen["waited_s"]],
            wanted=[TIMED_OUT, 1.0],
            means=_why_not_in_time(seen["told"]),
        )
    seen = [trace.note(name).value for name in ("usable", "first", "send_left", "hand_over_left")]
    wanted = [_got("later"), _got("first"), EMPTY, EMPTY]
    expect(
        seen == wanted,
        code="time-out-leaves-traces",
        message="After a time-out the channel was not as before.",
        measured="recv after one that timed out; what is in the full channel after a send that timed out; and in the one of capacity 0",
        seen=seen,
        wanted=wanted,
        means="A send that raises TimeoutError has sent nothing. What it had put up to be taken, it takes back.",
    )


@check(
    points=1,
    title="Every value can be sent, None and other false ones included",
    concept="channel",
    visibility="visible",
    about="Receiver.recv",
)
async def test_none_is_a_value(run: Run) -> None:
    trace = await run("any_value")
    number = trace.inputs().randrange(1 << 30)
    values = [None, 0, "", [], False, number, [number]]
    told = [_got(value) for value in values]
    in_any_order = sorted(told, key=repr)
    seen = {name: trace.note(name).value for name in ("received", "tried", "iterated", "exception")}
    for name, what, arrived, wanted in (
        ("received", "recv", sorted(seen["received"], key=repr) == in_any_order, told),
        ("tried", "try_recv", sorted(seen["tried"], key=repr) == in_any_order, told),
        ("iterated", "iteration", _unordered(seen["iterated"]) == sorted(values, key=repr), _got(values)),
        (
            "exception",
            "recv of an exception object (and whether it is it)",
            seen["exception"] == _got(True),
            _got(True),
        ),
    ):
        expect(
            arrived,
            code="value-not-delivered",
            message="A value did not arrive as it was sent.",
            measured=f"what {what} gave",
            seen=seen[name],
            wanted=wanted,
            means="`if not value` takes 0, None and empty things for nothing. Whether there is a value is known by the buffer.",
        )


# ---- oneshot


@check(
    points=2,
    title="A oneshot carries one value, and each end learns when the other is gone",
    concept="oneshot",
    about="oneshot",
)
async def test_oneshot(run: Run, explore: Explore) -> None:
    trace = await run("oneshots")
    value = trace.inputs().randrange(1 << 30)
    seen = [trace.note(name).value for name in ("sent", "received", "waited", "sent_then_closed")]
    wanted = [_got(None), _got(value), _got(None), _got(value)]
    expect(
        seen == wanted,
        code="oneshot-not-delivered",
        message="The value of a oneshot did not arrive.",
        measured="send; recv of a value that is there; recv of one that comes later (None); recv after the sender sent and closed",
        seen=seen,
        wanted=wanted,
    )
    seen = [trace.note(name).value for name in ("again", "no_more", "dropped_receiver")]
    wanted = [_refused(value + 1), ENDED, _refused(value)]
    expect(
        seen == wanted,
        code="oneshot-twice",
        message="A oneshot took or gave a second value, or one that nobody waits for.",
        measured="a second send; a second recv; send after the receiver was closed",
        seen=seen,
        wanted=wanted,
        means="After the one value there is nothing more to send and nothing more to receive.",
    )
    expect(
        trace.note("dropped_sender").value == [ENDED, ENDED],
        code="oneshot-hangs",
        message="The sender of a oneshot was closed without a value, and who received did not learn of it.",
        measured="how a recv that waited ended, and one afterwards",
        seen=trace.note("dropped_sender").value,
        wanted=[ENDED, ENDED],
        means="A sender that is dropped must wake who waits for it; else they wait for ever.",
    )
    seen = trace.note("timeout").value
    expect(
        seen["told"] == TIMED_OUT,
        code="wrong-time-out",
        message="recv of a oneshot with a time-out did not raise TimeoutError.",
        measured="what recv(1) did; nothing was sent",
        seen=seen["told"],
        wanted=TIMED_OUT,
    )
    await explore("two_send_once", _one_sends, schedules=60)


def _one_sends(trace: Trace) -> None:
    sent, received = trace.note("sent").value, trace.note("received").value
    one = sent == [_got(None), _refused(2)] and received == [_got(1), ENDED]
    other = sent == [_refused(1), _got(None)] and received == [_got(2), ENDED]
    expect(
        one or other,
        code="oneshot-twice",
        message="Two threads sent through one oneshot at the same time, and not exactly one of them succeeded.",
        measured="how the two send ended; then two recv",
        seen=[sent, received],
        wanted="one send returns and its value is received; the other raises SendError",
        means="Looking whether it was used, and using it, is one step under a lock.",
    )


# ---- looking and taking is one step


@check(
    points=2,
    title="Looking and taking is one step: two threads never get the same value",
    concept="check then act",
    about="Receiver.try_recv",
)
async def test_guard(explore: Explore) -> None:
    await explore("two_try", _one_gets_it, schedules=30)
    await explore("recv_against_try", _taken_away, schedules=40)


def _one_gets_it(trace: Trace) -> None:
    seen = trace.note("tried").value
    expect(
        seen == [EMPTY, _got("only")],
        code="looked-then-took",
        message="One value was there, two threads tried to receive it, and not exactly one got it.",
        measured="how the two try_recv ended",
        seen=seen,
        wanted=[EMPTY, _got("only")],
        means="Between `if buffer:` and `buffer.popleft()` another thread can come. Both belong under one lock.",
    )


def _taken_away(trace: Trace) -> None:
    seen = trace.note("tried").value
    expect(
        seen in ([_got(1), EMPTY], [_got(2), _got(1)], [_got(2), EMPTY]),  # the last: in which order is another check
        code="woken-means-there",
        message="A thread was woken for a value, another took the value away, and the first did not wait for the next one.",
        measured="how a recv that waited ended, and a try_recv beside it; first 1 is sent, and later 2",
        seen=seen,
        wanted="1 and Empty, or 2 and 1",
        means=WOKEN_MEANS,
    )


@check(
    points=0,
    title="Small print: no negative capacity, and no two channels share anything",
    concept="channel",
    visibility="visible",
    about="channel",
)
async def test_small_print(run: Run) -> None:
    trace = await run("small_print")
    expect(
        trace.note("capacities").value == ["ValueError", "accepted"],
        code="wrong-capacity",
        message="channel does not refuse a negative capacity with a ValueError, or refuses 0.",
        measured="channel(-n), channel(0)",
        seen=trace.note("capacities").value,
        wanted=["ValueError", "accepted"],
    )
    expect(
        trace.note("received").value == [_got("two"), _got("one"), EMPTY],
        code="shared-channels",
        message="Two channels have something in common.",
        measured="recv of the second channel, of the first, and try_recv of the first; each was sent one value",
        seen=trace.note("received").value,
        wanted=[_got("two"), _got("one"), EMPTY],
        means="A list that is a default argument or an attribute of the class is one list for all.",
    )
