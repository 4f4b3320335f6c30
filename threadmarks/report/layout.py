"""A page of text: indented, wrapped, labelled lines, painted only at the end.

Lines are wrapped as plain text and painted afterwards, so that colour never changes a layout. The paint is handed in:
`plain` leaves the text alone, a terminal's paint adds escape sequences. Must not know what a report is.
"""

import textwrap
from collections.abc import Callable
from enum import Enum, auto

from threadmarks.explain.safe import lines as safe_lines


class Role(Enum):
    """What a piece of text is. A paint may colour it; the words must say the same without."""

    HEADING = auto()
    PASSED = auto()
    NOT_PASSED = auto()
    UNGRADED = auto()
    QUIET = auto()
    COMMAND = auto()


Paint = Callable[[str, Role], str]

NARROWEST = 40
LABEL_WIDTH = 10


def plain(text: str, role: Role) -> str:
    """The paint that paints nothing."""
    del role
    return text


class Page:
    """Collects the lines of a text of at most `width` columns. Commands and the student's source are never wrapped."""

    def __init__(self, width: int, paint: Paint = plain) -> None:
        self.width = max(NARROWEST, width)
        self._paint = paint
        self._lines: list[str] = []

    def text(self) -> str:
        """Everything so far, each line ended."""
        return "".join(f"{line.rstrip()}\n" for line in self._lines)

    def blank(self) -> None:
        """An empty line, unless there is one already or the page is empty."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def raw(self, text: str, *, indent: int = 0, role: Role | None = None) -> None:
        """One line as it is, however long."""
        painted = self._paint(text, role) if role else text
        self._lines.append(" " * indent + painted)

    def paragraph(self, text: str, *, indent: int = 0, hang: int = 0, role: Role | None = None) -> None:
        """`text` wrapped; the lines after the first stand `hang` columns further in."""
        for number, line in enumerate(self._wrapped(text, indent, hang)):
            self.raw(line, indent=indent + (hang if number else 0), role=role)

    def labelled(self, label: str, text: str, *, indent: int = 0) -> None:
        """`label` and `text` in two columns."""
        if text:
            self.paragraph(f"{label.ljust(LABEL_WIDTH)} {text}", indent=indent, hang=LABEL_WIDTH + 1)

    def row(self, lead: str, word: str, after: str, text: str, *, role: Role) -> None:
        """`lead word after text` on one line, of which only `word` is painted. `text` wraps under itself."""
        column = len(lead) + len(word) + len(after)
        wrapped = self._wrapped(text, column, 0)
        self._lines.append(lead + self._paint(word, role) + after + wrapped[0])
        for line in wrapped[1:]:
            self.raw(line, indent=column)

    def markdown(self, text: str) -> None:
        """Paragraphs wrapped, everything between fences (```) as it is, without the fences."""
        fenced = False
        paragraph: list[str] = []
        for line in [*text.splitlines(), ""]:
            fence = line.lstrip().startswith("```")
            if paragraph and (fence or not line.strip()):
                self.paragraph(" ".join(paragraph))
                paragraph = []
            if fence:
                fenced = not fenced
            elif fenced:
                self.raw(line, indent=4)
            elif line.strip():
                paragraph.append(line.strip())
            else:
                self.blank()

    def _wrapped(self, text: str, indent: int, hang: int) -> list[str]:
        """The lines of `text`. The first `hang` columns of the first line (a label, padded) are kept as they are."""
        wrapper = textwrap.TextWrapper(
            width=self.width - indent - hang, break_on_hyphens=False, replace_whitespace=False
        )
        told: list[str] = []
        for line in safe_lines(text):
            head = "" if told else line[:hang]
            pieces = wrapper.wrap(line[len(head) :]) or [""]
            told += [head + pieces[0], *pieces[1:]]
        return told or [""]
