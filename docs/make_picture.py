"""Make the README's picture of a real run anew: docs/run.svg, and docs/run.txt with the same text.

Run by `python3 dev.py picture`. Grades one of the shipped wrong solutions as a student would, in a folder of its own, with
colour forced, and draws what the program printed. Nothing is edited.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
SUBJECT = ROOT / "solutions" / "ex02_thread_pool" / "wrong" / "empty_queue_is_idle.py"
COMMAND = "grade ex02"
WIDTH = 80


def main() -> None:
    """Grade, and write both files."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(SUBJECT, Path(folder) / "ex02.py")
        told = subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), "ex02"],
            cwd=folder,
            env={**os.environ, "FORCE_COLOR": "1", "THREADMARKS_PROGRAM": "grade"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if told.returncode != 1:
        sys.exit(f"{SUBJECT} should not pass; it ended with exit code {told.returncode}")
    run = Text.assemble((f"$ {COMMAND}\n", "bold"), Text.from_ansi(told.stdout))
    (DOCS / "run.txt").write_text(run.plain.rstrip() + "\n", encoding="utf-8")
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH + 2, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(run, soft_wrap=True)
        # No font from the network: whoever looks at the picture is not reported to anybody.
        shape = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        picture = console.export_svg(title=COMMAND, theme=DIMMED_MONOKAI, code_format=shape, unique_id="threadmarks")
    (DOCS / "run.svg").write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
