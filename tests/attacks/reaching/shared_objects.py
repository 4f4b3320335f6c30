#: exercise = "ex00"
#: tries = "to make System V shared memory, semaphores and message queues, which outlive a process, and a POSIX queue"
#: stopped_by = ["seccomp", "ipc namespace"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["not_idents"]
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


def live_threads():
    memory = libc.shmget(int("@KEY@"), 4096, 0o1600)
    if memory >= 0:
        done("System V shared memory")
        libc.shmctl(memory, 0, None)
    semaphores = libc.semget(int("@KEY@"), 1, 0o1600)
    if semaphores >= 0:
        done("System V semaphores")
        libc.semctl(semaphores, 0, 0)
    queue = libc.msgget(int("@KEY@"), 0o1600)
    if queue >= 0:
        done("System V message queue")
        libc.msgctl(queue, 0, None)
    if libc.syscall(240, b"@TOKEN@", 0o102, 0o600, None) >= 0:
        done("POSIX message queue")
        libc.syscall(241, b"@TOKEN@")
