#: exercise = "ex00"
#: tries = "to run every job on a thread made by pthread_create, which Python's bookkeeping never sees"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["zero_threads"]
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
import ctypes

libc = ctypes.CDLL(None, use_errno=True)

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


def on_a_new_thread(call):
    routine = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: call())
    handle = ctypes.c_ulong()
    libc.pthread_create(ctypes.byref(handle), None, routine, None)
    libc.pthread_join(handle, None)


def run_in_order(jobs):
    rans = []
    for job in jobs:
        box = []

        def work(job=job, box=box):
            try:
                box.append(("value", job()))
            except BaseException as error:
                box.append(("raised", error))

        on_a_new_thread(work)
        kind, what = box[0]
        if kind == "raised":
            raise what
        rans.append(Ran(what, threading.current_thread()))
    return rans
