"""Every promise of the content under many secrets: no draw of the inputs may save a wrong file or harm a right one.

`grade content` grades with one set of inputs for each file. Here each file is graded again and again, each time with another
secret, and so with other inputs.

Usage: python proofs/drawn_inputs.py [--secrets 5] [EXERCISE ...]
Exit code 1 when any promise was broken under any secret.
"""

import argparse
from functools import partial
from pathlib import Path
from unittest.mock import patch

from threadmarks import catalog
from threadmarks.authoring import proofs
from threadmarks.judge import grade_source
from threadmarks.judge.pytest_session import HeldChecks
from threadmarks.sandbox.host import Host

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Prove each exercise's files once for each secret."""
    parser = argparse.ArgumentParser(description="The promises of the content under many secrets.")
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE")
    parser.add_argument("--secrets", type=int, default=5)
    options = parser.parse_args()
    known = catalog.load(ROOT)
    chosen = [catalog.resolve(word, known) for word in options.exercises] or list(known)
    broken = 0
    with Host() as host, HeldChecks() as held:
        for exercise in chosen:
            for number in range(options.secrets):
                broken += prove(exercise, f"secret {number}", host, held)
            print(f"{exercise.id}: {options.secrets} secrets, {broken} promises broken so far", flush=True)
    return 1 if broken else 0


def prove(exercise: catalog.Exercise, secret: str, host: Host, held: HeldChecks) -> int:
    """How many promises of the exercise's files are broken with this secret."""
    broken = 0
    with patch.object(proofs, "grade_source", partial(grade_source, secret=secret)):
        for task in proofs.tasks(exercise):
            row = proofs.prove(task, host, held)
            for problem in row.problems:
                print(f"{exercise.id} {row.what}, {secret!r}: {problem}")
            broken += bool(row.problems)
    return broken


if __name__ == "__main__":
    raise SystemExit(main())
