"""Below the full rung, a judge that is root has its runs made by another user, where that user can reach Python."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import FAKE, Play, need, request_for
from threadmarks.sandbox.confinement import _open_to_all
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung

SYSTEM = "/usr/bin/python3"


def _is_ours(executable: str) -> bool:
    """Whether this is a Python of the same minor version, in folders that everybody may enter."""
    if not Path(executable).exists():
        return False
    question = "import os, sys; print(*sys.version_info[:2], os.path.dirname(os.__file__))"
    answer = subprocess.run([executable, "-S", "-c", question], capture_output=True, text=True, check=True).stdout
    major, minor, library = answer.split(maxsplit=2)
    return (int(major), int(minor)) == sys.version_info[:2] and _open_to_all([library.strip()])


pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not _is_ours(SYSTEM),
    reason="needs root, and a Python of this version that every user can reach",
)


@pytest.fixture(scope="module", params=[Rung.NO_USER_NAMESPACE, Rung.RLIMITS])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A host whose runners have the system's Python."""
    need(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", SYSTEM)
        with Host(1, entry=FAKE, rung=request.param) as running:
            running.run(request_for("pass"))
            yield running


def test_the_runs_are_nobody_s_account(play: Play) -> None:
    """And nobody's groups."""
    run = play("import os\nos.write(WIRE, repr([os.getuid(), os.geteuid(), os.getgid(), os.getgroups()]).encode())")
    user, effective, group, groups = eval(run.wire)  # noqa: S307  # our own text
    assert user == effective == group
    assert 61184 <= user <= 65519
    assert groups == []


def test_a_run_may_write_to_its_own_folder_and_load_modules(play: Play) -> None:
    """The folder is given to that user; Python's modules are everybody's."""
    program = "import colorsys, os, tempfile\nopen('a', 'w').write('x')\ntempfile.mkdtemp()\nos.write(WIRE, b'done')"
    run = play(program)
    assert (run.wire, run.stray) == (b"done", b"")


def test_a_run_cannot_signal_its_zygote_nor_read_its_memory(play: Play) -> None:
    """Where nothing is filtered, the user is what keeps them apart."""
    program = """
import os
for attempt in (lambda: os.kill(os.getppid(), 9), lambda: open(f"/proc/{os.getppid()}/mem", "rb")):
    try:
        attempt()
    except PermissionError:
        os.write(WIRE, b"refused ")
"""
    assert play(program).wire == b"refused refused "
