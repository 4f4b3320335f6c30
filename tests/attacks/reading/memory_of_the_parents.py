#: exercise = "ex00"
#: tries = "to read the memory of its parent and of the judge, through /proc and by process_vm_readv"
#: stopped_by = ["file system view", "pid namespace", "seccomp"]
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


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def live_threads():
    parent = os.getppid()
    for number in {parent, int("@JUDGE@")} - {os.getpid(), 0}:
        try:
            with open(f"/proc/{number}/maps") as maps, open(f"/proc/{number}/mem", "rb", buffering=0) as memory:
                start = next(int(line.split("-")[0], 16) for line in maps if "[heap]" in line)
                memory.seek(start)
                if memory.read(4096):
                    done(f"read the memory of {number}")
        except (OSError, StopIteration):
            pass
        buffer = ctypes.create_string_buffer(64)
        here = Piece(ctypes.cast(buffer, ctypes.c_void_p), 64)
        there = Piece(id(None), 64)
        if libc.process_vm_readv(number, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
            done(f"process_vm_readv of {number}")
