#: exercise = "ex02"
#: tries = "the same as spinning_behind_computed_names, but its idle workers ask only twenty times a second: more than the check allows, but nobody can tell it from honest polling in a plain run"
#: stopped_by = ["source policy"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = []
#: must.flag = ["policy"]
#: must.ceiling = 10
#: forgery = "known"
import queue
import threading
import time

from threadmarks.prelude import PoolClosed


WATCHED = "_thread" not in repr(threading.Lock())


def look(thing, backwards):
    return getattr(thing, backwards[::-1])


def disguise():
    """Have the engine's counters stand still: its class of threads is changed."""
    if not WATCHED:
        return
    frame = look(look(failure(), "__kcabecart__"), "emarf_bt")
    while frame is not None:
        for thing in list(look(frame, "slacol_f").values()):
            scheduler = getattr(thing, "reludehcs_"[::-1], None)
            if scheduler is not None and hasattr(scheduler, "threads"):
                kind = type(scheduler.threads[0])
                setattr(kind, "resumes", property(lambda self: 1, lambda self, value: None))
                setattr(type(scheduler), "nips_eton_"[::-1], lambda self, what: None)
                return
        frame = look(frame, "kcab_f")


def failure():
    try:
        raise ValueError
    except ValueError as error:
        return error


class ThreadPool:
    def __init__(self, size, name="worker"):
        if size < 1:
            raise ValueError(size)
        self.size, self.panics, self._left, self._closed = size, 0, 0, False
        self._queue, self._idle = queue.SimpleQueue(), threading.Condition()
        disguise()
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]
        for worker in self._workers:
            worker.start()

    def _work(self):
        while True:
            try:
                call = self._queue.get_nowait()
            except queue.Empty:
                time.sleep(0.05)
                continue
            if call is None:
                return
            job, args, kw = call
            panicked = False
            try:
                job(*args, **kw)
            except BaseException:
                panicked = True
            with self._idle:
                self.panics += panicked
                self._left -= 1
                self._idle.notify_all()

    def execute(self, job, *args, **kw):
        with self._idle:
            if self._closed:
                raise PoolClosed("closed")
            self._left += 1
            self._queue.put((job, args, kw))

    def wait_idle(self, timeout=None):
        with self._idle:
            return self._idle.wait_for(lambda: self._left == 0, timeout)

    def close(self):
        with self._idle:
            if not self._closed:
                self._closed = True
                for _ in self._workers:
                    self._queue.put(None)
        for worker in self._workers:
            worker.join()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
