"""What `grade doctor` looks at: the rungs of this machine, and whatever else decides how well it grades.

Each fact is found by trying, or read where the kernel tells it. Gathers and advises; prints nothing.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from threadmarks.sandbox import kernel
from threadmarks.sandbox.ladder import Rung, Survey

TESTED = "x86_64"
"""The one architecture whose system-call tables were run."""
LOW_SPACE_BYTES = 256 << 20
_NO_RANDOMISATION = 0x0040000
_ASK_PERSONALITY = "import ctypes; print(ctypes.CDLL(None).personality(0xFFFFFFFF))"

HELD_BY = {
    Rung.FULL: "namespaces, a file view of its own, limits, Landlock and a system-call filter",
    Rung.NO_USER_NAMESPACE: "limits, Landlock and a system-call filter, without namespaces of its own",
    Rung.RLIMITS: "a process with resource limits; it can read files and reach the network",
    Rung.PLAIN: "a process of its own and nothing else; grade only files that you trust",
}

SWITCHES = (
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "User namespaces are switched off for ordinary users. As root: sysctl kernel.unprivileged_userns_clone=1",
    ),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor restricts user namespaces. As root: sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "No user namespace may be made at all. As root: sysctl user.max_user_namespaces=10000",
    ),
)
"""Files of the kernel, the value that stands in the way, and what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine, as far as grading is concerned."""

    rungs: tuple[Survey, ...]  # strictest first
    advice: Mapping[Rung, tuple[str, ...]]  # for the rungs that are not offered
    system: str  # "Linux 6.1.0"
    architecture: str
    python: str  # "3.11.7"
    fixed_addresses: bool  # whether address randomisation can be switched off for runs
    temporary: str
    free_bytes: int  # in the temporary folder
    cores: int  # that this process may use

    @property
    def rung(self) -> Rung:
        """The strictest rung that is offered."""
        return next(seen.rung for seen in self.rungs if seen.offered)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an instructor should know before grading here."""
        told = []
        if self.architecture != TESTED:
            told.append(
                f"The system-call tables for {self.architecture} are untested: the kit was only ever run on {TESTED}."
            )
        if not self.fixed_addresses:
            told.append(
                "Address randomisation stays on here: what a program makes of the addresses of its objects (the order of a "
                "set of them) may differ from run to run. Such a check is then suspect, and not graded."
            )
        if self.free_bytes < LOW_SPACE_BYTES:
            told.append(f"Little space is left in {self.temporary}: runs that write files may fail for want of it.")
        return tuple(told)


def survey_machine(rungs: tuple[Survey, ...]) -> Machine:
    """Everything about this machine, given what the ladder says of it."""
    temporary = tempfile.gettempdir()
    return Machine(
        rungs=rungs,
        advice={seen.rung: advice(seen.problem) for seen in rungs if not seen.offered},
        system=f"{platform.system()} {platform.release()}",
        architecture=platform.machine(),
        python=platform.python_version(),
        fixed_addresses=addresses_can_be_fixed(),
        temporary=temporary,
        free_bytes=shutil.disk_usage(temporary).free,
        cores=len(kernel.cores()),
    )


def advice(problem: str, switches: tuple[tuple[str, str, str], ...] = SWITCHES) -> tuple[str, ...]:
    """What to do about the problem of a rung: from its words, and from the kernel's own switches."""
    words = problem.lower()
    told = []
    if "only linux" in words:
        told.append("Grade on Linux, or in a virtual machine that runs it.")
    if "no table" in words:
        told.append(f"The system-call filter knows {TESTED} and aarch64 only. Grade on another machine.")
    if "landlock" in words:
        told.append(
            "Landlock needs Linux 5.13 and to be among the kernel's security modules (lsm=landlock,... at boot)."
        )
    if "seccomp" in words:
        told.append("The kernel was built without CONFIG_SECCOMP_FILTER, or a container forbids it.")
    if any(word in words for word in ("unshare", "namespace", "uid_map", "gid_map", "mount", "pivot")):
        told += [repair for path, value, repair in switches if _holds(path, value)]
        if not told:
            told.append(
                "If this is a container, it has to be allowed to make user namespaces and mounts; else grade outside of it."
            )
    return tuple(told) or ("No advice is known for this. The words above are the system's own.",)


def _holds(path: str, value: str) -> bool:
    try:
        return Path(path).read_text(encoding="ascii").strip() == value
    except (OSError, UnicodeDecodeError):  # this kernel has no such switch
        return False


def addresses_can_be_fixed() -> bool:
    """Whether a process can be started here without address randomisation: start one, and ask it."""
    if sys.platform != "linux":
        return False
    from threadmarks.sandbox import kernel  # stands on what only Linux has

    with kernel.fixed_addresses():
        asked = subprocess.run([sys.executable, "-I", "-c", _ASK_PERSONALITY], capture_output=True, check=False)
    return asked.returncode == 0 and bool(int(asked.stdout) & _NO_RANDOMISATION)
