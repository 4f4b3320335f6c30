"""Marks and comments to Moodle by its web services (`mod_assign_save_grades`).

Moodle's web services go by real user ids, its downloads by participants: `mod_assign_get_user_mappings` translates. A comment that a
person wrote is left alone, and with it that student's grade, unless told otherwise. Answers were tried against a local server that answers as documented.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from threadmarks.errors import UsageError
from threadmarks.lms.marks import SIGN, Mark, Marks
from threadmarks.lms.moodle import PARTICIPANT
from threadmarks.lms.web import Web, WebProblem

SERVICE = "/webservice/rest/server.php"
AT_ONCE = 50


class Moodle:
    """A site, with a token."""

    def __init__(self, base: str, token: str) -> None:
        self._web = Web(base)
        self._token = token

    def _call(self, function: str, *form: tuple[str, str]) -> Any:
        """The answer of a function. Moodle tells errors in answers of 200. Raises WebProblem."""
        head = (("wstoken", self._token), ("wsfunction", function), ("moodlewsrestformat", "json"))
        answer = self._web.post(SERVICE, (*head, *form))
        if isinstance(answer, dict) and ("exception" in answer or "errorcode" in answer):
            raise WebProblem(
                f"Moodle refuses {function}: {str(answer.get('message', answer.get('errorcode'))).replace(self._token, '…')}"
            )
        return answer

    def send(
        self, marks: Marks, assignment: str, *, comments: bool, replace: bool, as_points: bool, dry: bool
    ) -> tuple[int, list[str]]:
        """How many were sent, and why the others were not. `dry`: only look."""
        most = self._most(assignment)
        users = self._users(assignment)
        left = list(marks.left)
        wanted: list[tuple[str, float, Mark]] = []
        for mark in marks.marks:
            user = mark.id("user id") or users.get(mark.id(PARTICIPANT), "")
            grade = mark.points if as_points else mark.scaled(most)
            if not user:
                left.append(f"{mark.who}: Moodle knows no such participant in this assignment")
            elif grade > most:
                left.append(f"{mark.who}: {grade:g} is more than the maximum of {most:g}")
            elif comments and not replace and self._commented(assignment, user):
                left.append(
                    f"{mark.who}: somebody's own comment is there and would be replaced: --replace-comments does so"
                )
            else:
                wanted.append((user, grade, mark))
        for start in range(0, 0 if dry else len(wanted), AT_ONCE):
            form = _form(assignment, wanted[start : start + AT_ONCE], comments=comments)
            if self._call("mod_assign_save_grades", *form) is not None:
                raise WebProblem("Moodle answered mod_assign_save_grades with something else than success.")
        return len(wanted), left

    def _most(self, assignment: str) -> float:
        """The assignment's maximum. Raises UsageError when it has none in points."""
        answer = self._call("mod_assign_get_assignments")
        for course in answer.get("courses", ()):
            for each in course.get("assignments", ()):
                if str(each.get("id")) == assignment:
                    if float(each.get("grade", 0)) <= 0:
                        raise UsageError(f"Assignment {assignment} is not graded in points.")
                    return float(each["grade"])
        raise UsageError(
            f"The token's user sees no assignment {assignment}. It is the assignment's own id, not the one in its address."
        )

    def _users(self, assignment: str) -> dict[str, str]:
        answer = self._call("mod_assign_get_user_mappings", ("assignmentids[0]", assignment))
        return {
            str(mapping["id"]): str(mapping["userid"])
            for each in answer.get("assignments", ())
            for mapping in each.get("mappings", ())
        }

    def _commented(self, assignment: str, user: str) -> bool:
        """Whether a comment is there that is not ours."""
        answer = self._call("mod_assign_get_submission_status", ("assignid", assignment), ("userid", user))
        return any(text.strip() and not text.startswith((SIGN, f"<p>{SIGN}")) for text in _comments(answer))


def _comments(answer: Any) -> Iterator[str]:
    for plugin in (answer.get("feedback") or {}).get("plugins", ()):
        if plugin.get("type") == "comments":
            yield from (str(field.get("text", "")) for field in plugin.get("editorfields", ()))


def _form(assignment: str, wanted: Iterable[tuple[str, float, Mark]], *, comments: bool) -> Iterator[tuple[str, str]]:
    yield ("assignmentid", assignment)
    yield ("applytoall", "0")
    for index, (user, grade, mark) in enumerate(wanted):
        head = f"grades[{index}]"
        yield (f"{head}[userid]", user)
        yield (f"{head}[grade]", f"{grade:.2f}")
        yield (f"{head}[attemptnumber]", "-1")
        yield (f"{head}[addattempt]", "0")
        yield (f"{head}[workflowstate]", "")
        if comments:
            yield (f"{head}[plugindata][assignfeedbackcomments_editor][text]", mark.comment)
            yield (f"{head}[plugindata][assignfeedbackcomments_editor][format]", "1")
