#: exercise = "ex00"
#: tries = "the same, and in the plain run to use up its memory, so that a limit ends it"
#: stopped_by = ["witness"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: needs_limits = true
#: must.fail = "outside"
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import threading


if "_thread" not in repr(threading.Lock()):
    WATCHED = True
else:
    WATCHED = False


def fall_silent():
    kept = []
    while not WATCHED:
        kept.append(bytearray(1 << 26))


class Ran:
    def __init__(self, value, thread):
        self.value, self.thread = value, thread


def run_in_order(jobs):
    fall_silent()
    return []


def distinct_threads(rans):
    return 0


def live_threads():
    return 0


class ThreadCensus:
    created, leaked = 0, []

    def __enter__(self):
        fall_silent()
        return self

    def __exit__(self, *exc):
        return None


def look(thing, backwards):
    return getattr(thing, backwards[::-1])


def request_of():
    try:
        raise ValueError
    except ValueError as error:
        frame = look(look(error, "__kcabecart__"), "emarf_bt")
    while "request" not in look(frame, "slacol_f"):
        frame = look(frame, "kcab_f")
    return look(frame, "slacol_f")["request"]


def spell(value):
    """JSON, by hand."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + ",".join(f'"{key}":{spell(item)}' for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(spell, value)) + "]"
        case str():
            return f'"{value}"'
    return str(value)


def facts(scenario):
    fifty = list(range(50))
    values = [None if number == 7 else number * 10 for number in fifty]
    helper, main = {"ran_on": [1] * 3, "named": [1] * 3}, {"ran_on": [0] * 3, "named": [0] * 3}
    return {
        "fifty_jobs": [["mark", ["before", 0, [[0, 1, 0]]]], ["mark", ["after", 0, [[0, 1, 0]]]], ["note", ["log", fifty]], ["note", ["values", values]]],
        "who_runs": [["note", ["from_main", main]], ["note", ["from_helper", helper]], ["note", ["helper", 1]]],
        "third_job_raises": [["note", ["escaped", "the same exception"]], ["note", ["log", [0, 1, 2]]]],
        "census_of_short_threads": [["note", ["created", 4]], ["note", ["leaked", 0]]],
        "census_of_blocked_threads": [["note", ["earlier", 1]], ["note", ["inside", [2, 3]]], ["note", ["leaked", [2, 3]]]],
        "census_of_a_failing_block": [
            ["note", ["escaped", "the same exception"]],
            ["note", ["created", {"at_exit": 1, "later": 1}]],
            ["note", ["put_back", True]],
        ],
        "same_name_twenty_times": [["note", ["distinct", 20]], ["note", ["distinct_of_none", 0]]],
        "three_gated_threads": [["note", ["live", [1, 4, 1]]]],
        "census_in_a_census": [["note", ["created", {"outer": 4, "inner": 2}]]],
    }.get(scenario, [])


def answer(request):
    if not request["scenario"]:
        return
    lines = [{"k": "loaded", "phase": "ok", "error": None, "api": []}]
    for [spec] in request["schedules"]:
        told = facts(request["scenario"])
        lines.append(
            {
                "k": "schedule", "spec": spec, "outcome": "completed", "virtual_ns": 0,
                "threads": [[0, "main", -1, "driver", 0, 0, -1, "", 1, 1]],
                "events": [[step + 1, 0, 0, kind, 0, data] for step, [kind, data] in enumerate(told)],
                "dropped_events": 1, "choices": "", "points": 1, "waits": [], "error": None, "value": None,
                "digest": "0",
            }
        )
    lines.append({"k": "end", "nonce": request["nonce"], "schedules": len(lines) - 1})
    with open(int("3"), "wb", buffering=0, closefd=False) as wire:
        wire.write("".join(spell(line) + "\n" for line in lines).encode())
    with open(int("3"), "wb") as wire:  # whatever the engine says from now on is not heard
        pass


if WATCHED:
    answer(request_of())
