"""The family `files`: submissions that are hostile as files, or as text, before a line of them runs.

`PATHS` are built in a folder and read as official grading reads them; each declares the refusal it must get. `TEXTS` are
attacks like those in the folders, but too long, too odd or too unprintable to be kept as files.
"""

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.declaration import Attack, of_table

HONEST = "def live_threads():\n    return 1\n"
BOM = b"\xef\xbb\xbf"
GIGABYTE = 1 << 30
EVERYWHERE = ["full", "no-user-namespace", "rlimits", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostilePath:
    """A file that must be refused with `code`, at once; or read, when `code` is ""."""

    name: str
    tries: str
    build: Callable[[Path], str]
    code: str


def _written(name: str, data: bytes) -> Callable[[Path], str]:
    def build(folder: Path) -> str:
        (folder / name).write_bytes(data)
        return str(folder / name)

    return build


def _symlink(target: str) -> Callable[[Path], str]:
    def build(folder: Path) -> str:
        (folder / "real.py").write_text(HONEST)
        (folder / "ex00.py").symlink_to(target)
        return str(folder / "ex00.py")

    return build


def _fifo(folder: Path) -> str:
    os.mkfifo(folder / "ex00.py")
    return str(folder / "ex00.py")


def _hard_link(folder: Path) -> str:
    (folder / "theirs.py").write_text(HONEST)
    os.link(folder / "theirs.py", folder / "ex00.py")
    return str(folder / "ex00.py")


def _socket(folder: Path) -> str:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "ex00.py"))
    return str(folder / "ex00.py")


def _sparse(folder: Path) -> str:
    with (folder / "ex00.py").open("wb") as file:
        file.truncate(10 * GIGABYTE)
    return str(folder / "ex00.py")


def _folder(folder: Path) -> str:
    (folder / "ex00.py").mkdir()
    return str(folder / "ex00.py")


def _growing(folder: Path) -> str:
    """Somebody writes to it without end while it is read; it ends with the thread, at two megabytes."""
    path = folder / "ex00.py"
    path.write_bytes(b"#" * (1 << 20))

    def grow() -> None:
        with path.open("ab") as file:
            for _ in range(1 << 8):
                file.write(b"#" * 4096)

    writer = threading.Thread(target=grow)
    writer.start()
    writer.join()
    return str(path)


def _missing(name: str) -> Callable[[Path], str]:
    return lambda folder: f"{folder}/{name}"


PATHS = (
    HostilePath(name="symlink", tries="a link to another file", build=_symlink("real.py"), code="symlink"),
    HostilePath(name="symlink_to_passwd", tries="a link to a system file", build=_symlink("/etc/passwd"), code="symlink"),
    HostilePath(name="symlink_loop", tries="a link to itself", build=_symlink("ex00.py"), code="symlink"),
    HostilePath(name="fifo", tries="a queue that nobody writes to, so that opening it never ends", build=_fifo, code="not-a-file"),
    HostilePath(name="device_zero", tries="a device that never ends", build=lambda _: "/dev/zero", code="not-a-file"),
    HostilePath(name="device_tty", tries="the terminal", build=lambda _: "/dev/ptmx", code="not-a-file"),
    HostilePath(name="socket", tries="a local socket", build=_socket, code="not-a-file"),
    HostilePath(name="folder", tries="a folder", build=_folder, code="folder"),
    HostilePath(name="hard_link", tries="a second name of somebody else's file", build=_hard_link, code="not-a-file"),
    HostilePath(name="sparse", tries="ten gigabytes of nothing", build=_sparse, code="too-large"),
    HostilePath(name="growing", tries="a file that grows while it is read", build=_growing, code="too-large"),
    HostilePath(name="own_memory", tries="the judge's memory, as a file", build=lambda _: "/proc/self/mem", code="unreadable"),
    HostilePath(name="own_environment", tries="the judge's environment, as a file", build=lambda _: "/proc/self/environ", code="nul-byte"),
    HostilePath(name="nul_in_the_name", tries="a name that ends early", build=_missing("ex00.py\0.txt"), code="no-file"),
    HostilePath(name="name_too_long", tries="a name of a thousand letters", build=_missing("x" * 1000), code="unreadable"),
    HostilePath(name="empty", tries="nothing", build=_written("ex00.py", b""), code="empty"),
    HostilePath(name="bom_only", tries="nothing but a mark", build=_written("ex00.py", BOM + b"\n"), code="empty"),
    HostilePath(name="utf16", tries="another encoding", build=_written("ex00.py", HONEST.encode("utf-16")), code="not-utf8"),
    HostilePath(name="utf7", tries="an encoding that hides code in comments", build=_written("ex00.py", b"# coding: utf-7\n# +AAo-import os\n" + HONEST.encode()), code="not-utf8"),
    HostilePath(name="raw_unicode_escape", tries="an encoding that turns a comment into code", build=_written("ex00.py", b"#!/x\n# -*- coding: raw_unicode_escape -*-\n# \\u000aimport os\n"), code="not-utf8"),
    HostilePath(name="coding_after_form_feed", tries="a coding line where a reader does not look for one", build=_written("ex00.py", b"\x0c\n \x0c# vim: set fileencoding=rot13 :\n" + HONEST.encode()), code="not-utf8"),
    HostilePath(name="latin1", tries="bytes that are no UTF-8", build=_written("ex00.py", b"name = '\xe4'\n"), code="not-utf8"),
    HostilePath(name="overlong", tries="an overlong spelling of a slash", build=_written("ex00.py", b"x = '\xc0\xaf'\n"), code="not-utf8"),
    HostilePath(name="surrogate", tries="half of a character", build=_written("ex00.py", b"x = '\xed\xa0\x80'\n"), code="not-utf8"),
    HostilePath(name="nul", tries="a byte at which C stops reading", build=_written("ex00.py", b"x = 1\n\0import os\n"), code="nul-byte"),
    HostilePath(name="name_with_newlines", tries="a name that draws a report of its own", build=_written("ex00.py\nScore: 20\x1b[2J\r\u202e.py", HONEST.encode()), code=""),
    HostilePath(name="name_of_no_encoding", tries="a name that is no text", build=_written("ex00-\udcff\udc80.py", HONEST.encode()), code=""),
    HostilePath(name="name_of_an_option", tries="a name that looks like an option", build=_written("--json", HONEST.encode()), code=""),
    HostilePath(name="bom", tries="a mark before the first line", build=_written("ex00.py", BOM + HONEST.encode()), code=""),
)  # fmt: skip

_BIDI = '''
def live_threads():
    """One more than there are.\u202e \u2066 return 1 \u2069\u2066"""
    access = "user\u202e \u2066# only threads\u2069 \u2066"
    return access
'''
_HOMOGLYPH = """
class Thre\u0430dCensus:
    created, leaked = 4, []


def live_thre\u0430ds():
    return 1
"""
_TEXTS: dict[str, tuple[str, str, str, list[str]]] = {
    # name: (what it tries, what stops it, the text, one of these codes)
    "bidi": ("to read differently than it runs, by marks of writing direction", "checks", _BIDI, ["missing-api"]),
    "homoglyphs": ("to define the right names in letters that only look right", "checks", _HOMOGLYPH, ["missing-api"]),
    "escape_sequences": (
        "to send control sequences to the instructor's terminal, by messages and output",
        "checks",
        'print("\\x1b[2J\\x1b]0;owned\\x07\\r\\x9b31m")\nraise ValueError("\\x1b[31mScore: 20/20\\u202e\\x00")\n',
        ["import-error"],
    ),
    "ten_thousand_signs": ("to break the parser's stack: a number with ten thousand signs before it", "interpreter", f"x = {'-' * 10_000}1\n", []),
    "hundred_thousand_signs": ("to break the parser's stack: a hundred thousand signs", "interpreter", f"x = {'-' * 100_000}1\n", []),
    "long_sum": ("to break the compiler's stack: a sum of thirty thousand terms", "interpreter", f"x = {'+'.join(['1'] * 30_000)}\n", []),
    "long_chain": ("to break the compiler's stack: a chain of attributes", "interpreter", f"x = a{'.a' * 50_000}\n", []),
    "deep_brackets": ("to break the parser's stack: brackets", "interpreter", f"x = {'[' * 190}{']' * 190}\n" * 5, []),
    "unclosed_brackets": ("to keep the parser busy: brackets that are never closed", "interpreter", "x = " + "({[" * 60 + "\n", ["syntax-error"]),
    "deep_indents": ("to go deeper than the tokenizer", "interpreter", "".join(" " * n + "if 1:\n" for n in range(99)) + " " * 99 + "x = 1\n", []),
    "deep_lambdas": ("to break the symbol table: functions in functions", "interpreter", f"x = {'lambda: ' * 5_000}1\n", []),
    "constant_folding": ("to have the compiler compute something huge", "interpreter", "x = ((((((9**99)**99)**99)**99)**99)**99)\ny = 'a' * 10**8 * 10**9\n", []),
    "long_number": ("a number of a million digits", "interpreter", f"x = {'9' * 900_000}\n", ["syntax-error"]),
    "many_names": ("a megabyte of assignments", "limits", "\n".join(f"a{n} = b{n} = {n}" for n in range(10_000)), []),
    "many_strings": ("a string put together from a hundred thousand", "limits", "x = (" + "'a' " * 100_000 + ")\n", []),
    "many_format_strings": ("nested format strings", "interpreter", 'x = f"{f\'{1:{2:{3}}}\'}"\n' * 10_000, []),
    "names_in_styles": ("identifiers in letters that Python reads as others", "checks", "\U0001d552\U0001d559 = \U0001d7d9\nl\u00edve = 1\n\uff50\uff52\uff49\uff4e\uff54(1)\n", []),
    "line_ends": ("line ends of every kind, to move the lines that reports name", "checks", "x = 1\rx = 2\r\nx = 3\n\x0cx = 4\nraise ValueError\u2028\x85\n", ["import-error", "syntax-error"]),
}  # fmt: skip


def texts() -> tuple[Attack, ...]:
    """The attacks that are text."""
    return tuple(
        of_table(
            {
                "exercise": "ex00",
                "tries": tries,
                "stopped_by": [stop],
                "holds_on": EVERYWHERE,
                "must": {"fail": "all", **({"codes": codes} if codes else {})},
                "limits": {"cpu_s": 2, "wall_s": 8.0, "memory_bytes": 1 << 30},
            },
            "files",
            name,
            text,
        )
        for name, (tries, stop, text, codes) in _TEXTS.items()
    )
