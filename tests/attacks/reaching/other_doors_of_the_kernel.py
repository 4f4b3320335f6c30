#: exercise = "ex00"
#: tries = "to call the kernel by another door than the filter watches: the 32-bit gate (int 0x80) and the x32 numbers, with getpid as the harmless proxy"
#: stopped_by = ["seccomp"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["not_idents"]
import mmap
import platform

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


def call_machine_code(code):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


def live_threads():
    if platform.machine() != "x86_64":
        return 0
    if libc.syscall(0x40000000 | 39) > 0:
        done("x32 getpid")
    try:
        # push rbx; mov eax, 20; int 0x80; pop rbx; ret
        answer = call_machine_code(b"\x53\xb8\x14\x00\x00\x00\xcd\x80\x5b\xc3")
    except (OSError, ValueError):
        return 0
    if answer > 0:
        done("getpid through int 0x80")
