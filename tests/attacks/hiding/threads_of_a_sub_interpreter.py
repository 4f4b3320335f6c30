#: exercise = "ex00"
#: tries = "to start threads in a sub-interpreter, whose modules the engine has not patched"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["zero_threads"]
#: must.flag = ["policy", "suspect", "exception"]
#: must.ceiling = 17
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

try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters

CODE = """
import threading
threads = [threading.Thread(target=sum, args=(range(100),)) for _ in range(20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def run_in_order(jobs):
    run = getattr(interpreters, "run_string", None) or interpreters.exec
    there = interpreters.create()
    run(there, CODE)
    interpreters.destroy(there)
    return [Ran(job(), threading.current_thread()) for job in jobs]
