#: exercise = "ex00"
#: tries = "to run the jobs in forked processes and send their values back through a pipe, past the refusal of os.fork"
#: stopped_by = ["seccomp", "checks"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["order", "zero_threads"]
#: limits = { wall_s = 6.0 }
import pickle

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
import os


def done(what):
    """Own up to what succeeded: the harness looks for this in everything that leaves the process."""
    os.write(1, f"@DONE@ {what}\n".encode())

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
    rans = []
    for job in jobs:
        reader, writer = os.pipe()
        child = libc.fork()
        if child == 0:
            os.write(writer, pickle.dumps(job()))
            libc._exit(0)
        os.close(writer)
        if child < 0:
            raise OSError("no child")
        done("work in a child process")
        data = os.read(reader, 65536)
        libc.waitpid(child, None, 0)
        os.close(reader)
        rans.append(Ran(pickle.loads(data), threading.current_thread()))
    return rans
