"""A check that would pass, and what speaks against its pass from outside: both accounts, side by side.

Two things can: a controlled run in which the kernel made more threads than the trace tells, and a witness's testimony.
The verdict is then *suspect*: no automatic marks, and a person looks.
"""

from dataclasses import dataclass

from threadmarks.judge.fixtures import Attempt
from threadmarks.model import Account, CheckSpec, Finding

CODE = "accounts-differ"
FINDING = Finding(
    code=CODE,
    message="Two measurements of this behaviour do not agree; a person will look at it. No points were taken.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What was seen from outside of a check that would pass. `accounts` is empty when nothing speaks against it."""

    accounts: tuple[Account, ...]
    remarks: tuple[str, ...]


def seen_from_outside(spec: CheckSpec, attempt: Attempt) -> Outside:
    """Ask the kernel's count of the check's runs, then its witnesses, as far as there are any. Blocks. Raises GraderFault."""
    against = [*_hidden(attempt)]
    remarks: list[str] = []
    witnesses = attempt.session.witnesses
    for name in spec.witness if witnesses is not None else ():
        assert witnesses is not None
        told = witnesses.result(name)
        remarks += [f"{name}: {remark}" for remark in told.remarks]
        if told.contest is not None:
            fact = told.contest
            says = f"{fact.measured}: {fact.seen}, not {fact.wanted}"
            against.append(Account(source="witness", scenario=name, says=says, facts=told.facts))
    accounts = (_trace_account(spec, attempt), *against) if against else ()
    return Outside(accounts=accounts, remarks=tuple(remarks))


def _hidden(attempt: Attempt) -> list[Account]:
    """The controlled runs in which threads were hidden."""
    accounts = []
    for scenario in sorted(attempt.scenarios):
        hidden = attempt.session.hidden(scenario)
        if hidden is not None:
            says = (
                f"threads made in a process of controlled runs, by the kernel's own count: {hidden.made}; "
                f"its traces tell of {hidden.reported}"
            )
            accounts.append(Account(source="witness", scenario=scenario, says=says, facts=()))
    return accounts


def _trace_account(spec: CheckSpec, attempt: Attempt) -> Account:
    result = attempt.result
    facts: list[tuple[str, str]] = []
    if result is not None and result.trace is not None:
        trace = result.trace
        facts = [
            ("run", trace.token),
            ("end", trace.outcome.value),
            ("threads reported", str(len(trace.threads) - 1)),
            ("of these started by the submission", str(len(trace.student_threads))),
            ("alive at the end", str(len(trace.alive_at_end()))),
            ("schedules tried", str(attempt.schedules)),
        ]
    return Account(
        source="trace",
        scenario=result.scenario if result is not None else "",
        says=f"passed: {spec.title}",
        facts=tuple(facts),
    )
