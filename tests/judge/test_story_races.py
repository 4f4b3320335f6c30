"""Stories of races, where they could tell what was not so: whose access was a party, who looked again, and what was woken in vain."""

import msgspec
import pytest

from tests.judge.test_story import LOST_WAKEUP, TEMPLATE, TOO_EARLY, failing, lines, story, traces
from threadmarks.judge.story import MOST_PREEMPTIONS, culprit, story_in
from threadmarks.judge.story_rows import Rows, constructors
from threadmarks.judge.story_woken import woken_story
from threadmarks.model import Story, StoryKind


def line_of(body: str, text: str) -> int:
    """The line of the program in which the text stands, the last one."""
    program = TEMPLATE.format(body=body).splitlines()
    return max(number for number, line in enumerate(program, start=1) if text in line)


def party_lines(told: Story) -> list[int]:
    """Where the two parties are."""
    return [party.place.line for party in told.parties if party.place is not None]


CONSTRUCTOR = """
class OneShot:
    def __init__(self):
        self.waker = None
        self.value = None

    def put(self, value):
        if self.waker is None:
            self.value = value
        else:
            self.value = value
            self.waker()

    def ask(self, waker):
        if self.value is not None:
            waker()
        else:
            self.waker = waker

woken = []
made = []

def first():
    made[0].ask(lambda: woken.append(True))

def second():
    made[0].put(42)

def go():
    made.append(OneShot())
    at_once(first, second)
    return woken == [True]
"""


def test_what_a_constructor_wrote_is_no_party(host):
    """Nobody else had the object yet: nothing could come in between."""
    told = story(host, CONSTRUCTOR)
    assert told.kind is StoryKind.STALE_CHECK
    first = line_of(CONSTRUCTOR, "self.value = None")
    assert all(line > first for line in party_lines(told))
    assert all(step.place is None or step.place.line > first for step in told.steps)


def test_a_constructors_rows_count_from_where_another_has_the_object(host):
    """It may give itself away before it is done: then what follows is everybody's business."""
    body = CONSTRUCTOR.replace(
        "        self.value = None\n",
        "        at_once(self.look)\n        self.value = None\n\n    def look(self):\n        self.waker\n",
        1,
    )
    trace = failing(host, body)
    assert trace is not None
    source = TEMPLATE.format(body=body)
    kept = {row.line for row in Rows(trace, source).touches}
    assert line_of(body, "self.value = None") in kept
    assert line_of(body, "self.waker = None") not in kept
    assert {line_of(body, "self.waker = None")} <= {row.line for row in Rows(trace).touches}


def test_constructors_are_known_by_their_names_and_their_own_name_for_the_object():
    """Whatever a program calls `self`. A source that is none has no constructors."""
    source = "class A:\n    def __init__(me, x):\n        me.x = x\n\n    def other(self):\n        pass\n"
    assert constructors(source) == {2: "me", 3: "me"}
    assert constructors("class") == {}
    assert constructors("x = '\0'") == {}


COUNTED_IN_A_CONSTRUCTOR = """
class Job:
    made = 0

    def __init__(self):
        Job.made += 1

def first():
    Job()

def second():
    Job()

def go():
    at_once(first, second)
    return Job.made == 2
"""


def test_what_a_constructor_does_to_what_all_share_is_a_party(host):
    """It is not its own object."""
    told = story(host, COUNTED_IN_A_CONSTRUCTOR)
    assert told.kind is StoryKind.LOST_UPDATE
    assert party_lines(told) == [line_of(COUNTED_IN_A_CONSTRUCTOR, "Job.made += 1")] * 2


LOOKED_BEFORE_THE_LOCK = """
lock = threading.Lock()

class Pool:
    open = True
    jobs = []
    left = None

pool = Pool()

def first():
    if pool.open:
        with lock:
            pool.jobs.append(1)

def second():
    with lock:
        pool.open = False
        pool.left = len(pool.jobs)

def go():
    at_once(first, second)
    return pool.left == len(pool.jobs)
"""


def test_who_waits_for_a_lock_with_what_it_has_looked_at_before_goes_on_with_an_old_answer(host):
    """Nobody preempts it there: the lock is not free. It is the same mistake."""
    body = LOOKED_BEFORE_THE_LOCK.replace(
        "        pool.open = False", "        time.sleep(1)\n        pool.open = False"
    )
    specs = tuple(f"random.p30.s{seed}" for seed in range(20))
    failed = [each for each in traces(host, body, touches=True, specs=specs) if each.value is not True]
    told = [found for each in failed if (found := story_in(each)) is not None and found.kind is StoryKind.STALE_CHECK]
    assert [lines(each)[:2] for each in told] == [
        ["first reads pool.open: True", "second writes pool.open: False"]
    ] * len(told)
    assert told


def test_the_line_that_is_blamed_is_the_look_where_what_follows_is_at_another_thing(host):
    """That line is wrong only because of what was found before; where both belong to one object, it is the act."""
    of_one = story(host, LOOKED_BEFORE_THE_LOCK)
    place = culprit(of_one)
    assert place is not None
    assert place.line == line_of(LOOKED_BEFORE_THE_LOCK, "jobs.append")
    body = LOOKED_BEFORE_THE_LOCK.replace("    jobs = []\n", "").replace("pool.jobs", "jobs")
    body = body.replace("pool = Pool()", "pool = Pool()\njobs = []")
    of_another = story(host, body)
    assert lines(of_another)[:2] == lines(of_one)[:2]
    place = culprit(of_another)
    assert place is not None
    assert place.line == line_of(body, "if pool.open")


LOOKS_AGAIN = """
condition = threading.Condition()

class Pool:
    open = True

pool = Pool()

def first():
    with condition:
        condition.wait_for(lambda: not pool.open)

def second():
    with condition:
        pool.open = False
        condition.notify_all()

def go():
    at_once(first, second)
    return True
"""


def test_who_looks_again_has_no_old_answer(host):
    """`wait_for` asks until it is so: nothing that it found before counts."""
    specs = tuple(f"random.p30.s{seed}" for seed in range(60))
    told = [story_in(each) for each in traces(host, LOOKS_AGAIN, touches=True, specs=specs)]
    assert not [each for each in told if each is not None and each.kind is StoryKind.STALE_CHECK]


SAME_MARK = """
class Task:
    state = "idle"

task = Task()
queued = []

def wake():
    idle = task.state == "idle"
    if idle:
        task.state = "queued"
        queued.append(task)

def go():
    at_once(wake, wake)
    return len(queued) == 1
"""


def test_two_who_set_the_same_mark_lose_no_update(host):
    """The value is right; that both found it unset is what hurts."""
    assert story(host, SAME_MARK).kind is StoryKind.STALE_CHECK


TWO_APPENDS = """
letters = []
got = []

class Box:
    last = None

def put(letter):
    letters.append(letter)
    Box.last = letter

def first():
    put("a")
    put("b")

def second():
    got.append(len(letters))

def go():
    at_once(first, second)
    return got != [1]
"""


def test_the_same_change_twice_is_not_said_to_be_one_that_was_seen_half_done(host):
    """Nothing tells that both belong together."""
    trace = failing(host, TWO_APPENDS)
    assert trace is not None
    told = story_in(trace)
    assert told is None or told.kind is not StoryKind.HALF_DONE


TWO_ROUNDS = """
class Box:
    n = 0

box = Box()

def first():
    box.n += 1

def second():
    box.n += 10
    box.n += 10

def go():
    at_once(first, second)
    return box.n == 21
"""


def test_a_value_that_was_not_there_before_is_accounted_for(host):
    """One reads 0, then the other reads 10: who has written 10?"""
    told = story(host, TWO_ROUNDS)
    assert told.kind is StoryKind.LOST_UPDATE
    said = lines(told)
    values = [int(line.rpartition(": ")[2]) for line in said]
    known = {values[0]}
    for line, value in zip(said, values, strict=True):
        assert value in known or "writes" in line
        known.add(value)


def test_a_schedule_with_many_preemptions_has_no_story_of_a_race(host):
    """Most of them are not needed, so which one hurts would be guessed."""
    trace = failing(host, SAME_MARK)
    assert trace is not None
    assert story_in(trace) is not None
    assert story_in(msgspec.structs.replace(trace, preempted=MOST_PREEMPTIONS)) is not None
    assert story_in(msgspec.structs.replace(trace, preempted=MOST_PREEMPTIONS + 1)) is None


IF_FOR_WHILE = """
class Mailbox:
    def __init__(self):
        self.letters = []
        self.arrived = threading.Condition()

    def put(self, letter):
        with self.arrived:
            self.letters.append(letter)
            self.arrived.notify()

    def get(self):
        with self.arrived:
            if not self.letters:
                self.arrived.wait()
            return self.letters.pop() if self.letters else None

box = Mailbox()
got = []

def first():
    got.append(box.get())

def second():
    box.put("a")

def third():
    with box.arrived:
        if box.letters:
            box.letters.pop()

def go():
    threads = [threading.Thread(target=function, name=function.__name__) for function in (first, second, third)]
    for thread in threads:
        thread.start()
    threads[1].join()
    threads[2].join()
    box.put("b")
    threads[0].join()
    return None not in got
"""


def test_who_was_woken_in_vain_and_goes_on_is_told(host):
    """What the signal was about, and who came first."""
    told = story(host, IF_FOR_WHILE)
    assert told.kind is StoryKind.WOKEN_IN_VAIN
    assert lines(told) == [
        "first waits for self.arrived",
        "second changes self.letters: empty list becomes list of 1",
        "second signals self.arrived: first (T1) is woken",
        "third changes box.letters: list of 1 becomes empty list",
        "first reads self.letters: empty list",
    ]
    place = culprit(told)
    assert place is not None
    assert place.line == line_of(IF_FOR_WHILE, "self.arrived.wait()")


@pytest.mark.parametrize(
    ("kind", "text"),
    [(StoryKind.TOO_EARLY, "box.value = 42"), (StoryKind.LOST_WAKEUP, "condition.wait()")],
    ids=["too early", "lost wake-up"],
)
def test_what_came_too_late_is_blamed(host, kind: StoryKind, text: str):
    """The write that others did not wait for; the wait that began after the signal."""
    body = {StoryKind.TOO_EARLY: TOO_EARLY, StoryKind.LOST_WAKEUP: LOST_WAKEUP}[kind]
    told = story(host, body)
    assert told.kind is kind
    place = culprit(told)
    assert place is not None
    assert text in TEMPLATE.format(body=body).splitlines()[place.line - 1]


def test_no_story_blames_nobody():
    """Nor does one without parties."""
    assert culprit(None) is None
    assert culprit(Story(kind=StoryKind.CIRCLE, parties=(), steps=(), sentence="")) is None


def test_who_is_woken_in_vain_and_waits_again_has_made_no_mistake(host):
    """`while` for `if`: whatever came in between is looked at anew."""
    right = IF_FOR_WHILE.replace(
        "if not self.letters:\n                self", "while not self.letters:\n                self"
    )
    specs = tuple(f"random.p30.s{seed}" for seed in range(150))
    told = [woken_story(Rows(each)) for each in traces(host, right, touches=True, specs=specs)]
    assert told == [None] * len(specs)


TWO_OF_A_KIND = """
class Task:
    def __init__(self):
        self.over = False

    def waits(self):
        return not self.over

    def mark(self):
        self.over = True

one, other = Task(), Task()
seen = []

def first():
    if one.waits():
        other.mark()

def second():
    one.over = True
    seen.append(other.over)

def go():
    at_once(first, second)
    return not other.over or seen == [True]
"""


def test_what_is_spelled_the_same_and_is_another_is_said_to_be_so(host):
    """Two tasks, both called `self` where they are touched, are easily taken for one."""
    told = story(host, TWO_OF_A_KIND)
    assert told.kind is StoryKind.STALE_CHECK
    assert lines(told) == [
        "first reads self.over: False",
        "second writes one.over: True",
        "first writes self.over of another object: True",
    ]


def test_a_source_that_is_nested_too_deep_has_no_constructors_for_the_teller():
    """The runner may have had room for it where the judge has not; that is no fault of the grader's."""
    assert constructors("-" * 100_000 + "1") == {}
