"""Make text that came from a student's program harmless to show.

An exception's message or a source line may hold escape sequences that recolour a terminal, move its cursor, or reorder
what is read (bidirectional controls). They are shown as what they are, `\\x1b` and `\\u202e`, and never obeyed. Every text
of a report passes here before it is laid out; nothing here knows what the text means.
"""

TAB = "    "


def one_line(text: str) -> str:
    """`text` on one line: line breaks become `\\n`, other unsafe characters their escapes, tabs four blanks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def lines(text: str) -> list[str]:
    """The lines of `text`, each safe. A text without content gives no line."""
    return [one_line(line) for line in text.replace("\r\n", "\n").split("\n")] if text.strip() else []


def text(value: str) -> str:
    """`value` with its line breaks, and nothing else that a terminal would obey."""
    return "\n".join(lines(value))


def _shown(character: str) -> str:
    if character == "\t":
        return TAB
    if character.isprintable():  # no controls, no surrogates, and no blank but the ordinary one
        return character
    return character.encode("unicode_escape", errors="backslashreplace").decode("ascii")
