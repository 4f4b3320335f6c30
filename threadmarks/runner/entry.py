"""One request from start to end, in a process forked for it.

`prepare` is called once in the zygote, before any fork. `serve_run` loads the source, runs one scenario under each
schedule asked for, writes what happened, and leaves the process without running anybody's exit handlers.
"""

import ast
import contextvars
import gc
import os
import sys
import threading
from types import CodeType, ModuleType
from typing import Any, NoReturn

from threadmarks.runner import (
    accesses,
    baton,
    emit,
    foundations,
    guard,
    introspect,
    loading,
    originals,
    patches,
    randomness,
    source_policy,
    strategies,
)
from threadmarks.runner.baton import Scheduler
from threadmarks.runner.carriers import CarrierPool
from threadmarks.runner.frames import DRIVER_FILE, FrameReader, traceback_rows
from threadmarks.runner.output import CapturedStream
from threadmarks.runner.probe import Probe
from threadmarks.runner.recorder import Recorder
from threadmarks.runner.reset import ProcessState
from threadmarks.runner.signals import Abort
from threadmarks.runner.stuck import Watchdog
from threadmarks.runner.values import plain, text_of, type_name

THREAD_STACK_BYTES = 1 << 20
ONE_AT_A_TIME = True
"""Only the holder of the baton runs. On one core a hand-over is a single switch of the kernel's; over two cores it is two, and
takes up to twice as long."""
_BY_THE_COMPILER = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)
"""What the compiler raises on odd input."""
IMPORT_STEPS = 200_000
"""What a source may do while it is imported, which happens for every schedule: enough for tables, too little for work."""


def prepare() -> None:
    """Load the standard library under the patches. The process stays single-threaded."""
    threading.stack_size(THREAD_STACK_BYTES)
    patches.install()
    import threadmarks.prelude  # noqa: F401  # students import it; the path to it is gone by then

    loading.install_builtins()
    strategies.parse("block")  # imports them all: no run has to look for a file
    ProcessState.of_template()
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection at a moment of its own would run finalizers there


def serve_run(request: dict[str, Any], out_fd: int) -> NoReturn:
    """Serve one `wire.RunRequest` (decoded JSON). Never returns."""
    guard.install()
    _Run(request, emit.Line(out_fd)).serve()
    originals.exit_process(0)


class _Run:
    """The work of one process."""

    def __init__(self, request: dict[str, Any], line: emit.Line) -> None:
        self.request = request
        self.line = line
        self.filename = f"{request['module']}.py"
        built_upon = [foundations.file_of(each) for each in request["dependencies"] if not each["opaque"]]
        self.reader = FrameReader(self.filename, built_upon)
        self.foundations: list[foundations.Foundation] = []
        self.hits: foundations.Rows = []  # what policies forbid in what the submission is built upon
        self.state = ProcessState.of_template()
        self.carriers = CarrierPool()
        self.loaded = False
        self.sent = 0
        os._exit = self._program_exits
        Watchdog(float(request["limits"]["stuck_s"]), self.reader, self._report_stuck)

    # ---- the sequence of messages

    def serve(self) -> None:
        request = self.request
        version = "%d.%d" % sys.version_info[:2]
        self.line.send({"k": "hello", "version": emit.WIRE_VERSION, "python": version, "nonce": request["nonce"]})
        code = self._compile() if self._prepare_foundations() else None
        randomness.restart()  # the standard library seeds anew after a fork
        if code is not None:
            driver = compile(request["scenario_source"], DRIVER_FILE, "exec", dont_inherit=True)
            specs = [spec[0] for spec in request["schedules"]] if request["scenario"] else []
            single = len(specs) <= 1
            for number, spec in enumerate(specs or ["block"]):
                if number:
                    self.state.restore()
                _Schedule(self, spec, code, driver, last=single).run()
                if not self.loaded:
                    break  # the import failed, and would fail again
        self._end()

    def _end(self) -> None:
        self.line.send({"k": "end", "nonce": self.request["nonce"], "schedules": self.sent})

    def _prepare_foundations(self) -> bool:
        """Make ready what the submission is built upon; tell it if that cannot be done."""
        for dependency in self.request.pop("dependencies"):  # from here on there is nothing of it but what runs
            try:
                self.foundations.append(foundations.preemptible(dependency, self.hits))
            except _BY_THE_COMPILER as error:
                self.send_loaded("syntax", self._syntax_record(error), module=dependency["module"])
                return False
        return True

    def _compile(self) -> CodeType | None:
        source = self.request["source"]
        loading.show_source(source, self.filename)
        if self.request["compiled"]:
            return emit.code_of(self.request["compiled"])
        try:
            if not self.request[
                "scenario"
            ]:  # the look at the source itself: the compiler's own words for what is wrong
                compile(source, self.filename, "exec", dont_inherit=True)
            touches = self.request["touches"]
            code, sites = loading.compile_student(source, self.filename, self._examine, keys=touches)
        except _BY_THE_COMPILER as error:
            self.send_loaded("syntax", self._syntax_record(error))
            return None
        if self.request["wants_compiled"]:
            own = [each.code for each in self.foundations if each.own]
            self.line.send(emit.code_message(code, own))
        if touches:
            accesses.install(sites, source)
        return code

    def _syntax_record(self, error: BaseException) -> dict[str, Any]:
        line = error.lineno if isinstance(error, SyntaxError) and error.lineno else 0
        text = error.msg if isinstance(error, SyntaxError) else text_of(error)
        return self.error_record(error, text, [["student", line, ""]])

    def _examine(self, tree: ast.Module) -> None:
        policy = self.request["policy"]
        if policy is not None:  # told before any of the source runs: what runs cannot take it back
            rows = [*source_policy.policy_hits(tree, policy), *self.hits]
            self.line.send({"k": "examined", "policy": rows})

    def send_loaded(
        self, phase: str, error: dict[str, Any] | None, api: list[list[Any]] | None = None, module: str = ""
    ) -> None:
        """Send the one `wire.Loaded` of this process. `module`: what the submission is built upon and cannot be loaded."""
        self.line.send({"k": "loaded", "phase": phase, "error": error, "api": api or [], "module": module})

    def error_record(
        self, error: BaseException, text: str | None = None, frames: list[list[Any]] | None = None, about: str = ""
    ) -> dict[str, Any]:
        """A `wire.ErrorRecord`."""
        scheduler = baton.active
        return {
            "type": type_name(type(error)),
            "message": text_of(error) if text is None else text,
            "frames": traceback_rows(self.reader, error.__traceback__) if frames is None else frames,
            "thread": scheduler.current.serial if scheduler is not None else 0,
            "about": about,
        }

    # ---- ends that come from elsewhere

    def _report_stuck(self, line: int, function: str) -> None:
        self.line.send({"k": "stuck", "line": line, "function": function[:200]})
        originals.exit_process(0)

    def _program_exits(self, status: int) -> NoReturn:
        """`os._exit`, called by the program: say so, then do it."""
        scheduler = baton.active
        if scheduler is not None and not scheduler.over:
            scheduler.finish("exited")
        originals.exit_process(0)


class _Schedule:
    """One schedule: a fresh module, a fresh driver, a fresh scheduler."""

    def __init__(self, run: _Run, spec: str, code: CodeType, driver: CodeType, *, last: bool) -> None:
        self.run_ = run
        self.spec = spec
        self.code = code
        self.driver = driver
        self.last = last
        self.importing = True
        self.foundation: foundations.Foundation | None = None  # the one that is being loaded
        self.error: dict[str, Any] | None = None
        self.value: Any = None
        limits = run.request["limits"]
        self.streams = [CapturedStream(name, limits["output_bytes"]) for name in ("stdout", "stderr")]
        self.scheduler = Scheduler(
            strategy=strategies.parse(spec),
            recorder=Recorder(full=run.request["full"], limit=limits["events"]),
            reader=run.reader,
            points_limit=min(IMPORT_STEPS, limits["steps"]),
            carriers=run.carriers,
            at_end=self._at_end,
        )
        self.scheduler.closing.append(self._record_unfinished_lines)

    def run(self) -> None:
        """Run it and send what happened; then leave the process's threads idle."""
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = self.streams  # type: ignore[assignment,misc]  # stand-ins
        scheduler = self.scheduler
        baton.active = scheduler
        patches.adopt_main_thread()
        try:
            contextvars.Context().run(self._program)
        except Abort:
            pass  # the end was found while main was parked; it is already reported
        scheduler.finish("completed")
        scheduler.unwind()
        baton.active = None

    def _program(self) -> None:
        request = self.run_.request
        module = loading.fresh_module(request["module"], self.run_.filename)
        try:
            for foundation in self.run_.foundations:
                self.foundation = foundation
                foundation.load()
            self.foundation = None
            exec(self.code, module.__dict__)
            self._loaded(module)
            if not request["scenario"]:
                return
            namespace: dict[str, Any] = {"__name__": "scenarios", "__builtins__": __builtins__}
            exec(self.driver, namespace)
            scenario = namespace[request["scenario"]]
            self.value = plain(scenario(module, Probe(self.scheduler, request["input_seed"])))
        except Abort:
            raise
        except BaseException as error:  # whatever the program lets out is the run's result
            if self.scheduler.over:
                raise Abort from None
            self.error = self.run_.error_record(
                error, frames=self._foundation_rows(error), about=self._about(error, module)
            )
            self.scheduler.finish("raised")

    def _foundation_rows(self, error: BaseException) -> list[list[Any]] | None:
        """While something that the submission is built upon is being loaded, lines are that file's."""
        if self.foundation is None:
            return None
        return traceback_rows(FrameReader(self.foundation.filename), error.__traceback__)

    def _loaded(self, module: ModuleType) -> None:
        self.importing = False
        self.scheduler.points_limit = self.run_.request["limits"]["steps"]
        if not self.run_.loaded:
            self.run_.loaded = True
            self.run_.send_loaded("ok", None, introspect.api_problems(module, list(self.run_.request["api"])))

    def _about(self, error: BaseException, module: ModuleType) -> str:
        """Whether an error raised in the driver is about the student's things: their object, or their signature."""
        if isinstance(error, AttributeError):
            owner = error.obj
            if owner is module or getattr(type(owner), "__module__", "") == module.__name__:
                return "student"
        return ""

    def _record_unfinished_lines(self) -> None:
        for stream in self.streams:
            stream.finish(self.scheduler)

    def _at_end(self) -> None:
        """Called once, by whichever thread found the end."""
        run = self.run_
        scheduler = self.scheduler
        if self.importing:
            if not run.loaded:
                blamed = self.foundation.name if self.foundation is not None else ""
                run.send_loaded("import", self.error or self._end_as_error(), module=blamed)
        elif run.request["scenario"]:
            dropped = sum(stream.dropped for stream in self.streams)
            # A replay that left choices unused has diverged, also when an exception was what ended it.
            error = self.error if scheduler.outcome == "raised" else None
            run.line.send(emit.schedule_message(scheduler, self.spec, error, self.value, dropped))
            run.sent += 1
        if self.last or scheduler.outcome == "exited":
            run._end()
            originals.exit_process(0)

    def _end_as_error(self) -> dict[str, Any]:
        """An import that ended without an exception (deadlock, spinning, exit), told in the shape of one."""
        scheduler = self.scheduler
        frame = sys._current_frames().get(scheduler.main.real_ident)
        reader = self.run_.reader if self.foundation is None else FrameReader(self.foundation.filename)
        line = reader.student_line(frame)
        return {
            "type": scheduler.outcome,
            "message": "",
            "frames": [["student", line, "<module>"]],
            "thread": 0,
            "about": "student",
        }
