"""System-call numbers of the two architectures that the filter knows, and which calls a runner may make.

Numbers are from the kernel's own tables (arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h). The
aarch64 column was never run: no such machine was at hand. None: the architecture does not have the call.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_Row = tuple[int | None, int | None]  # x86-64, aarch64

_FILES: Mapping[str, _Row] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "preadv": (295, 69),
    "pwritev": (296, 70),
    "preadv2": (327, 286),
    "pwritev2": (328, 287),
    "open": (2, None),
    "openat": (257, 56),
    "creat": (85, None),
    "close": (3, 57),
    "close_range": (436, 436),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "fcntl": (72, 25),
    "flock": (73, 32),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "sync_file_range": (277, 84),
    "ftruncate": (77, 46),
    "truncate": (76, 45),
    "fallocate": (285, 47),
    "lseek": (8, 62),
    "sendfile": (40, 71),
    "copy_file_range": (326, 285),
    "splice": (275, 76),
    "tee": (276, 77),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents": (78, None),
    "getdents64": (217, 61),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "umask": (95, 166),
    "chdir": (80, 49),
    "fchdir": (81, 50),
    "getcwd": (79, 17),
    "getxattr": (191, 8),
    "lgetxattr": (192, 9),
    "fgetxattr": (193, 10),
    "listxattr": (194, 11),
    "llistxattr": (195, 12),
    "flistxattr": (196, 13),
}
"""Files and folders. What can be reached is the view's and Landlock's business, not this table's."""

_FILE_MODES: Mapping[str, _Row] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "utime": (132, None),
    "utimes": (235, None),
    "utimensat": (280, 88),
    "futimesat": (261, None),
}
"""Modes and times of files. Landlock does not watch these calls: allowed only where all files that can be reached are a run's own."""

_MEMORY: Mapping[str, _Row] = {
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    "brk": (12, 214),
    "msync": (26, 227),
    "mincore": (27, 232),
}
"""Memory of its own; how much is the address-space limit's business."""

_WAITING: Mapping[str, _Row] = {
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "epoll_create": (213, None),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441),
    "eventfd": (284, None),
    "eventfd2": (290, 19),
    "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86),
    "timerfd_gettime": (287, 87),
    "signalfd": (282, None),
    "signalfd4": (289, 74),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "pause": (34, None),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132),
    "alarm": (37, None),
    "setitimer": (38, 103),
    "getitimer": (36, 102),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
}
"""Waiting for descriptors, timers and signals."""

_THREADS: Mapping[str, _Row] = {
    "futex": (202, 98),
    "futex_waitv": (449, 449),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "set_tid_address": (218, 96),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "wait4": (61, 260),
    "waitid": (247, 95),
    "restart_syscall": (219, 128),
    "arch_prctl": (158, None),
}
"""What threads need; creating them is conditional."""

_QUESTIONS: Mapping[str, _Row] = {
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "getrandom": (318, 278),
    "getcpu": (309, 168),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getgroups": (115, 158),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "getpgid": (121, 155),
    "getpgrp": (111, None),
    "getsid": (124, 156),
    "getpriority": (140, 141),
    "getrlimit": (97, 163),
    "setrlimit": (160, 164),
}
"""Questions about itself and the clock."""

_DELIVERY: Mapping[str, _Row] = {
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "sendmmsg": (307, 269),
    "recvmmsg": (299, 243),
    "shutdown": (48, 210),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "getsockopt": (55, 209),
    "setsockopt": (54, 208),
}
"""Sockets that it has already; making one is conditional."""

_CONDITIONAL: Mapping[str, _Row] = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "ioctl": (16, 29),
    "socket": (41, 198),
    "socketpair": (53, 199),
}
"""Allowed with certain arguments only; `seccomp.py` says which."""

_NETWORK: Mapping[str, _Row] = {
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "connect": (42, 203),
}
"""Allowed where the exercise is about the network; the network is then the loopback of an empty namespace."""

_SETUP: Mapping[str, _Row] = {
    "seccomp": (317, 277),
    "capset": (126, 91),
    "pivot_root": (155, 41),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
    "mount_setattr": (442, 442),
}
"""Made by the kit itself before the filter stands; a runner may make none of them."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """One column of the tables."""

    name: str  # as `platform.machine()` gives it
    audit: int  # AUDIT_ARCH_*, which a filter sees
    tested: bool
    numbers: Mapping[str, int]
    allowed: frozenset[str]  # without conditions
    file_modes: frozenset[str]  # besides, where all files that can be reached are a run's own
    network: frozenset[str]  # besides, for network exercises
    highest: int  # numbers above it are younger than this table

    def number(self, name: str) -> int:
        """The number of a call. Raises KeyError when the architecture has none."""
        return self.numbers[name]


_TABLES = (_FILES, _FILE_MODES, _MEMORY, _WAITING, _THREADS, _QUESTIONS, _DELIVERY, _CONDITIONAL, _NETWORK, _SETUP)


def _architecture(name: str, audit: int, column: int, *, tested: bool) -> Architecture:
    numbers = {call: row[column] for table in _TABLES for call, row in table.items()}
    known = {call: number for call, number in numbers.items() if number is not None}
    free = (_FILES, _MEMORY, _WAITING, _THREADS, _QUESTIONS, _DELIVERY)
    return Architecture(
        name=name,
        audit=audit,
        tested=tested,
        numbers=known,
        allowed=frozenset(call for table in free for call in table if call in known),
        file_modes=frozenset(call for call in _FILE_MODES if call in known),
        network=frozenset(call for call in _NETWORK if call in known),
        highest=max(known.values()),
    )


ARCHITECTURES: Mapping[str, Architecture] = {
    "x86_64": _architecture("x86_64", 0xC000003E, 0, tested=True),
    "aarch64": _architecture("aarch64", 0xC00000B7, 1, tested=False),
}
