"""What the kinds of stories mean: what a failing schedule comes down to. A part of the table in `codes`."""

from threadmarks.explain.explanation import Explanation

STORIES = (
    Explanation(
        code="lost-update",
        title="Two threads read a value, both work out a new one, and the second write wipes out the first.",
        text="`x.n += 1` is three steps: read, add, write. Another thread can come in between the read and the write; what it wrote "
        "is then overwritten by a value that was worked out before.",
        advice="Hold one lock from the read to the write, everywhere where this value is changed.",
    ),
    Explanation(
        code="stale-check",
        title="A thread checked something, another changed it, and the first went on as if its check still held.",
        text="Between a check (`if self.jobs:`, `if self.value is None:`) and the step that relies on it (`self.jobs.pop()`, "
        "`self.value = ...`) any other thread can run.",
        advice="Put the check and what relies on it under the same lock, or use a call that does both at once (`Queue.get`, "
        "`dict.setdefault`).",
    ),
    Explanation(
        code="seen-half-done",
        title="A thread changed something in two steps, and another looked in between.",
        text="What is consistent before and after a change need not be so in the middle of it. Only a lock keeps others from looking "
        "there.",
        advice="Do the whole change under a lock, and take the same lock for reading; or build the new value first and put it in "
        "place by one assignment.",
    ),
    Explanation(
        code="overwritten",
        title="A thread put a value somewhere, and found another thread's value when it came back.",
        text="A place that several threads use for what only one of them needs (an attribute, a global name) holds the value of "
        "whoever wrote last.",
        advice="Keep what belongs to one thread in local variables, or in an object of its own.",
    ),
    Explanation(
        code="too-early",
        title="One thread was at something before the other had come to it, and nothing made it wait.",
        text="Threads start and go on in any order. That one usually comes first is no promise.",
        advice="Make the order a rule: set things up before the thread is started, or wait for an `Event`, a `Condition`, a `join`.",
    ),
    Explanation(
        code="interrupted",
        title="The result is wrong when a thread is stopped at this point, and others run.",
        text="The report names the line and what the others did meanwhile. Which value they got into each other's way with was not "
        "seen: it lies inside of a library, or the order itself is what matters.",
        advice="Ask of the line named: what must not change between it and the line after it?",
    ),
    Explanation(
        code="waits-in-a-circle",
        title="Each thread of a circle holds what the next one waits for.",
        text="Two locks that are taken in one order here and in the other order there are enough: each thread gets its first and "
        "waits for its second, for ever. A thread that joins one that waits for it is a circle, too.",
        advice="Take locks in the same order everywhere, or hold only one at a time. Do not wait for a thread while you hold what "
        "it needs.",
    ),
    Explanation(
        code="waits-while-holding",
        title="A thread keeps a lock while it waits for something else, and whoever could help it needs that lock.",
        text="`queue.put()` on a full queue, `queue.get()` on an empty one, `event.wait()`, `thread.join()` can last long. A lock that "
        "is held meanwhile stops everybody who needs it, also the one who would end the wait.",
        advice="Do not wait while you hold a lock; `Condition.wait()` is the exception, it gives its own lock back meanwhile.",
    ),
    Explanation(
        code="lost-wakeup",
        title="A signal came when nobody waited for it, and whoever came later waits for ever.",
        text="`notify` wakes those who wait at that moment; it is not kept. A thread that looks at the state, and only then takes the "
        "lock and waits, can miss the signal in between.",
        advice="Check the state under the condition's lock, in a loop around `wait()`, and change it under the same lock before "
        "`notify`.",
    ),
    Explanation(
        code="woken-in-vain",
        title="A thread was woken, another came first, and the first went on as if nobody had.",
        text="Between a signal and the moment at which the woken thread has the lock again, any other thread can take what the signal was "
        "about. To be woken means that it is worth looking; it does not mean that something is there.",
        advice="Wait in a loop that looks again (`while not self.items: condition.wait()`), or use `wait_for`, which is that loop.",
    ),
    Explanation(
        code="never-signalled",
        title="A thread waits for a signal, and nobody is left who could give it.",
        text="`Condition.wait()` and `Event.wait()` end when another thread calls `notify` or `set`. Here every thread that is left "
        "waits itself. The report says who ended without a signal, and who gave one that went to others.",
        advice="Find the place that makes true what is waited for: it must signal, on every way out of it. Where several may wait, "
        "`notify` wakes a single one and `notify_all` all of them.",
    ),
    Explanation(
        code="tasks-left-waiting",
        title="Tasks of the event loop still wait for something, and nothing is left that could bring it.",
        text="An `await` ends when somebody sets the future, the event or the queue that it waits for. When every task waits, nobody "
        "does.",
        advice="Follow the tasks listed: what does each wait for, and who should have brought it?",
    ),
)
