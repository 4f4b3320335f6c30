"""Preemption inside student code: a scheduling point before each instruction that can touch shared state.

Only the student's own code objects are watched: the standard library's bodies run undisturbed between their locks. On
3.12 and newer `sys.monitoring` reports instructions; on 3.11 a trace function with `f_trace_opcodes` does. Backward jumps
count as points as well, so that a loop that touches nothing is noticed.
"""

import dis
import sys
from types import CodeType, FrameType
from typing import Any

from threadmarks.runner import baton

_SHARED_STATE = frozenset(
    dis.opmap[name]
    for name in (
        "LOAD_ATTR",
        "LOAD_METHOD",
        "STORE_ATTR",
        "DELETE_ATTR",
        "LOAD_GLOBAL",
        "STORE_GLOBAL",
        "LOAD_NAME",
        "STORE_NAME",
        "LOAD_DEREF",
        "STORE_DEREF",
        "BINARY_SUBSCR",
        "STORE_SUBSCR",
        "DELETE_SUBSCR",
        "BINARY_SLICE",
        "STORE_SLICE",
        "CONTAINS_OP",
        "FOR_ITER",
        "CALL_FUNCTION_EX",
        "JUMP_BACKWARD",
        "JUMP_BACKWARD_NO_INTERRUPT",
        "POP_JUMP_BACKWARD_IF_TRUE",
        "POP_JUMP_BACKWARD_IF_FALSE",
        "POP_JUMP_BACKWARD_IF_NONE",
        "POP_JUMP_BACKWARD_IF_NOT_NONE",
        "YIELD_VALUE",
        "CALL" if sys.version_info >= (3, 12) else "PRECALL",
        "CALL_KW",
    )
    if name in dis.opmap  # the names differ from version to version
)

# Keyed by id, because code objects compare by value: two equal lambdas would share one entry. The objects are kept
# alive beside their offsets, so that no id is used twice.
_watched: dict[int, tuple[CodeType, frozenset[int]]] = {}


def watch(code: CodeType) -> None:
    """Make `code` and all code nested in it preemptible, in this process from now on."""
    if id(code) in _watched:
        return
    text = code.co_code  # two bytes an instruction; inline caches show as opcode 0
    offsets = frozenset(offset for offset in range(0, len(text), 2) if text[offset] in _SHARED_STATE)
    _watched[id(code)] = (code, offsets)
    _watch_events(code)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            watch(constant)


if sys.version_info >= (3, 12):
    _TOOL = 4

    def _instruction(code: CodeType, offset: int) -> Any:
        if offset not in _watched[id(code)][1]:
            return sys.monitoring.DISABLE
        scheduler = baton.active
        if scheduler is not None:
            scheduler.point()
        return None

    def _watch_events(code: CodeType) -> None:
        monitoring = sys.monitoring
        if monitoring.get_tool(_TOOL) is None:
            monitoring.use_tool_id(_TOOL, "threadmarks")
            monitoring.register_callback(_TOOL, monitoring.events.INSTRUCTION, _instruction)
        monitoring.set_local_events(_TOOL, code, monitoring.events.INSTRUCTION)

    def on_thread_start() -> None:
        """Nothing: the events are the interpreter's, not the thread's."""

else:

    def _watch_events(code: CodeType) -> None:
        """Nothing: the trace function of each thread asks `_watched`."""

    def on_thread_start() -> None:
        """Trace this thread."""
        sys.settrace(_enter)

    def _enter(frame: FrameType, event: str, arg: Any) -> Any:
        if id(frame.f_code) not in _watched:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return _opcode

    def _opcode(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "opcode" and frame.f_lasti in _watched[id(frame.f_code)][1]:
            scheduler = baton.active
            if scheduler is not None:
                scheduler.point()
        return _opcode
