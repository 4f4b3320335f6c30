"""The inputs of a submission: random numbers that the scenario and its check draw alike, each on its own side.

A scenario draws from `probe.random`, a check from `trace.inputs()`; the judge never takes an input from a trace, for the
runner is untrusted. The one definition of the generator that both begin with. Standard library only.
"""

import random


def inputs_of(seed: int) -> random.Random:
    """A generator at its beginning. `seed` is made of the submission's source and the instructor's secret."""
    return random.Random(f"inputs {seed}")
