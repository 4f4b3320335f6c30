#: exercise = "ex03"
#: tries = "to look at every waiting task at every turn, but in the library's compiled loops, which pass no preemption point and so count as no work"
#: stopped_by = ["checks", "witness"]
#: holds_on = ["full", "no-user-namespace", "rlimits", "plain"]
#: must.fail = ["wait_no_spin"]
#: must.codes = ["waiting-polls"]
from collections import deque
from itertools import compress
from operator import attrgetter

from threadmarks.prelude import Deadlock, JoinError

target_done = attrgetter("target.done")


class TaskHandle:
    def __init__(self, gen):
        self.done, self.gen, self.value, self.panic, self.target = False, gen, None, None, None

    def result(self):
        if not self.done:
            raise RuntimeError("not done")
        if self.panic is not None:
            raise JoinError(self.panic)
        return self.value


class Scheduler:
    def __init__(self):
        self.steps, self.current = 0, None
        self._ready, self._waiting = deque(), []

    def spawn(self, gen, name=None):
        handle = TaskHandle(gen)
        self._ready.append(handle)
        return handle

    def run(self):
        while True:
            if self._waiting:  # ask every waiting task, at every turn
                for handle in tuple(compress(self._waiting, map(target_done, self._waiting))):
                    self._waiting.remove(handle)
                    self._ready.append(handle)
            if not self._ready:
                break
            self._turn(self._ready.popleft())
        if self._waiting:
            raise Deadlock("stuck")

    def _turn(self, handle):
        self.steps += 1
        self.current = handle
        target, handle.target = handle.target, None
        try:
            if target is not None and target.panic is not None:
                request = handle.gen.throw(JoinError(target.panic))
            else:
                request = handle.gen.send(target.value if target is not None else None)
        except StopIteration as end:
            handle.done, handle.value = True, end.value
        except BaseException as error:
            handle.done, handle.panic = True, error
        else:
            if isinstance(request, TaskHandle):
                handle.target = request
                (self._ready if request.done else self._waiting).append(handle)
            else:
                self._ready.append(handle)
        finally:
            self.current = None
