"""What a machine says to each rung, on machines that say different things.

A process in a user namespace of its own stands for a container: it may be root of very little, or nobody, and be allowed no
further namespaces.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.conftest import need
from threadmarks.sandbox.ladder import Rung

ROOT = Path(__file__).parents[2]
RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tests.sandbox.conftest import FAKE, request_for
from threadmarks.errors import SandboxError
from threadmarks.sandbox.host import Host
from threadmarks.sandbox.ladder import Rung, survey
found = {one.rung: one.problem for one in survey()}
with Host(1, entry=FAKE) as host:
    wire = host.run(request_for("import os, threading\\nthreading.Thread(target=int).start()\\nos.write(WIRE, b'done')"))
refused = ""
with Host(1, entry=FAKE, rung=Rung.FULL) as strict:
    try:
        strict.run(request_for("pass"))
    except SandboxError as error:
        refused = str(error)
print(json.dumps([found, host.rung, wire.wire.decode(), wire.tasks, refused]))
"""
NO_MORE_NAMESPACES = "echo 0 > /proc/sys/user/max_user_namespaces && "


def _inside(how: list[str], before: str = "") -> tuple[dict[str, str], str, str, int | None, str]:
    """The survey, the best rung, what a run wrote, the threads counted, and why the full rung was refused."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, *how, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespace can be made here to stand for a container")
    program = f'{before}exec "$0" -c "$1" "$2"'
    done = subprocess.run(
        [unshare, *how, "sh", "-c", program, sys.executable, RUN, str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, rung, wire, tasks, refused = json.loads(done.stdout)
    return found, rung, wire, tasks, refused


def test_an_unprivileged_user_has_the_full_rung() -> None:
    """A teaching assistant's laptop, and most servers."""
    need(Rung.FULL)
    found, rung, wire, tasks, refused = _inside(["--user", "--map-user=1000", "--map-group=1000"])
    assert (found["full"], rung, wire, tasks, refused) == ("", "full", "done", 1, "")


def test_root_of_a_container_with_a_single_user_has_the_full_rung() -> None:
    """There is nobody else to become; the layers hold all the same."""
    need(Rung.FULL)
    found, rung, wire, tasks, refused = _inside(["--user", "--map-root-user"])
    assert (found["full"], rung, wire, tasks, refused) == ("", "full", "done", 1, "")


def test_without_user_namespaces_the_next_rung_is_taken_and_the_system_s_words_are_kept() -> None:
    """Hardened hosts and many containers. Whoever asks for the full rung is refused, with the reason."""
    need(Rung.NO_USER_NAMESPACE)
    found, rung, wire, tasks, refused = _inside(["--user", "--map-root-user"], NO_MORE_NAMESPACES)
    assert "No space left on device" in found["full"]
    assert (rung, wire, tasks) == ("no-user-namespace", "done", 1)
    assert "'full' is not offered here" in refused
    assert "No space left on device" in refused


CAPABILITIES = """
import ctypes, os, struct, sys
root, rung, folder = sys.argv[1:]
sys.path.insert(0, root)
from threadmarks.sandbox.confinement import confinement
from threadmarks.sandbox.ladder import Rung

def alone_in_a_child():
    if os.fork():
        os.wait()
        os._exit(0)

steps = confinement(Rung(rung), folder)
if steps.enter():
    alone_in_a_child()
steps.shut(folder, ())
steps.before_runner()
alone_in_a_child()
steps.ahead()
steps.settle(folder)
header, found = struct.pack("Ii", 0x20080522, 0), ctypes.create_string_buffer(24)  # capget(2), version 3
answer = ctypes.CDLL(None).capget(header, found)
os.write(1, repr((answer, *struct.unpack("IIIIII", found.raw))).encode())
os._exit(0)
"""


@pytest.mark.parametrize("rung", [Rung.FULL, Rung.NO_USER_NAMESPACE])
def test_runs_have_no_capability_whoever_makes_them(rung: Rung, tmp_path: Path) -> None:
    """Also root's, where there is no other user to become: a root in name only."""
    need(rung)
    command = [sys.executable, "-c", CAPABILITIES, str(ROOT), rung.value, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "(0, 0, 0, 0, 0, 0, 0)"
