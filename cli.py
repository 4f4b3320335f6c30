"""The front of the command line in this repository: `python cli.py ex02` grades as `grade ex02` does after an install.

Thin on purpose. The commands live in `threadmarks/commands/` (docs/decisions/0002-commands-in-the-package.md), and this
file stays out of the wheel: no top-level module named `cli` may land among a user's packages.
"""

import os

from threadmarks.commands import main

if __name__ == "__main__":
    # Reports print commands to copy: they must begin with what was typed, also when dev.py called this file.
    main(prog_name=os.environ.get("THREADMARKS_PROGRAM", "python cli.py"))
