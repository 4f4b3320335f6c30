"""Submissions that are nearly the same: a hint to look, never a verdict.

What is compared is the program as a sequence of tokens, without comments, layout and names, and without what stands in the exercise's stub: what
everybody was given is nobody's copy. rapidfuzz (the extra `threadmarks[lms]`) finds how much of two sequences is one. Short work is alike by
nature, so below `LEAST_TOKENS` nothing is said. Must not decide anything about marks.
"""

import heapq
import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product

LEAST_TOKENS = 60
"""Of a student's own tokens. Below, two who have understood the same write the same."""
LIKENESS = 0.95
"""From which share on two programs are told."""
MOST_PAIRS = 30
_SKIPPED = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
)
Line = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two submissions, by the ids that they were given by."""

    one: str
    other: str
    share: float  # from 0 to 1


def installed() -> bool:
    """Whether it can be looked for at all."""
    try:
        import rapidfuzz  # noqa: F401  # only whether it is there
    except ImportError:
        return False
    return True


def alike(texts: Mapping[str, str], stub: str) -> list[Alike]:
    """The pairs of different texts that are nearly the same, the likest first; at most `MOST_PAIRS`. Needs rapidfuzz."""
    given = set(_lines(stub))
    numbers: dict[str, int] = {}
    names: dict[tuple[int, ...], list[str]] = {}  # by the tokens: whose they are. Who shares all is compared once
    for name, text in sorted(texts.items()):
        own = tuple(_own(text, given, numbers))
        if len(own) >= LEAST_TOKENS:
            names.setdefault(own, []).append(name)
    return heapq.nsmallest(MOST_PAIRS, _pairs(names), key=lambda pair: (-pair.share, pair.one, pair.other))


def _pairs(names: Mapping[tuple[int, ...], Sequence[str]]) -> Iterator[Alike]:
    """All that may be among the first `MOST_PAIRS`: of those who share all tokens only so many can be."""
    from rapidfuzz.distance import Indel

    by_length = sorted(names, key=len)
    for index, tokens in enumerate(by_length):
        ones = names[tokens][: MOST_PAIRS + 1]  # the first of them has as many others
        for one, other in combinations(ones, 2):
            yield Alike(one=one, other=other, share=1.0)
        most = len(tokens) * (2 - LIKENESS) / LIKENESS  # a longer one cannot be so much like it
        for longer in islice(by_length, index + 1, None):
            if len(longer) > most:
                break
            share = Indel.normalized_similarity(tokens, longer, score_cutoff=LIKENESS)
            if share:
                for one, other in product(ones, names[longer][:MOST_PAIRS]):
                    yield Alike(one=min(one, other), other=max(one, other), share=share)


def _own(text: str, given: set[Line], numbers: dict[str, int]) -> Sequence[int]:
    """The tokens of the lines that are not given, each kind by a number."""
    return [numbers.setdefault(token, len(numbers)) for line in _lines(text) if line not in given for token in line]


def _lines(text: str) -> Iterable[Line]:
    """Each logical line's tokens, names and literals by their kind; texts that stand alone (docstrings) are left out."""
    line: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE:
                if line not in ([], ["TEXT"]):
                    yield tuple(line)
                line = []
            elif token.type not in _SKIPPED:
                line.append(_kind(token))
    except (tokenize.TokenError, SyntaxError):  # the rest of a file that is no Python is not compared
        return


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
        return "NAME"
    if token.type == tokenize.NUMBER:
        return "NUMBER"
    return "TEXT" if token.type == tokenize.STRING else token.string
