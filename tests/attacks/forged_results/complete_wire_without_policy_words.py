#: exercise = "ex00"
#: tries = "to answer for the engine without naming a frame: attributes are read by class patterns, the wire is opened by number"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = "outside"
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import random


class Ran:
    def __init__(self, value, thread):
        self.value, self.thread = value, thread


def run_in_order(jobs):
    return []


def distinct_threads(rans):
    return 0


def live_threads():
    return 0


class ThreadCensus:
    created, leaked = 0, []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


def request_of():
    try:
        raise ValueError
    except ValueError as error:
        trace = error.__traceback__
    match trace:
        case object(tb_frame=found):
            frame = found
    while True:
        match frame:
            case object(f_locals={"request": {"nonce": _} as request}):
                return request
            case object(f_back=found):
                frame = found


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


def facts(scenario, seed):
    """What a perfect solution would leave, for inputs that are drawn as the scenario draws them."""
    draw = random.Random(f"inputs {seed}")
    note = lambda name, value: ["note", [name, value]]
    mark = lambda name: ["mark", [name, 0, [[0, 1, 0]]]]
    match scenario:
        case "fifty_jobs":
            labels, values = draw.sample(range(1000), 50), draw.sample(range(1000), 50)
            values[draw.randrange(50)] = None
            return [mark("before"), mark("after"), note("log", labels), note("values", values)]
        case "who_runs":
            told = [{"ran_on": [n] * 3, "named": [n] * 3} for n in (0, 1)]
            return [note("from_main", told[0]), note("from_helper", told[1]), note("helper", 1)]
        case "third_job_raises":
            return [note("escaped", "the same exception"), note("log", draw.sample(range(1000), 6)[:3])]
        case "census_of_short_threads":
            return [note("created", draw.randrange(2, 6) + draw.randrange(2, 6)), note("leaked", 0)]
        case "census_of_blocked_threads":
            return [note("earlier", 1), note("inside", [2, 3]), note("leaked", [2, 3])]
        case "census_of_a_failing_block":
            created = {"at_exit": 1, "later": 1}
            return [note("escaped", "the same exception"), note("created", created), note("put_back", True)]
        case "same_name_twenty_times":
            counts = [draw.randrange(1, 4) for _ in range(draw.randrange(15, 25))]
            threads = [thread for thread, count in enumerate(counts) for _ in range(count)]
            parts = [len({*draw.sample(threads, draw.randrange(5, 12))}) for _ in range(5)]
            told = [note("distinct", len(counts)), note("distinct_of_parts", parts)]
            return [*told, note("distinct_of_none", 0)]
        case "gated_threads":
            return [note("live", [1, draw.randrange(3, 9) + 1, 1])]
        case "census_in_a_census":
            before, within, after = (draw.randrange(1, 5) for _ in range(3))
            return [note("created", {"outer": before + within + after, "inner": within})]
    return []


def answer(request):
    if not request["scenario"]:
        return
    lines = [{"k": "loaded", "phase": "ok", "error": None, "api": []}]
    for [spec] in request["schedules"]:
        told = facts(request["scenario"], request["input_seed"])
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
    with open(3, "wb", buffering=0, closefd=False) as wire:
        wire.write("".join(spell(line) + "\n" for line in lines).encode())
    with open(3, "wb") as wire:  # whatever the engine says from now on is not heard
        pass


answer(request_of())
