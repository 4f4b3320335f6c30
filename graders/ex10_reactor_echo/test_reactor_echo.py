"""The checks of ex10. Every expectation lives here."""

import hashlib
from typing import Any

from threadmarks.grading import Explore, Run, Trace, Watch, check, expect, witness

MIB = 1 << 20
NEAR_S = 0.001
SELECTS = 5
"""How often the reactor may wake while nothing happens."""
POINTS = 2_000
"""Steps of the file and calls in an idle interval: three wake-ups of the slowest right program, ten times over."""
TURNS = 200
"""How many operations of a hot stream may come before anybody else's turn: three times what the statement says."""
CLIENTS = 6
"""How many clients a witness looks at."""
LOOKS_PER_SECOND = 50
"""How often a thread must wake up while nothing happens before a witness says so: far more often than any check lets pass."""
SPIN_MEANS = (
    "Look for what comes back at once, again and again: a select with time-out 0; a socket that is watched for writing although nobody "
    "wants to write (it is writable all day); a byte in the reactor's own pair that nobody has read."
)
BLOCKING_MEANS = "A socket that blocks stops every task. setblocking(False), also for those that accept() returns: they do not inherit it."
PENDING_MEANS = (
    "When a call would block, the task leaves its waker at the reactor and is suspended; the thread goes on with whoever is ready. "
    "Only the reactor sleeps, for all sockets at once."
)


async def _run(run: Run, scenario: str) -> Trace:
    """A run in which clients may be left waiting: that is what the checks look at."""
    trace = await run(scenario, allow=("deadlock", "raised"))
    _no_deadlock(trace)
    if trace.error is not None:
        await run(scenario)
    return trace


def _no_deadlock(trace: Trace) -> None:
    """An executor that nobody has told of sockets is the first thing that goes wrong."""
    expect(
        trace.error is None or trace.error.type != "Deadlock",
        code="taken-for-a-deadlock",
        message="block_on raised Deadlock, although tasks waited for sockets.",
        measured="how block_on ended",
        seen="it raised Deadlock",
        wanted="it goes on when a socket is ready",
        means="The executor knows nothing of sockets. Somebody outside may wake a task: as long as one waits for a socket, an "
        "expect_wake() of the executor has to be open.",
    )


async def _run_raising(run: Run, scenario: str) -> Trace:
    """The same; what comes out of block_on is looked at, too."""
    trace = await run(scenario, allow=("deadlock", "raised"))
    _no_deadlock(trace)
    if trace.error is not None and trace.error.type == "NotImplementedError":
        await run(scenario)
    return trace


@check(
    points=2,
    title="All sockets are served by the thread that there is",
    concept="one thread",
    evidence="outside",
    witness="served_by_main_alone",
    about="serve",
    visibility="visible",
)
async def test_one_thread(run: Run) -> None:
    trace = await _run(run, "two_halves")
    started = trace.student_threads
    expect(
        not started,
        code="threads-started",
        message="Your file started a thread.",
        measured="threads started by your file while thirty clients are served",
        seen=len(started),
        wanted=0,
        means="A thread for each client is what this exercise does without: one thread waits for all sockets, and tasks are "
        "resumed when theirs is ready.",
        place=started[0] if started else None,
    )
    await run("reactor_alone")


@witness("clients_in_two_halves")
def served_by_main_alone(watch: Watch) -> None:
    """All clients are held between their two parts, each gets back what the judge gave it, and no thread is made but the clients'."""
    parts = {half: [f"{watch.random.randrange(16**8):08x}" for _ in range(CLIENTS)] for half in ("first", "second")}

    def came_back(call: Any) -> None:
        ticket, half, back = call.value
        watch.fact(back == parts[half][ticket], "what came back to a client", back, parts[half][ticket])

    watch.threads(most=CLIENTS)
    watch.serve("tickets", list(range(CLIENTS)))
    watch.serve("back", came_back)
    for half, given in parts.items():
        watch.hold(**{half: CLIENTS})
        for call in watch.open(half):
            watch.answer(call, given[call.value])
    watch.hold(rest=CLIENTS)
    more = sorted(call.value[1] for call in watch.open("rest"))
    watch.fact(more == [""] * CLIENTS, "what came after the two parts, to each client", more, [""] * CLIENTS)
    watch.answer_all("rest")
    watch.hold(over=1)


@check(
    points=3,
    title="Clients that pause do not keep others waiting; exactly those tasks are woken whose sockets are ready",
    concept="readiness",
    about="serve",
)
async def test_interleave(run: Run) -> None:
    seen = (await run("reactor_alone")).note("seen").value
    expect(
        seen == [[1, 0, 1, 0], [1, 1, 1, 0], [0, 1, 1, 0]],
        code="wrong-wakers",
        message="The reactor did not wake exactly the waker whose socket was ready, once.",
        measured="what poll returned, and wakes so far of: the reader, the writer, a reader that was registered before; first with room "
        "to write and nothing to read, then with something to read, then once more",
        seen=seen,
        wanted=[[1, 0, 1, 0], [1, 1, 1, 0], [0, 1, 1, 0]],
        means="A waker is woken once and then forgotten; who wants to know again registers again. Reading and writing are two matters, "
        "also on one socket, and of two that wait for the same the last one counts.",
    )
    trace = await _run(run, "two_halves")
    draw = trace.inputs()
    wanted = [(draw.randbytes(8) + draw.randbytes(8)).hex() for _ in range(30)]
    expect(
        trace.has("answers"),
        code="clients-wait-for-each-other",
        message="Thirty clients that send the second half when all first halves have come back wait for ever.",
        measured="how it ended",
        seen="nobody can go on",
        wanted="all thirty are served",
        means="A client that pauses holds up the others: somebody waits for one socket where all should be waited for. "
        + PENDING_MEANS,
    )
    answers = trace.note("answers").value
    expect(
        answers == wanted,
        code="wrong-echo",
        message="A client did not get back what it had sent.",
        measured="clients that got their 16 bytes back, of 30",
        seen=sum(one == two for one, two in zip(answers, wanted, strict=True)),
        wanted=30,
    )


@check(
    points=2,
    title="A client that says nothing, or never reads, delays nobody",
    concept="slow clients",
    about="TcpStream.write_all",
)
async def test_slow_client(run: Run) -> None:
    trace = await _run(run, "a_silent_and_a_deaf_client")
    question = trace.inputs().randbytes(6).hex()
    expect(
        trace.has("answer"),
        code="slow-client-stalls",
        message="One client says nothing, one does not read what is written to it, and a third one gets no answer.",
        measured="what the third client got",
        seen="nothing: everybody waits",
        wanted=question,
        means="Writing blocks, too: when the other side does not read, there is room for some kilobytes and then for nothing. "
        + PENDING_MEANS,
    )
    answer = trace.note("answer")
    expect(
        answer.value == question and answer.time_s < NEAR_S,
        code="slow-client-delays",
        message="The third client did not get its answer at once.",
        measured="what it got, and after how many seconds",
        seen=[answer.value, round(answer.time_s, 3)],
        wanted=[question, 0.0],
    )


@check(
    points=4,
    title="What is written arrives whole, however much it is",
    concept="partial writes",
    about="TcpStream.write_all",
)
async def test_big_echo(run: Run) -> None:
    trace = await _run(run, "much")
    block = trace.inputs().randbytes(MIB)
    digest = hashlib.sha256()
    for number in range(8):
        digest.update(block[number:] + block[:number])
    expect(
        trace.has("came_back"),
        code="big-echo-stalls",
        message="A client writes 8 MiB and reads at the same time, and at some moment nothing goes on.",
        measured="how it ended",
        seen="nobody can go on",
        wanted="8388608 bytes come back",
        means="After a part was sent, the rest is still there: wait until the socket is writable, and go on where you were. And after the "
        "last byte the client waits for the end: echo shuts down.",
    )
    size, came = trace.note("came_back").value
    expect(
        size == 8 * MIB,
        code="bytes-lost" if size < 8 * MIB else "bytes-doubled",
        message="Not as many bytes came back as were sent.",
        measured="bytes that came back",
        seen=size,
        wanted=8 * MIB,
        means="`send` takes what there is room for and returns how much that was. The rest is yours to send, from there on.",
    )
    expect(
        came == digest.hexdigest(),
        code="bytes-changed",
        message="As many bytes came back as were sent, but others.",
        measured="SHA-256 of what came back",
        seen=came,
        wanted=digest.hexdigest(),
        means="Keep an offset into the data: what `send` has taken is sent, and not one byte more.",
    )
    trace = await run("much")
    expect(
        trace.note("counts").value == [8 * MIB],
        code="wrong-count",
        message="echo did not return the number of bytes that it sent back.",
        measured="what echo returned",
        seen=trace.note("counts").value,
        wanted=[8 * MIB],
    )


def _idle(trace: Trace, name: str) -> tuple[int, int]:
    """Wake-ups and steps of the executor's thread in an idle interval."""
    begin, end = trace.mark(f"{name}_begin").counters[0], trace.mark(f"{name}_end").counters[0]
    return end[0] - begin[0], end[1] - begin[1]


def _both_set(trace: Trace) -> None:
    """Under any schedule: the wakes of another thread are heard."""
    expect(
        trace.has("over"),
        code="unpark-lost",
        message="Another thread has woken a task, and the reactor sleeps on.",
        measured="how block_on ended, when a thread sets two OneShotFutures, and a third one later",
        seen="it waits for ever",
        wanted="it returns",
        means="`unpark` may come at any moment: before the sleep, in it, just as it ends. Between looking whether it came and sleeping there "
        "must be no gap. A byte in a pair of sockets that is watched, too, stays there until it is read.",
    )


@check(
    points=3,
    title="While nothing happens the reactor sleeps, and it wakes at once when it is told to",
    concept="parking",
    witness="asleep_with_clients",
    about="Reactor.park",
)
async def test_no_spin(run: Run, explore: Explore) -> None:
    count, at_once, after = (await run("reactor_alone")).note("parked").value
    expect(
        (count, at_once, after) == (0, 0.0, 2.0),
        code="unpark-not-kept",
        message="After an unpark, poll did not come back at once, once, with nobody woken.",
        measured="what poll(5.0) returned after unpark(), seconds until it did, and seconds after a poll(2.0) that followed",
        seen=[count, at_once, after],
        wanted=[0, 0.0, 2.0],
        means="A poll with nothing to wake lasts as long as its time-out says, in seconds; some selectors count in milliseconds."
        if (count, at_once) == (0, 0.0) and after > 0
        else "An unpark that comes too early is kept for the next poll. It ends one: afterwards it is used up.",
    )
    trace = await _run(run, "open_and_idle")
    expect(
        trace.has("set"),
        code="clients-not-answered",
        message="Ten clients that send a byte each and stay connected do not all get it back.",
        measured="how it ended",
        seen="nobody can go on",
        wanted="each has its answer",
        means=PENDING_MEANS,
    )
    expect(
        trace.has("woken") and abs(trace.note("woken").time_s - trace.note("set").time_s) < NEAR_S,
        code="unpark-does-not-wake",
        message="Another thread has woken a task while the reactor was asleep, and the task did not go on at once.",
        measured="seconds until it went on",
        seen=round(trace.note("woken").time_s - trace.note("set").time_s, 3) if trace.has("woken") else "never",
        wanted=0.0,
        means="The thread sleeps in the selector and looks at nothing else. So a wake has to be something that the selector sees: "
        "watch one end of a pair of sockets, and send a byte into the other.",
    )
    spins = [event for event in trace.record.events if event.kind == "spin" and event.thread == 0]
    expect(
        not spins,
        code="reactor-spins",
        message="While nothing could happen, the reactor did not sleep, but looked again and again.",
        measured="your lines that were seen going round without any effect",
        seen=sorted({event.line for event in spins}),
        wanted=[],
        means=SPIN_MEANS,
    )
    for name, seconds in (("short", "0.3"), ("long", "30")):
        wakes, points = _idle(trace, name)
        expect(
            wakes <= SELECTS and points <= POINTS,
            code="reactor-spins",
            message="Nothing happened, and the reactor did not sleep.",
            measured=f"wake-ups of the thread, and steps it made, in {seconds} virtual seconds with ten connections open",
            seen=[wakes, points],
            wanted=f"at most {SELECTS} and {POINTS}",
            means=SPIN_MEANS,
        )
    await explore("set_by_a_thread", _both_set, schedules=60, upon_own=300, allow=("deadlock",))


@witness("clients_that_say_nothing")
def asleep_with_clients(watch: Watch) -> None:
    """Clients are connected and say nothing: nobody wakes up again and again to look whether they do."""
    watch.serve("tickets", list(range(CLIENTS)))
    watch.hold(first=CLIENTS)
    watch.quiet(most_per_second=LOOKS_PER_SECOND, seconds=0.5)


@check(
    points=2,
    title="A half-close is answered with the rest; a reset, or a handler that panics, ends one client only",
    concept="ends of connections",
    about="serve",
)
async def test_hangup(run: Run) -> None:
    trace = await _run_raising(run, "ends_and_resets")
    draw = trace.inputs()
    data, last = draw.randbytes(200_000), draw.randbytes(6)
    expect(
        trace.error is None and trace.has("answer") and trace.note("answer").value == last.hex(),
        code="one-client-ends-all",
        message="After one client has reset its connection and one handler has panicked, another client is not served.",
        measured="what the client got that came afterwards",
        seen=f"nothing: {trace.error.type} came out of block_on" if trace.error else _value(trace, "answer"),
        wanted=last.hex(),
        means="A reset arrives as ConnectionResetError out of a read or a write; it and every panic belong to one handler, and end "
        "one task. A selector also tells several things of a socket at once: readable, writable, broken. Ask for bits, not for equality.",
    )
    rest = hashlib.sha256(data).hexdigest()
    expect(
        trace.has("rest") and trace.note("rest").value == rest,
        code="rest-not-sent",
        message="A client that half-closed its connection did not get all it had sent, and then the end.",
        measured="SHA-256 of what it got until the end",
        seen=_value(trace, "rest"),
        wanted=rest,
        means='A read of b"" says that the other side sends no more. It still reads: send what is left, and then shut down.',
    )
    trace = await run("ends_and_resets")
    expect(
        trace.has("served"),
        code="serve-does-not-return",
        message="serve with max_clients did not return when the clients were served.",
        measured="how serve ended",
        seen="it did not",
        wanted="it returns",
    )


def _value(trace: Trace, name: str) -> Any:
    return trace.note(name).value if trace.has(name) else "nothing: everybody waits"


@check(
    points=2,
    title="Nothing stays open, and nothing stays registered",
    concept="cleaning up",
    about="serve",
)
async def test_fds(run: Run) -> None:
    trace = await _run_raising(run, "rounds")
    counts = [note.value for note in trace.notes("descriptors")]
    first = counts[0] if counts else 0
    expect(
        all(count == first for count in counts),
        code="descriptors-left-open",
        message="Descriptors are left open after clients have come and gone.",
        measured="open descriptors before, and after each of three rounds of five clients",
        seen=counts,
        wanted=[first] * 4,
        means="serve closes a client's stream when its handler has ended, in whatever way, and the listener when it ends itself.",
    )
    waits = [event.data[0] for event in trace.record.events if event.kind == "wait" and event.thread == 0]
    held_up = waits[-1] if len(counts) < 4 and waits and waits[-1].startswith("socket.") else "no call of a socket"
    expect(
        held_up == "no call of a socket",
        code="blocking-socket",
        message="Clients were not served: the executor's thread waits in a call of a socket.",
        measured="where it waits",
        seen=held_up,
        wanted="in the reactor only",
        means=BLOCKING_MEANS,
    )
    expect(
        len(counts) == 4,
        code="stale-registration",
        message="When clients came again, they were not served: the reactor still knew sockets that were gone.",
        measured="rounds of five clients that were served, of three",
        seen=max(0, len(counts) - 1),
        wanted=3,
        means="A descriptor's number is used again for the next socket. Whoever closes a socket tells the reactor first.",
    )
    await run("rounds")


@check(
    points=1,
    title="No socket blocks; while one is hot, timers and other sockets have their turn",
    concept="starvation",
    about="TcpStream.read",
)
async def test_nonblocking(run: Run) -> None:
    for scenario in ("a_silent_and_a_deaf_client", "hot_and_idle"):
        trace = await _run(run, scenario)
        begin = trace.mark("begin").step
        calls = sorted(
            {
                event.data[0]
                for event in trace.record.events
                if event.kind == "wait"
                and event.thread == 0
                and event.step > begin
                and event.data[0].startswith("socket.")
            }
        )
        expect(
            not calls,
            code="blocking-socket",
            message="The executor's thread waited in a call of a socket.",
            measured="calls in which it waited",
            seen=calls,
            wanted=[],
            means=BLOCKING_MEANS,
        )
    trace = await run("hot_and_idle")
    idle = trace.note("idle_timer").value
    expect(
        abs(idle - 0.05) < NEAR_S,
        code="timer-late",
        message="A timer did not ring in time while no socket was ready.",
        measured="seconds until sleep(0.05) was over",
        seen=idle,
        wanted=0.05,
        means="park(timeout) gives its time-out on to the selector, in seconds.",
    )
    before = trace.note("before").value
    for name, what, wanted in (("other", "another client's byte was read", 0), ("timer", "a timer of 50 ms rang", 50)):
        turns = before.get(name, before.get("end", -1))
        expect(
            wanted <= turns <= wanted + TURNS,
            code="hot-stream-starves",
            message="While one client's bytes were always there, nobody else had a turn.",
            measured=f"bytes of the hot client that were read before {what}",
            seen=turns,
            wanted=f"at most {wanted + TURNS}",
            means="An operation that need not wait is no reason to keep the thread for ever. After some of them in a row, go the way through "
            "the reactor all the same. Giving way with YieldNow is not enough: while any task is ready the executor does not park, and "
            "nobody looks at the sockets.",
        )


@check(
    points=1,
    title="When serve is aborted, the listener is closed",
    concept="cancellation",
    about="serve",
)
async def test_cancel(run: Run) -> None:
    trace = await run("aborted")
    expect(
        trace.note("answer").value == "78" and trace.note("handle").value == "Cancelled",
        code="abort-not-cancelled",
        message="Awaiting the handle of a serve that was aborted did not raise Cancelled.",
        measured="what the client before got, and what the handle gave",
        seen=[trace.note("answer").value, trace.note("handle").value],
        wanted=["78", "Cancelled"],
    )
    expect(
        trace.note("connect").value == ["raised", "ConnectionRefusedError"],
        code="listener-left-open",
        message="serve was aborted, and clients can still connect to its listener.",
        measured="a connection afterwards",
        seen=trace.note("connect").value,
        wanted=["raised", "ConnectionRefusedError"],
        means="An aborted task is closed where it waits: its `finally` blocks run. The listener is closed in one.",
    )
