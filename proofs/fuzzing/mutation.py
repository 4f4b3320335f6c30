"""Changes a recorded answer as a hostile runner would: lines dropped, doubled and exchanged, values of every kind anywhere.

Works on the structure (lines, messages, rows), so that most results get past the parser and reach the rules. All chance
comes from the `Random` that is handed in: hypothesis' own, or a seeded one.
"""

import json
from random import Random
from typing import Any

Message = Any

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 7, 40, -2, 1 << 31, (1 << 63) - 1, 1 << 63, -(1 << 63), 1 << 64, 10**400),
    *(
        0.0,
        -0.0,
        1.5,
        1e308,
        5e-324,
        "",
        "x",
        "\x1b[2J\x1b]0;owned\x07",
        "\u202etxt.exe",
        "\u2028",
        "\0",
        "a\nb\rc",
        "é" * 50,
    ),
    *("\ud800", "x" * 3_000, "student", "driver", "library", "raised", "completed", "deadlock", "diverged", "exited"),
    *("stalled", "spinning", "ok", "syntax", "import", "note", "mark", "start", "end", "wait", "sleep", "wake", "spin"),
    *(
        "output",
        "stdout",
        "granted",
        "timeout",
        "block",
        "random.s1",
        "replay.1-1-0",
        "tree.",
        "1-1-0",
        "0-1-1_1-2:0",
        "Lock",
        "main",
    ),
    *([], {}, [0], [[]], [0, 0, 0], {"type": "X"}, ["x", 0, [[0, 0, 0]]], ["x", None]),
)
ROWS: tuple[Any, ...] = (
    [1, "w", 0, "student", 1, 0, -1, "", 1, 0],
    [1, 0, 0, "note", 1, ["n", 1]],
    [1, 0, 0, "output", 0, ["stdout", "text"]],
    [1, 0, 0, "spin", 0, ["x"]],
    [0, "Lock", 1, -1, 1, -1],
    [0, 3, True, True, [1]],
    ["student", 1, "f"],
)
KEYS = (
    "k",
    "spec",
    "outcome",
    "virtual_ns",
    "threads",
    "events",
    "waits",
    "error",
    "value",
    "choices",
    "branches",
    "points",
    "odd",
)
MESSAGES: tuple[Message, ...] = (
    {"k": "stuck", "line": 3, "function": "read"},
    {"k": "end", "nonce": "00112233aabbccdd", "schedules": 1},
    {"k": "loaded", "phase": "ok", "error": None, "policy": [], "api": []},
    {"k": "hello"},
)
RAISED = {"type": "ValueError", "message": "m", "frames": [["student", 1, "f"]], "thread": 0, "about": ""}


def mutate(data: bytes, random: Random) -> bytes:
    """One to four changes."""
    lines = data.split(b"\n")
    for _ in range(1 + random.randrange(4)):
        _change(lines, random)
    return b"\n".join(lines)


def _change(lines: list[bytes], random: Random) -> None:
    kind = random.randrange(16)
    index = _line(lines, random)
    if kind == 15:
        del lines[index]
        lines.extend([b""] if not lines else [])
    elif kind == 14:
        lines.insert(index, lines[_line(lines, random)])
    elif kind == 13:
        other = _line(lines, random)
        lines[index], lines[other] = lines[other], lines[index]
    elif kind == 12:
        lines[index] = _bytes_changed(lines[index], random)
    elif kind == 11:
        lines.insert(index, json.dumps(random.choice(MESSAGES)).encode())
    elif kind == 10:
        lines[index] = b"[" * (1 << random.randrange(12)) + lines[index]
    else:
        lines[index] = _value_changed(lines[index], random)


def _line(lines: list[bytes], random: Random) -> int:
    """A line, seldom the first: what comes without its hello is looked at no further."""
    first = 0 if len(lines) < 2 or random.randrange(12) == 11 else 1
    return first + random.randrange(len(lines) - first)


def _bytes_changed(line: bytes, random: Random) -> bytes:
    start = random.randrange(len(line) + 1)
    end = min(len(line), start + random.randrange(4))
    new = bytes(random.randrange(256) for _ in range(random.randrange(4)))
    return line[:start] + new + line[end:]


def _value_changed(line: bytes, random: Random) -> bytes:
    """The line with a value inside replaced, removed, doubled, moved, nudged; as it is when it is no JSON."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return line
    place: Any = message
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place))) if isinstance(place, list) else []
        if not keys:
            break
        key = random.choice(keys)
        if not isinstance(place[key], dict | list) or not place[key] or random.randrange(5) == 4:
            _one(place, key, random)
            break
        place = place[key]
    return _spelled(message, random)


def _spelled(message: Message, random: Random) -> bytes:
    """As JSON; now and then with what is none."""
    text = json.dumps(message, ensure_ascii=random.randrange(8) != 7, separators=(",", ":"))
    if random.randrange(40) == 39:
        text = text.replace("0", random.choice(["NaN", "1e999", "-0", "00", "1.0", "0e0"]), 1)
    return text.encode("utf-8", "surrogatepass")


def _one(place: Any, key: Any, random: Random) -> None:
    """One change of `place[key]`."""
    value = place[key]
    kind = random.randrange(10)
    if type(value) is int and kind < 5:
        place[key] = value + random.choice((-1, 1, -2, 2, 10, -10, 1_000_000_000, 1 << 40))
    elif kind < 7:
        place[key] = random.choice(ODD_VALUES)
    elif isinstance(place, list):
        if kind == 7:
            del place[key]
        elif kind == 8:
            place.insert(key, random.choice(ROWS) if random.randrange(2) else random.choice(place))
        else:
            other = random.randrange(len(place))
            place[key], place[other] = place[other], place[key]
    elif kind == 7:
        del place[key]
    elif kind == 8:
        place[random.choice(KEYS)] = random.choice(ODD_VALUES)
    else:
        _retold(place, random)


def _retold(message: dict[str, Any], random: Random) -> None:
    """Another end of the same schedule, told so that most of it fits: these come furthest."""
    outcome = random.choice(("completed", "raised", "deadlock", "stalled", "spinning", "exited", "diverged"))
    if message.get("k") != "schedule" or not isinstance(message.get("threads"), list):
        return
    message["outcome"] = outcome
    message["error"] = (
        {**RAISED, "type": random.choice(("ValueError", "MemoryError", "TypeError"))} if outcome == "raised" else None
    )
    rows = [row for row in message["threads"] if isinstance(row, list) and len(row) == 10]
    alive = [row[0] for row in rows if row[6] == -1 and (row[0] or outcome != "completed")]
    holders = [row[0] for row in rows] + [-1]
    message["waits"] = [[serial, "Lock", 1, random.choice(holders), 1, -1] for serial in alive]
