"""The constructs by which a file looks into the machinery it runs on, or changes it, instead of solving the exercise.

One table. `source_policy` finds them in a syntax tree; the judge takes the sentences from here, and nothing else: what
crosses the wire is a construct's name. A construct is evidence for a finding, never a boundary: names put together at run
time are not seen. Data only; standard library only.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Construct:
    """What is matched, and in one sentence why no exercise needs it.

    `modules` match by import ("a" also "a.b"), `paths` the dotted names that an import makes known, under whatever alias
    ("sys.monitoring" also "sys.monitoring.use_tool_id"), `attributes` an attribute of anything, `names` a builtin name that
    the file does not define itself, `openings` the first folders of a path in a text. A construct without any has a rule of its own in
    `source_policy`.
    """

    name: str
    why: str
    modules: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    openings: tuple[str, ...] = ()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _paths(module: str, names: str) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for name in names.split())


REPLACED = "replaced"
COMPUTED_IMPORT = "computed-import"
COMPUTED_ATTRIBUTE = "computed-attribute"
ENGINE = "engine"
LOADED_MODULES = "loaded-modules"
MODULE_NAMESPACE = "module-namespace"
CODE_ASSIGNED = "code-assigned"
DESCRIPTORS = "descriptors"

TABLE = (
    Construct(
        name=ENGINE,
        why="Of the kit a solution imports threadmarks.prelude; the rest is the grader.",
        names=frozenset({"__preemption_point__"}),
    ),
    Construct(
        name="interpreter",
        why="This module reaches below Python's own rules; an exercise is solved above them.",
        modules=_words(
            """ctypes _ctypes gc _thread _xxsubinterpreters _xxinterpchannels _interpreters _interpchannels _interpqueues
            _testcapi _testinternalcapi _posixsubprocess _imp imp bdb pdb trace"""
        ),
        paths=_paths("threading", "_start_new_thread _start_joinable_thread _allocate_lock _sys _os"),
    ),
    Construct(
        name="objects-from-bytes",
        why="Building objects from bytes runs code that nobody reads; an exercise needs none of it.",
        modules=frozenset({"marshal", "pickle", "_pickle", "shelve"}),
    ),
    Construct(
        name="frames",
        why="A frame shows the variables of whoever called you; a solution works with its own.",
        paths=_paths("sys", "_getframe _current_frames _current_exceptions _getframemodulename")
        | _paths(
            "inspect",
            "currentframe stack trace getouterframes getinnerframes getframeinfo getclosurevars getgeneratorlocals "
            "getcoroutinelocals getasyncgenlocals getmembers getmembers_static getattr_static",
        )
        | _paths("traceback", "walk_stack walk_tb"),
        attributes=_words(
            "tb_frame f_back f_globals f_locals f_builtins f_code f_trace f_trace_opcodes gi_frame cr_frame ag_frame"
        ),
    ),
    Construct(
        name="tracing",
        why="Trace functions and monitors watch and change code that is not yours.",
        paths=_paths("sys", "settrace setprofile monitoring call_tracing addaudithook _settraceallthreads")
        | _paths("threading", "settrace setprofile settrace_all_threads setprofile_all_threads"),
    ),
    Construct(
        name="function-insides",
        why="The insides of a function belong to whoever wrote it; call it instead.",
        attributes=frozenset({"__globals__", "__closure__", "cell_contents", "__self__"}),
    ),
    Construct(
        name="reachable-objects",
        why="Walking through all classes finds objects that nobody gave you.",
        attributes=frozenset({"__subclasses__"}),
    ),
    Construct(
        name="builtins-namespace",
        why="What Python itself looks names up in is not yours to change.",
        attributes=frozenset({"__builtins__", "__loader__"}),
        names=frozenset({"__builtins__", "__loader__", "__spec__"}),
    ),
    Construct(
        name=LOADED_MODULES,
        why="The table of loaded modules leads into the grader; import what you need.",
        paths=_paths("sys", "meta_path path_hooks path_importer_cache"),
    ),
    Construct(
        name=MODULE_NAMESPACE,
        why="Use what a module offers by its name, not by its inner table.",
    ),
    Construct(
        name=REPLACED,
        why="Others rely on what you import: use it, and change only what is your own.",
    ),
    Construct(
        name=CODE_ASSIGNED,
        why="Exchanging the code of a function changes it for everybody; define another function.",
    ),
    Construct(
        name=COMPUTED_IMPORT,
        why="A reader must be able to see what a file imports: write `import` and the name.",
        paths=_paths("importlib", "reload util machinery abc") | _paths("pkgutil", "get_loader resolve_name"),
        modules=frozenset({"runpy", "zipimport"}),
    ),
    Construct(
        name=COMPUTED_ATTRIBUTE,
        why="A reader must be able to see which attribute is meant: write `x.name`, or the name as a plain text.",
        attributes=frozenset({"__getattribute__", "__getattr__"}),
    ),
    Construct(
        name="run-text",
        why="Code inside a text is hidden from its readers; write it as code.",
        names=frozenset({"eval", "exec", "compile"}),
        paths=_paths("builtins", "eval exec compile"),
        modules=frozenset({"code", "codeop"}),
    ),
    Construct(
        name="processes",
        why="All of an exercise happens in one process; starting, ending or signalling others is no part of it.",
        paths=_paths(
            "os",
            "fork forkpty system popen _exit abort kill killpg execl execle execlp execlpe execv execve execvp execvpe "
            "spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe posix_spawn posix_spawnp",
        )
        | _paths("signal", "raise_signal pthread_kill setitimer alarm pthread_sigmask"),
    ),
    Construct(
        name=DESCRIPTORS,
        why="The number of a file descriptor does not tell whose it is; print() is for output, and a socket has methods of its own.",
        paths=_paths("os", "write writev pwrite pwritev sendfile dup dup2 close closerange fdopen"),
    ),
    Construct(
        name="system-files",
        why="These files describe the machine and the processes on it; no exercise reads them.",
        openings=("/proc", "/dev/fd", "/sys"),
    ),
)

BY_NAME = {construct.name: construct for construct in TABLE}

TAKES_NAMES = _paths("builtins", "getattr setattr delattr") | _paths("operator", "attrgetter methodcaller")
"""What is told by a text which attribute it shall give or change."""
OPENERS = frozenset({"builtins.open", "io.open"})

HOOKS = _words("threading.excepthook sys.excepthook sys.unraisablehook sys.displayhook sys.stdout sys.stderr sys.stdin")
"""What the standard library documents as to be assigned."""

FORBIDDEN_IMPORT = "forbidden-import"
UNLISTED_IMPORT = "unlisted-import"
KINDS = frozenset(BY_NAME) | {FORBIDDEN_IMPORT, UNLISTED_IMPORT}
"""Every kind of hit that `source_policy` gives."""
