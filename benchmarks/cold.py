"""Cold processes: `grade` on the references, beside plain pytest files that ask the same with real sleeps.

Usage: python benchmarks/cold.py [ROUNDS]
"""

import sys

from _measure import GRADE, ROOT, command_s, in_turn, table

REFERENCES = {
    "ex02": "solutions/ex02_thread_pool/ex02.py",
    "ex04": "solutions/ex04_sleep_without_blocking/ex04.py",
}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("Cold start of the command line")
    table(
        in_turn(
            rounds,
            {
                "python -c pass": lambda: command_s([sys.executable, "-c", "pass"]),
                "grade --help": lambda: command_s([*GRADE, "--help"]),
            },
        )
    )
    for exercise, file in REFERENCES.items():
        plain = str(ROOT / "benchmarks" / "plain" / f"test_{exercise}_real_sleeps.py")
        print(f"{exercise}: the reference solution, judged by every check")
        taken = in_turn(
            rounds,
            {
                f"grade {exercise}": lambda exercise=exercise, file=file: command_s([*GRADE, exercise, file]),
                "pytest, real sleeps": lambda plain=plain, file=file: command_s(
                    [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", plain], SUBMISSION=file
                ),
            },
        )
        table(taken, against=f"grade {exercise}")


if __name__ == "__main__":
    main()
