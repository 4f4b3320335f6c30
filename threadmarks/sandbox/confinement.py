"""What a rung does to the processes of a zygote, step by step; the layers themselves are in `confine/`.

The steps are called by `supervisor.py` and `template.py` in the order in which they stand here. Unix only, standard library
only.
"""

import os
import platform
from collections.abc import Mapping, Sequence

from threadmarks.sandbox.confine import credentials, landlock, limits, namespaces, seccomp, view
from threadmarks.sandbox.confine.syscalls import ARCHITECTURES, Architecture
from threadmarks.sandbox.ladder import Rung

FIRST_PID = 1
"""The id of a namespace's first process, as it sees itself."""


class Confinement:
    """The rung `RLIMITS`, and what every stricter one does too."""

    rung = Rung.RLIMITS
    own_world = False
    """Whether each run has process ids and files of its own, which end with its first process."""

    def __init__(self, outer_id: int) -> None:
        self.outer_id = outer_id
        """The user that runners are, seen from outside."""

    def enter(self) -> bool:
        """In the zygote's first process, single-threaded. True: only its next child is inside."""
        return False

    def shut(self, folder: str, hidden: Sequence[str]) -> None:
        """In the template, when the engine is loaded: `folder` is empty, `hidden` must not be found by runners."""

    new_namespaces = 0
    """CLONE_NEW* flags: what a runner is forked into."""

    def before_runner(self) -> None:
        """In the process that forks a runner, where it cannot be forked into them."""

    def ahead(self) -> None:
        """In the runner, before it has its request: what can be done ahead of it."""

    def settle(self, folder: str) -> str:
        """In the runner, when it has its request: go to the folder that it may write to. That folder."""
        os.chdir(folder)
        credentials.become(self.outer_id)
        return folder

    def close(self, folder: str, run_limits: Mapping[str, float], *, network: bool) -> int:  # noqa: ARG002  # for others
        """In the runner, last. The descriptor at which each new thread must be let pass, or 0."""
        limits.apply(run_limits)
        return 0


class FilteredConfinement(Confinement):
    """`NO_USER_NAMESPACE`: no new privileges, Landlock and the system-call filter besides."""

    rung = Rung.NO_USER_NAMESPACE
    _notify_threads = True

    def __init__(self, outer_id: int) -> None:
        super().__init__(outer_id)
        self._architecture = architecture()
        self._readable = [*view.shown(), *(f"/dev/{name}" for name in view.DEVICES)]

    def settle(self, folder: str) -> str:
        super().settle(folder)
        credentials.drop_capabilities(
            self._architecture
        )  # root, where it cannot become another user, is then root in name only
        credentials.no_new_privileges()
        return folder

    def close(self, folder: str, run_limits: Mapping[str, float], *, network: bool) -> int:
        writable = [folder, "/dev/null"]
        landlock.restrict(self._architecture, read=self._readable, write=writable, network=network)
        super().close(folder, run_limits, network=network)
        program = self._filter(os.getpid(), network=network)
        return seccomp.install(self._architecture, program, listen=self._notify_threads)

    def _filter(self, own_pid: int, *, network: bool) -> bytes:
        """The system-call filter of a runner."""
        return seccomp.program(
            self._architecture,
            own_pid=own_pid,
            network=network,
            notify_threads=self._notify_threads,
            own_files=self.own_world,
        )


class FullConfinement(FilteredConfinement):
    """`FULL`: in a world of its own besides. Its threads are counted by that world's process ids."""

    rung = Rung.FULL
    own_world = True
    _notify_threads = False

    def __init__(self, outer_id: int) -> None:
        super().__init__(outer_id)
        self._readable = ["/"]  # the view holds nothing else
        make = super()._filter
        self._filters = {network: make(FIRST_PID, network=network) for network in (False, True)}

    def enter(self) -> bool:
        namespaces.enter(self.outer_id)
        return True

    def shut(self, folder: str, hidden: Sequence[str]) -> None:
        view.build(folder, hidden, self._architecture)

    new_namespaces = namespaces.OF_A_RUNNER

    def before_runner(self) -> None:
        namespaces.before_runner()

    def ahead(self) -> None:
        view.give_box()
        credentials.become(namespaces.RUNNER_ID)
        credentials.drop_capabilities(self._architecture)
        credentials.no_new_privileges()

    def settle(self, folder: str) -> str:  # noqa: ARG002  # it has a better one
        return view.BOX

    def _filter(self, own_pid: int, *, network: bool) -> bytes:
        """Made once for all runners: each is the first process of its world."""
        assert own_pid == FIRST_PID
        return self._filters[network]


_CLASSES = {kind.rung: kind for kind in (Confinement, FilteredConfinement, FullConfinement)}


def architecture() -> Architecture:
    """The machine's own column of the system-call tables. Raises OSError when there is none."""
    name = platform.machine()
    if name not in ARCHITECTURES:
        raise OSError(0, "the system-call filter has no table for it", name)
    return ARCHITECTURES[name]


def confinement(rung: Rung, folder: str) -> Confinement:
    """The steps of a rung above `PLAIN`, for runs in `folder`. Raises OSError where the machine lacks what they stand on."""
    user = credentials.outer_id()
    if user != os.geteuid() and rung is not Rung.FULL and not _open_to_all([folder, *view.standard_library()]):
        user = os.geteuid()  # another user could not even read Python's own modules
    return _CLASSES[rung](user)


def _open_to_all(paths: Sequence[str]) -> bool:
    """Whether every user may go down to these folders (the last of each can be given away)."""
    for path in paths:
        while (path := os.path.dirname(path)) not in ("", "/"):
            if not os.stat(path).st_mode & 0o001:
                return False
    return True
