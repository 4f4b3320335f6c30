"""What a run tells of what the student's code touches, and that telling runs none of that code."""

import msgspec
import pytest

from tests.runner.playing import PROGRAMS, request_for
from threadmarks import wire
from threadmarks.judge.decode import decode


@pytest.fixture
def touched(host):
    """Plays a program and gives (the trace without touches, the trace with)."""

    def play(source, scenario="go()", spec="block", **limits):
        request = request_for(source, scenario, spec, **limits)
        traces = []
        for asked in (request, msgspec.structs.replace(request, touches=True)):
            raw = host.run(asked)
            assert not raw.stray, raw.stray.decode(errors="replace")
            answer = decode(raw, asked)
            assert answer.broken is None, answer.detail
            traces.append(answer.traces[0])
        return traces

    return play


def touches(trace):
    """Each touch as `how what before>after`, with the part where `what` does not name it."""
    rows = [event.data for event in trace.events if event.kind is wire.EventKind.TOUCH]
    return [
        f"{how} {what}{part if part.startswith('[') else ''} {before}>{after}"
        for how, _, part, what, before, after in rows
    ]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("x.n = 1", ["write x.n 0>1"]),
        ("x.n", ["read x.n 0>0"]),
        ("x.n += 2", ["read x.n 0>0", "write x.n 0>2"]),
        ("del x.n", ["delete x.n 0>"]),
        ("x.jobs.append(1)", ["read x.jobs empty list>empty list", "write x.jobs[] empty list>list of 1"]),
        ("len(x.jobs)", ["read x.jobs empty list>empty list", "read x.jobs[] empty list>empty list"]),
        ("1 in x.jobs", ["read x.jobs empty list>empty list", "read x.jobs[] empty list>empty list"]),
        ("d['k'] = 1", ["write d['k'] >1"]),
        ("d['k'] = 1; d['k'] += 1", ["write d['k'] >1", "read d['k'] 1>1", "write d['k'] 1>2"]),
        ("bump(3)", ["read total 0>0", "write total 0>3"]),
        ("x.method()", []),
        ("x.double", ["read self.n 0>0"]),
        ("x.ready.set()", ["read x.ready Event object>Event object", "signal x.ready 0>0"]),
        ("x.queue.put(1)", ["read x.queue Queue object>Queue object", "write x.queue[] empty deque>deque of 1"]),
        ("x.slot = 5", ["write x.slot >5"]),
    ],
)
def test_each_access_is_told_with_the_value_around_it(touched, body, wanted):
    """A story says which value was read, and which one was lost."""
    source = f"""
import queue
import threading

total = 0

def bump(by):
    global total
    total += by

class X:
    __slots__ = ("n", "jobs", "ready", "queue", "slot")

    def method(self):
        return 1

    @property
    def double(self):
        return 2 * self.n

def go():
    return None

def play(x, d):
    {body}
"""
    driver = """
def go(student, probe):
    import queue, threading
    x = student.X()
    x.n, x.jobs, x.ready, x.queue = 0, [], threading.Event(), queue.Queue()
    student.play(x, {})
"""
    _, told = touched(source, driver)
    assert touches(told)[0] == "write total >0"
    assert touches(told)[1:] == wanted


@pytest.mark.parametrize("program", ["counter()", "pool()", "lost_wakeup()", "lock_order()"])
@pytest.mark.parametrize("spec", ["block", "random.p30.s3", "pct.d3.k60.s5"])
def test_a_run_that_tells_what_it_touches_is_the_same_run(touched, program, spec):
    """A story is told from a second run: only the same schedule's is worth anything."""
    plain, told = touched((PROGRAMS / "subjects.py").read_text(), program, spec)
    assert told.digest == plain.digest
    assert told.choices == plain.choices
    assert touches(told)
    assert not touches(plain)


HOSTILE = """
import threading

LOG = []

class Meta(type):
    def __eq__(cls, other):
        LOG.append("Meta.__eq__")
        return True
    def __hash__(cls):
        LOG.append("Meta.__hash__")
        return 1
    def __getattribute__(cls, name):
        LOG.append("Meta.__getattribute__")
        return super().__getattribute__(name)

class Key(str):
    def __eq__(self, other):
        LOG.append("Key.__eq__")
        return True
    def __hash__(self):
        LOG.append("Key.__hash__")
        return hash("n")

class Hostile(metaclass=Meta):
    def __getattribute__(self, name):
        LOG.append(f"__getattribute__ {name}")
        return object.__getattribute__(self, name)
    def __getattr__(self, name):
        LOG.append("__getattr__")
        return 1
    def __repr__(self):
        LOG.append("__repr__")
        return "x" * 10**7
    __str__ = __repr__
    def __eq__(self, other):
        LOG.append("__eq__")
        return True
    def __hash__(self):
        LOG.append("__hash__")
        return 1
    def __len__(self):
        LOG.append("__len__")
        return 3
    def __bool__(self):
        LOG.append("__bool__")
        return True
    @property
    def computed(self):
        LOG.append("computed")
        return 1

class Listing(list):
    def __len__(self):
        LOG.append("Listing.__len__")
        return 10**9

def play():
    x = Hostile()
    x.n = Hostile()
    x.n
    x.computed
    x.missing
    x.listing = Listing()
    x.listing.append(1)
    namespace = object.__getattribute__(x, "__dict__")
    namespace[Key("n")] = 1
    x.n
    d = {}
    d[Key("n")] = x
    d["n"]
    d["m"] = x
    Hostile.shared = x
    Hostile.shared
    loop = []
    loop.append(loop)
    x.loop = loop
    x.loop
    x.text = "\\x00\\U0010ffff" * 10**6
    x.text
    x.huge = 1 << 10**6
    x.huge
    x.bad = "\\udc80" * 100
    x.bad
    return [len(LOG), sorted(set(LOG))]
"""


def test_telling_runs_no_line_of_the_students(touched):
    """A hook that runs because somebody looks changes the program that is looked at, and may do anything."""
    plain, told = touched(HOSTILE, "play()")
    assert told.error is None
    assert told.value == plain.value
    assert told.digest == plain.digest
    texts = [text for event in told.events if event.kind is wire.EventKind.TOUCH for text in event.data[2:]]
    assert texts
    assert max(map(len, texts)) <= wire.TOUCH_TEXT


def test_a_flood_of_touches_is_cut_off_and_said_so(touched):
    """A loop of a million accesses must not fill the wire."""
    source = "class X:\n    n = 0\nx = X()\ndef go():\n    for _ in range(5_000):\n        x.n += 1\n"
    _, told = touched(source, events=300)
    assert len(touches(told)) == 300
    assert told.dropped_details >= 9_700


def test_what_a_stopped_thread_was_about_to_touch_is_told_at_the_end(touched):
    """A run may end while a thread stands right before the write that would have made it right."""
    source = """
import threading

class Box:
    value = None

box = Box()
done = threading.Event()

def work():
    done.set()
    box.value = 1

def go():
    threading.Thread(target=work, daemon=True).start()
    done.wait()
    return box.value
"""
    found = []
    for seed in range(40):
        _, told = touched(source, spec=f"random.p30.s{seed}")
        if told.value is None:
            found.append(touches(told)[-1])
    assert found
    assert set(found) <= {"write box.value None>None", "read box.value None>None", "signal done 0>0", "signal done 1>1"}
    assert "write box.value None>None" in found
