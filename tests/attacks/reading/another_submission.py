#: exercise = "ex00"
#: tries = "to find the file of somebody else who is graded at the same time: in the folders of other runs and in the memory of other runners"
#: stopped_by = ["file system view", "pid namespace"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["not_idents"]
#: beside = true
import glob
import tempfile

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
    mine_folder = os.getcwd()
    for folder in (mine_folder + "/../../..", tempfile.gettempdir(), "/tmp", "@TEMP@"):
        for path in glob.glob(f"{folder}/threadmarks-*/work"):
            if not mine_folder.startswith(os.path.realpath(path)):
                done(f"saw the folder of another zygote: {path}")
    for number in "@ZYGOTES@".split(","):
        for part in ("mem", "maps", "environ", "cwd", "fd"):
            try:
                os.close(os.open(f"/proc/{number}/{part}", os.O_RDONLY))
                done(f"opened {part} of another process of the kit")
            except OSError:
                pass
