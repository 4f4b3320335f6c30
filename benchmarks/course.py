"""Every exercise from a cold start: the reference solution, every check, all that is explored, as a student and for marks.

*practice*: `grade check exNN`, upon copies of the references as one's own files. *official*: `grade check exNN --official`, upon
the references and with the second witness, whose plain runs take real time.

Usage: python benchmarks/course.py [ROUNDS] [EXERCISE ...]
"""

import shutil
import sys
import tempfile
from pathlib import Path

from _measure import GRADE, command_s, in_turn, table

from threadmarks import catalog

SECRET = "benchmark " * 4


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    exercises = catalog.load()
    chosen = [catalog.resolve(word, exercises) for word in sys.argv[2:]] or list(exercises)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for exercise in exercises:
            shutil.copy(exercise.reference, folder / exercise.file_name)
        secret = folder / "secret"
        secret.write_text(SECRET, encoding="utf-8")
        for exercise in chosen:
            check = (*GRADE, "check", exercise.id, str(folder / exercise.file_name), "--no-record")
            print(exercise.id)
            table(
                in_turn(
                    rounds,
                    {
                        "practice": lambda check=check: command_s(check),
                        "official": lambda check=check: command_s((*check, "--official", "--secret-file", str(secret))),
                    },
                )
            )


if __name__ == "__main__":
    main()
