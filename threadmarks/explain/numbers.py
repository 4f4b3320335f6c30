"""Numbers as a reader wants them: points without a needless `.0`, virtual seconds without floating-point dust."""


def points(value: float) -> str:
    """`3`, `2.5`: a number of points."""
    return f"{round(value, 2):g}"


def got_of(score: float | None, worth: int) -> str:
    """`2 of 4 points`, `4 points not counted` for None, `gives no points`: what a check gave and what it is worth."""
    if not worth:
        return "gives no points"
    told = counted(worth, "point")
    return f"{told} not counted" if score is None else f"{points(score)} of {told}"


def seconds(value_s: float) -> str:
    """`0`, `0.5`, `2`, `0.000001`: virtual seconds, to the microsecond, never in exponent form."""
    text = f"{value_s:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def counted(number: int, singular: str, plural: str = "") -> str:
    """`1 check`, `2 checks`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
