"""A plain run, the second witness: the student's module as any Python would run it, observed by the judge from outside.

No patches (but for the number of cores), no preemption points, no virtual time, no audit hook. One witness scenario runs on the main thread; what it
tells the judge are calls on a line (`plain_line.py`), which the judge holds open as long as it likes. This process is the
student's as much as ours, so what it *says* proves little; what the judge sees of it (how many threads the kernel made, that
calls are open at once, that nobody can move) proves more. An entry module like `entry`, with the same two functions.
"""

import contextlib
import gc
import importlib
import threading
from types import ModuleType
from typing import Any, NoReturn

from threadmarks.runner import cores, foundations, loading, originals, patches, plain_line
from threadmarks.runner.entry import THREAD_STACK_BYTES
from threadmarks.runner.plain_line import BEGIN, LINE_FD, RAISED, RETURNED
from threadmarks.runner.values import text_of, type_name


def prepare() -> None:
    """Load the standard library. The process stays single-threaded."""
    threading.stack_size(THREAD_STACK_BYTES)
    for name in patches.PRELOADED:
        importlib.import_module(name)
    import threadmarks.prelude  # noqa: F401  # students import it; the path to it is gone by then

    cores.install()
    loading.install_exits()
    gc.collect()
    gc.freeze()


def serve_run(request: dict[str, Any], _out_fd: int) -> NoReturn:
    """Run one scenario of a `wire.RunRequest` (decoded JSON); its answers go over the line. Never returns."""
    line = plain_line.Line(LINE_FD)
    try:
        module = _load(request)
        driver = compile(request["scenario_source"], "<witness>", "exec", dont_inherit=True)
        namespace: dict[str, Any] = {"__name__": "witness"}
        exec(driver, namespace)
        _say_begin(line)
        namespace[request["scenario"]](module, Probe(line))
        line.call(RETURNED)
    except BaseException as error:  # whatever the program lets out is the run's result
        line.call(RAISED, [type_name(type(error)), text_of(error)])
    originals.exit_process(0)


def _load(request: dict[str, Any]) -> ModuleType:
    for dependency in request.pop("dependencies"):
        foundations.plain(dependency).load()
    return _execute(request["module"], request["source"], f"{request['module']}.py")


def _execute(name: str, source: str, filename: str) -> ModuleType:
    module = loading.fresh_module(name, filename)
    exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
    return module


def _say_begin(line: plain_line.Line) -> None:
    """Tell the judge that the module is loaded, from a thread made for it: its number shows how many came before."""
    over = originals.allocate_lock()
    over.acquire()

    def say() -> None:
        with contextlib.suppress(BaseException):
            line.call(BEGIN)
        over.release()

    originals.start_new_thread(say, ())
    over.acquire()


class Probe:
    """Handed to every witness scenario as its second argument."""

    def __init__(self, line: plain_line.Line) -> None:
        self._line = line

    def call(self, name: str, value: Any = None) -> Any:
        """Tell the judge a name and a plain value, wait, return what it answers. From any thread, many at a time."""
        return self._line.call(name, value)
