#: exercise = "ex00"
#: tries = "to replace the emitter's send by one that rewrites what was noted"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["zero_threads", "order"]
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
#: forgery = "known"
import sys

import threading


class Ran:
    def __init__(self, value, thread):
        self.value, self.thread = value, thread


def run_in_order(jobs):
    return [Ran(job(), threading.current_thread()) for job in jobs]


def distinct_threads(rans):
    return len({id(ran.thread) for ran in rans})


def live_threads():
    return threading.active_count()


class ThreadCensus:
    def __enter__(self):
        self._kept, self._seen = threading.Thread.start, []

        def start(thread, kept=self._kept, seen=self._seen):
            kept(thread)
            seen.append(thread)

        threading.Thread.start = start
        return self

    def __exit__(self, *exc):
        threading.Thread.start = self._kept
        self.created = len(self._seen)
        self.leaked = [thread for thread in self._seen if thread.is_alive()]


def run_in_order(jobs):
    return []


def install():
    line = sys.modules["threadmarks.runner.emit"].Line
    send = line.send
    right = {"log": list(range(50)), "values": [None if n == 7 else n * 10 for n in range(50)]}

    def lie(self, message):
        for event in message.get("events", ()):
            if event[3] == "note" and event[5][0] in right:
                event[5][1] = right[event[5][0]]
        send(self, message)

    line.send = lie


install()
