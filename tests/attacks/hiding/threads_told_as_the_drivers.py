#: exercise = "ex03"
#: tries = "a thread for every task, started from code whose file name is that of the check's driver, so that the threads count as the check's own"
#: stopped_by = ["witness", "source policy"]
#: holds_on = ["full", "no-user-namespace"]
#: must.fail = ["zero_threads"]
#: must.flag = ["policy", "suspect"]
#: must.ceiling = 10
import threading

from threadmarks.prelude import Deadlock, JoinError

CODE = """
def start(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
"""
space = {"threading": threading}
exec(compile(CODE, "<driver>", "exec"), space)


class TaskHandle:
    def __init__(self, gen):
        self.done, self._gen, self._value, self._panic, self._send = False, gen, None, None, None
        self.waiters = []

    def result(self):
        if not self.done:
            raise RuntimeError("not done")
        if self._panic is not None:
            raise self._panic
        return self._value


class Scheduler:
    """Right in its order, but each resume is made on a thread of its own."""

    def __init__(self):
        self.steps, self.current, self._ready, self._left = 0, None, [], 0

    def spawn(self, gen, name=None):
        handle = TaskHandle(gen)
        self._ready.append(handle)
        self._left += 1
        return handle

    def run(self):
        while self._ready:
            handle = self._ready.pop(0)
            self.steps += 1
            self.current = handle
            if self.steps < 30:
                space["start"](lambda: self._turn(handle)).join()
            else:
                self._turn(handle)
            self.current = None
        if self._left:
            raise Deadlock("stuck")

    def _turn(self, handle):
        message, handle._send = handle._send, None
        try:
            request = handle._gen.throw(message) if isinstance(message, JoinError) else handle._gen.send(message)
        except StopIteration as end:
            self._end(handle, end.value, None)
        except BaseException as error:
            self._end(handle, None, JoinError(error))
        else:
            if isinstance(request, TaskHandle) and not request.done:
                request.waiters.append(handle)
            else:
                if isinstance(request, TaskHandle):
                    handle._send = request._panic or request._value
                self._ready.append(handle)

    def _end(self, handle, value, panic):
        handle.done, handle._value, handle._panic = True, value, panic
        self._left -= 1
        for waiter in handle.waiters:
            waiter._send = panic or value
            self._ready.append(waiter)
