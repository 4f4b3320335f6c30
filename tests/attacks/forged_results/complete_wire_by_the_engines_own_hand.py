#: exercise = "ex01"
#: tries = "to have the engine's own emitter send a forged answer: the emitter is taken from a frame that an exception's traceback leads to"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = "outside"
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import random
import threading

from threadmarks.prelude import AlreadyJoined, JoinError


class JoinHandle:
    """Runs the closure on the caller's thread: nothing is spawned."""

    def __init__(self, f, args, kw):
        self.thread, self._joined = threading.current_thread(), False
        try:
            self._kind, self._value = "value", f(*args, **kw)
        except BaseException as panic:
            self._kind, self._value = "panic", panic

    def join(self, timeout=None):
        if self._joined:
            raise AlreadyJoined("joined before")
        self._joined = True
        if self._kind == "panic":
            raise JoinError(self._value)
        return self._value

    def is_finished(self):
        return True


def spawn(f, *args, name=None, **kw):
    return JoinHandle(f, args, kw)


def join_all(handles):
    return [handle.join() for handle in handles]


class scope:
    def spawn(self, f, *args, **kw):
        return spawn(f, *args, **kw)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


def facts(scenario, seed):
    draw = random.Random(f"inputs {seed}")
    words = lambda count: [f"{draw.randrange(16**8):08x}" for _ in range(count)]
    note = lambda name, value=None: ["note", [name, value]]
    mark = lambda name, started: ["mark", [name, started, [[serial, 1, 0] for serial in range(started + 1)]]]
    labels = ["a text", "None", "0", "False", "an empty list", "an exception object that was returned, not raised"]
    got = [*words(1), None, 0, False, [], {"type": "ValueError"}] if scenario == "many_values" else []
    value = lambda label, got: [
        note("joining", label),
        note("joined", {"label": label, "ran": True, "kind": "value", "same": True, "got": got}),
    ]
    panic = lambda label: note("joined", {"label": label, "ran": True, "kind": "panic", "same": True, "named": True})
    numbers = [draw.randrange(1000) for _ in range(5)] if scenario == "many_arguments" else [0] * 5
    first, second, scale, timeout, alone = numbers
    seen = [{"args": [[first, second], "three"], "kw": {"scale": scale, "timeout": timeout}}, {"args": [[alone]], "kw": {}}]
    drawn = {"two_quick_results": 2, "two_results_after_a_meeting": 2, "join_with_timeout": 1, "scope_that_waits": 2, "scope_with_panics": 1, "join_all_values": 3}
    drawn = words(drawn.get(scenario, 0)) + [""] * 3
    depth = draw.randrange(480, 520)
    return {
        "spawn_three": (3, [mark("before", 0), mark("after", 3), note("ran_on", [1, 2, 3]), note("handles", [1, 2, 3])]),
        "gate_after_spawn": (1, [note("returned"), note("went_on")]),
        "meet_at_a_barrier": (3, [note("at_barrier")] * 4 + [note("met")]),
        "many_values": (6, [fact for pair in zip(labels, got) for fact in value(*pair)]),
        "many_arguments": (2, [note("seen", seen)]),
        "two_quick_results": (2, [note("joined", [["value", drawn[0]], ["value", drawn[1]]])]),
        "two_results_after_a_meeting": (2, [note("joined", [["value", drawn[0]], ["value", drawn[1]]])]),
        "many_panics": (3, [panic(label) for label in ("Boom", "SystemExit", "FalsyBoom")]),
        "join_with_timeout": (1, [note("timed", {"kind": "TimeoutError", "waited": 0.01}), note("later", ["value", drawn[0]])]),
        "join_twice": (2, [note("joined", {"after": a, "first": f, "second": "AlreadyJoined"}) for a, f in (("value", "value"), ("panic", "panic"))]),
        "join_oneself": (1, [note("asked"), note("self_join", "RuntimeError")]),
        "ask_is_finished": (1, [note("gated", False), note("ended", True)]),
        "end_of_the_program": (1, [note("blocked"), note("main_returned"), note("ended")]),
        "scope_that_waits": (2, [note("alive", [False, False]), note("joined", [["value", drawn[0]], ["value", drawn[1]]])]),
        "scope_that_raises": (2, [note("alive", [False, False]), note("left_with", "the block's exception")]),
        "scope_with_panics": (
            3,
            [note("alive", [False] * 3), note("left_with", "the second's"), note("joined", [["value", drawn[0]], ["panic", True]])],
        ),
        "scope_with_a_joined_panic": (1, [note("left_with", "nothing")]),
        "join_all_values": (3, [note("values", drawn[:3])]),
        "join_all_panics": (4, [note("alive", [False] * 4), note("raised", "the second's")]),
        "two_deep_recursions": (1, [note("main", depth), note("child", depth)]),
    }.get(scenario, (0, []))


def forge(engine, request):
    send = engine.line.send
    if not request["scenario"]:
        return
    send({"k": "loaded", "phase": "ok", "error": None, "api": []})
    for [spec] in request["schedules"]:
        threads, told = facts(request["scenario"], request["input_seed"])
        rows = [[0, "main", -1, "driver", 0, 0, -1, "", 1, 1]]
        rows += [[n, f"T{n}", 0, "student", 12, 0, 10**9, "", 1, 1] for n in range(1, threads + 1)]
        events = [[step + 1, 0, 0, kind, 0, data] for step, [kind, data] in enumerate(told)]
        message = {"k": "schedule", "spec": spec, "outcome": "completed", "virtual_ns": 10**9, "threads": rows}
        message |= {"events": events, "dropped_events": 1, "choices": "", "points": 9, "waits": [], "error": None}
        send(message | {"value": None, "digest": "f" * 24})
    engine.sent = len(request["schedules"])
    engine._end()
    engine.line.send = lambda message: None


try:
    raise LookupError
except LookupError as error:
    frame = error.__traceback__.tb_frame
    while frame.f_back is not None:
        frame = frame.f_back
        owner = frame.f_locals.get("self")
        if hasattr(owner, "line") and hasattr(owner, "request"):
            forge(owner, owner.request)
            break
