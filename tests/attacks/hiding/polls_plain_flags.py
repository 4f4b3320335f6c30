#: exercise = "ex03"
#: tries = "to look at every waiting task at every turn, in compiled loops and over plain flags, so that neither an instruction nor a read of an object tells"
#: stopped_by = ["witness"]
#: holds_on = ["full", "no-user-namespace", "rlimits"]
#: must.fail = ["wait_no_spin"]
from collections import deque
from itertools import compress

from threadmarks.prelude import Deadlock, JoinError

flags = []


class TaskHandle:
    def __init__(self, gen):
        self.done, self.gen, self.value, self.panic, self.target = False, gen, None, None, None
        self.number = len(flags)
        flags.append(False)

    def result(self):
        if not self.done:
            raise RuntimeError("not done")
        if self.panic is not None:
            raise JoinError(self.panic)
        return self.value


class Scheduler:
    def __init__(self):
        self.steps, self.current = 0, None
        self._ready, self._waiting, self._targets = deque(), [], []

    def spawn(self, gen, name=None):
        handle = TaskHandle(gen)
        self._ready.append(handle)
        return handle

    def run(self):
        while True:
            if any(map(flags.__getitem__, self._targets)):
                for handle in tuple(compress(self._waiting, map(flags.__getitem__, self._targets))):
                    place = self._waiting.index(handle)
                    del self._waiting[place], self._targets[place]
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
            flags[handle.number] = True
        except BaseException as error:
            handle.done, handle.panic = True, error
            flags[handle.number] = True
        else:
            if isinstance(request, TaskHandle):
                handle.target = request
                if request.done:
                    self._ready.append(handle)
                else:
                    self._waiting.append(handle)
                    self._targets.append(request.number)
            else:
                self._ready.append(handle)
        finally:
            self.current = None