"""System calls that Python does not offer, by ctypes. Each raises OSError with the kernel's reason and what was tried.

Linux only. Looked up once, when this module is imported: in a runner nothing is looked up any more.
"""

import ctypes
import os
import platform
import signal
import sys

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PYTHON = ctypes.PyDLL(None, use_errno=True) if sys.platform == "linux" else None
"""The same library, called without giving up the interpreter's lock."""

CLONE_PARENT = 0x0000_8000
CLONE_NEWNS = 0x0002_0000
CLONE_CHILD_CLEARTID = 0x0020_0000
CLONE_CHILD_SETTID = 0x0100_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_GET_TID_ADDRESS = 40


def _checked(result: int, what: str) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _libc() -> ctypes.CDLL:
    if _LIBC is None:
        raise OSError(0, "only Linux has it")
    return _LIBC


def fork() -> int:
    """Fork without what Python does around it: for a child that only forks again or ends. Raises OSError.

    Python's own fork makes the child's interpreter ready for work, which touches, and so copies, hundreds of pages.
    """
    if _PYTHON is None:
        raise OSError(0, "only Linux has it")
    return _checked(int(_PYTHON.fork()), "fork")


def _thread_id_address() -> int:
    """Where the C library keeps this thread's id, which a child must have corrected; 0 where the kernel does not tell."""
    address = ctypes.c_void_p()
    if _LIBC is None or _LIBC.prctl(PR_GET_TID_ADDRESS, ctypes.byref(address), 0, 0, 0) == -1:
        return 0
    return address.value or 0


_CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine(), 0)
_THREAD_ID = ctypes.c_void_p(_thread_id_address())
CAN_FORK_SIBLINGS = bool(_CLONE and _THREAD_ID)
"""Whether `fork_sibling` works here. PR_GET_TID_ADDRESS is a kernel's option (CONFIG_CHECKPOINT_RESTORE), and on in most."""


def fork_sibling(flags: int) -> int:
    """Fork this single-threaded process into new namespaces (CLONE_NEW* flags); its parent is the child's parent, too.

    Returns 0 in the child, which calls `ready_for_python` next. Raises OSError. On aarch64 the last two arguments are in the
    other order; one of them is the address, the other is not looked at (clone(2)).
    """
    if _PYTHON is None:
        raise OSError(0, "only Linux has it")
    every = flags | CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | signal.SIGCHLD
    nothing = ctypes.c_void_p()
    number = ctypes.c_long(_CLONE)
    return _checked(
        int(_PYTHON.syscall(number, ctypes.c_ulong(every), nothing, nothing, _THREAD_ID, _THREAD_ID)), "clone"
    )


def ready_for_python() -> None:
    """In a child that another way than `os.fork` has made: what Python does around a fork."""
    ctypes.pythonapi.PyOS_BeforeFork()
    ctypes.pythonapi.PyOS_AfterFork_Child()


def current_core() -> int:
    """The number of the core that the caller runs on at this moment."""
    return _checked(int(_libc().sched_getcpu()), "sched_getcpu")


def prctl(option: int, value: int) -> None:
    """Tell the kernel something about this process."""
    _checked(_libc().prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def unshare(flags: int) -> None:
    """Leave the namespaces named by CLONE_NEW* flags for new ones."""
    _checked(_libc().unshare(flags), f"unshare {flags:#x}")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount something, or change a mount."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, kind, options)]
    _checked(
        _libc().mount(encoded[0], os.fsencode(target), encoded[1], ctypes.c_ulong(flags), encoded[2]), f"mount {target}"
    )


def detach(target: str) -> None:
    """Unmount lazily, with everything below."""
    _checked(_libc().umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def syscall(number: int, what: str, *arguments: object) -> int:
    """A call that the C library has no function for. Integers are passed as long, bytes and structures by address."""
    converted = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return _checked(int(_libc().syscall(ctypes.c_long(number), *converted)), what)
