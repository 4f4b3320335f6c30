"""The attack corpus on every rung that this machine offers: what became of each, how long it took, what stopped it.

Usage: python proofs/attacks.py [--rung RUNG ...] [WORD ...]
A WORD selects the attacks whose name contains it. Exit code 1 when an attack comes to something else than it declares on a
rung on which it promises something, when a run takes longer than its limit plus a second, or when a rung named by --rung is
not offered. What an attack does on a rung on which nothing is promised is printed, and costs nothing.
"""

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.attacks.arena import Arena, Outcome, Ran  # noqa: E402  # the repository's root is on the path from here on
from tests.attacks.declaration import Attack  # noqa: E402  # likewise
from tests.attacks.table import corpus  # noqa: E402  # likewise
from threadmarks.errors import SandboxError  # noqa: E402  # likewise
from threadmarks.sandbox.collecting import Stop  # noqa: E402  # likewise
from threadmarks.sandbox.ladder import Rung  # noqa: E402  # likewise

GRACE_S = 1.0
EXHAUSTING = ("bombs", "endless")
"""Families whose attacks are not run where nothing is promised about them: nothing would stop them there."""


def late(runs: tuple[Ran, ...]) -> list[str]:
    """The runs that took longer than their limits and a second more."""
    found = []
    for run in runs:
        if run.seconds > run.limits.wall_s + GRACE_S:
            found.append(f"a run took {run.seconds:.2f} s; its limit is {run.limits.wall_s:g} s")
        if run.raw.cpu_s > run.limits.cpu_s + GRACE_S:
            found.append(f"a run used {run.raw.cpu_s:.2f} s of processor time; its limit is {run.limits.cpu_s} s")
    return found


def stopped(outcome: Outcome) -> str:
    """What ended its runs, as far as the host saw, and what the checks found."""
    ends = [run.raw.stop.value for run in outcome.runs if run.raw.stop not in (Stop.ITSELF, Stop.CANCELLED)]
    ends += [
        f"signal {-run.raw.exit_code}" for run in outcome.runs if run.raw.stop is Stop.ITSELF and run.raw.exit_code < 0
    ]
    if outcome.report is None:
        return ", ".join(sorted(set(ends)))
    findings = [finding for check in outcome.report.checks for finding in check.findings if finding.costs_points]
    codes = Counter(finding.code for finding in (*outcome.report.findings, *findings))
    return ", ".join([*sorted(set(ends)), *(code for code, _ in codes.most_common(3))])


def battle(rung: Rung, attacks: list[Attack]) -> int:
    """Run them all on one rung; how many came to something else than they declare."""
    bad = held = unpromised = 0
    width = max(len(attack.id) for attack in attacks)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="threadmarks-attacks-")))
        folder.chmod(
            0o711
        )  # as a temp folder is: another user, whose a run is where the judge is root, must get to its own
        arena = stack.enter_context(Arena(rung, folder))
        for attack in attacks:
            if rung not in attack.holds_on and (attack.needs_limits or attack.family in EXHAUSTING):
                unpromised += 1
                print(f"{'not run':18} {attack.id}")
                continue
            outcome = arena.fight(attack)
            wrong = [*outcome.wrong, *late(outcome.runs)]
            promised = rung in attack.holds_on
            held += promised and not wrong
            unpromised += not promised
            bad += promised and bool(wrong)
            word = (
                ("held" if promised else "held, not promised")
                if not wrong
                else "BROKEN"
                if promised
                else "not promised"
            )
            report = outcome.report
            told = (
                f"{report.verdict.value:12} {report.score:4g}/{report.max_score:<4g}"
                if report
                else "no report".ljust(22)
            )
            print(f"{word:18} {attack.id:{width}} {told} {outcome.seconds:6.2f} s  {stopped(outcome)}", flush=True)
            wrong += [f"open: {attack.open}"] if attack.open and wrong else []
            wrong += [f"it holds now; take its `open` line away: {attack.open}"] if attack.open and not wrong else []
            for problem in wrong:
                print(f"{'':18}   {problem}")
    print(f"{rung.value}: {held} held, {bad} broken, {unpromised} on which nothing is promised here\n", flush=True)
    return bad


def main() -> int:
    """Every rung asked for, or every one that is offered."""
    parser = argparse.ArgumentParser(description="Grade every attack on every rung.")
    parser.add_argument("--rung", action="append", type=Rung, choices=list(Rung), metavar="RUNG")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    attacks = [attack for attack in corpus() if not options.words or any(word in attack.id for word in options.words)]
    if not attacks:
        parser.error("no attack has a name like that")
    bad = 0
    for rung in options.rung or list(Rung):
        try:
            bad += battle(rung, attacks)
        except SandboxError as problem:
            print(f"{rung.value}: not offered here: {problem}\n")
            bad += bool(options.rung)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
