"""Marks and comments to Canvas by its API (`submissions/update_grades`), which answers with a job's progress.

Canvas adds comments and never replaces one: what is there word for word is not sent again. Tried against a local server that answers as documented.
"""

import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from threadmarks.errors import UsageError
from threadmarks.lms.marks import Mark, Marks
from threadmarks.lms.web import Web, WebProblem

AT_ONCE = 50
MOST_LOOKS = 600


class Canvas:
    """A site, with a token."""

    def __init__(self, base: str, token: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._web = Web(base, {"Authorization": f"Bearer {token}"})
        self._sleep = sleep

    def send(
        self, marks: Marks, course: str, assignment: str, *, comments: bool, as_points: bool, dry: bool
    ) -> tuple[int, list[str]]:
        """How many were sent, and why the others were not. `dry`: only look."""
        place = f"/api/v1/courses/{urllib.parse.quote(course, safe='')}/assignments/{urllib.parse.quote(assignment, safe='')}"
        possible = float(self._web.get(place).get("points_possible") or 0)
        if possible <= 0 and not as_points:
            raise UsageError(f"Assignment {assignment} has no points, so marks cannot be scaled: give --points.")
        known = self._comments(place)
        left = list(marks.left)
        wanted: list[Mark] = []
        for mark in marks.marks:
            if mark.id("user id") in known:
                wanted.append(mark)
            else:
                left.append(f"{mark.who}: Canvas knows no such user in this assignment")
        for start in range(0, 0 if dry else len(wanted), AT_ONCE):
            form: list[tuple[str, str]] = []
            for mark in wanted[start : start + AT_ONCE]:
                head = f"grade_data[{mark.id('user id')}]"
                form.append((f"{head}[posted_grade]", f"{mark.points if as_points else mark.scaled(possible):.2f}"))
                if comments and mark.text not in known[mark.id("user id")]:
                    form.append((f"{head}[text_comment]", mark.text))
            self._finished(self._web.post(f"{place}/submissions/update_grades", form))
        return len(wanted), left

    def _comments(self, place: str) -> dict[str, set[str]]:
        """Of each user who can hand something in, the comments that are there."""
        form = (("include[]", "submission_comments"), ("per_page", "100"))
        return {
            str(each["user_id"]): set(_texts(each))
            for page in self._web.pages(f"{place}/submissions", form)
            for each in page
        }

    def _finished(self, progress: Any) -> None:
        """Wait until the job has ended. Raises WebProblem when it failed, or has not ended after many looks."""
        for _ in range(MOST_LOOKS):
            match progress.get("workflow_state"):
                case "completed":
                    return
                case "failed":
                    raise WebProblem(
                        f"Canvas could not save the grades: {progress.get('message') or 'it does not say why'}"
                    )
            self._sleep(1.0)
            progress = self._web.get(f"/api/v1/progress/{int(progress['id'])}")
        raise WebProblem("Canvas has not finished saving the grades. Look at its gradebook before you send them again.")


def _texts(submission: Any) -> Iterator[str]:
    for comment in submission.get("submission_comments") or ():
        yield str(comment.get("comment", ""))
