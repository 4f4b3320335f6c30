"""Marks by web services, to a local server that answers as Moodle and Canvas document."""

import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import handed
import pytest
from click.testing import CliRunner

from threadmarks.commands import main
from threadmarks.errors import UsageError
from threadmarks.lms.web import Web, WebProblem

TOKEN = "tok-4711"


class Site(HTTPServer):
    """Keeps every request; `answer(request)` gives a status, a value and headers."""

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.seen = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def calls(self, word):
        """The forms of the requests whose path, or function, is that."""
        return [form for path, form, _ in self.seen if word in path or form.get("wsfunction") == word]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = dict(urllib.parse.parse_qsl(body or query, keep_blank_values=True))
        self.server.seen.append((path, form, self.headers.get("Authorization", "")))
        status, value, headers = self.server.answer(self.server, path, form)
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        """Nothing."""


@pytest.fixture
def serve():
    """`serve(answer)`: a running site."""
    sites = []

    def start(answer):
        site = Site(answer)
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        sites.append((site, thread))
        return site

    yield start
    for site, thread in sites:
        site.shutdown()
        thread.join()
        site.server_close()


def moodle(site, path, form):
    """As `mod_assign` answers."""
    if path != "/webservice/rest/server.php" or form.get("moodlewsrestformat") != "json":
        return 404, {}, {}
    if form.get("wstoken") != TOKEN:
        told = f"Invalid token {form['wstoken']}"
        return 200, {"exception": "core\\exception", "errorcode": "invalidtoken", "message": told}, {}
    comment = "<p>see me</p>" if form.get("userid") == "103" else "<p>Threadmarks ex02: old</p>"
    plugin = {"type": "comments", "editorfields": [{"name": "comments", "text": comment, "format": 1}]}
    mappings = [{"id": participant, "userid": participant + 92} for participant in (9, 10, 11)]
    answers = {
        "mod_assign_get_assignments": {"courses": [{"assignments": [{"id": 5, "grade": 100}, {"id": 6, "grade": -2}]}]},
        "mod_assign_get_user_mappings": {"assignments": [{"assignmentid": 5, "mappings": mappings}]},
        "mod_assign_get_submission_status": {"feedback": {"plugins": [plugin]}},
        "mod_assign_save_grades": None,
    }
    return 200, answers[form["wsfunction"]], {}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with the marks of four participants, and the tokens in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THREADMARKS_MOODLE_TOKEN", TOKEN)
    monkeypatch.setenv("THREADMARKS_CANVAS_TOKEN", TOKEN)
    people = [("9", handed.REPORT), ("10", handed.FULL), ("11", handed.FULL), ("14", handed.FULL)]
    handed.folder(tmp_path / "moodle", "moodle", [(key, (("participant id", key),), each) for key, each in people])
    handed.folder(tmp_path / "canvas", "canvas", [(key, (("user id", key),), each) for key, each in people])
    return tmp_path


def push(site, system, *more):
    """The command's end."""
    ids = ["--assignment", "5", *(["--course", "7"] if system == "canvas" else [])]
    return CliRunner().invoke(main, ["push", system, system, "--url", site.url, *ids, *more])


def test_moodle_gets_marks_and_comments_by_real_user_ids(serve, place):
    """Participants are translated; a person's comment is left alone; who is not there is told."""
    site = serve(moodle)
    told = push(site, "moodle")
    assert told.exit_code == 1, told.output
    (form,) = site.calls("mod_assign_save_grades")
    assert (form["assignmentid"], form["applytoall"], form["grades[0][attemptnumber]"]) == ("5", "0", "-1")
    grades = {form[f"grades[{n}][userid]"]: form[f"grades[{n}][grade]"] for n in (0, 1)}
    assert grades == {"101": "75.00", "102": "100.00"}
    assert "grades[2][userid]" not in form
    comment = form["grades[0][plugindata][assignfeedbackcomments_editor][text]"]
    assert comment.startswith("<p>Threadmarks ex02: ")
    assert "<script" not in comment
    assert "2 marks sent." in told.stdout
    assert "Student 11 (11): somebody's own comment is there" in told.stdout
    assert "Student 14 (14): Moodle knows no such participant" in told.stdout


def test_moodle_marks_alone_and_replaced_comments(serve, place):
    """As asked for."""
    site = serve(moodle)
    assert push(site, "moodle", "--no-comments").exit_code == 1
    (form,) = site.calls("mod_assign_save_grades")
    assert len([name for name in form if name.endswith("[grade]")]) == 3
    assert not [name for name in form if "plugindata" in name]
    site.seen.clear()
    push(site, "moodle", "--replace-comments")
    (form,) = site.calls("mod_assign_save_grades")
    assert len([name for name in form if "plugindata" in name]) == 6


@pytest.mark.parametrize("system", ["moodle", "canvas"])
def test_a_dry_run_sends_nothing(serve, place, system):
    """And says what it would."""
    site = serve(moodle if system == "moodle" else canvas)
    told = push(site, system, "--dry-run")
    assert "marks would be sent." in told.stdout, told.output
    assert not site.calls("save_grades")
    assert not site.calls("update_grades")
    assert not site.calls("mod_assign_save_grades")


def test_what_moodle_refuses_is_told_without_the_token(serve, place, monkeypatch):
    """Errors come with status 200 there."""
    monkeypatch.setenv("THREADMARKS_MOODLE_TOKEN", "wrong-4712")
    told = push(serve(moodle), "moodle")
    assert told.exit_code == 2
    assert "Moodle refuses mod_assign_get_assignments: Invalid token …" in told.stderr
    assert "4712" not in told.output


@pytest.mark.parametrize(("assignment", "said"), [("6", "is not graded in points"), ("8", "sees no assignment 8")])
def test_an_assignment_that_cannot_be_is_told(serve, place, assignment, said):
    """Before anything is sent."""
    site = serve(moodle)
    told = CliRunner().invoke(main, ["push", "moodle", "moodle", "--url", site.url, "--assignment", assignment])
    assert told.exit_code == 2
    assert said in told.stderr


def canvas(site, path, form):
    """As Canvas's API answers: lists in pages, a job for grades."""
    head = "/api/v1/courses/7/assignments/5"
    if path == head:
        return 200, {"id": 5, "points_possible": 8.0}, {}
    if path == f"{head}/submissions":
        first = form.get("page") is None
        people = [9, 10] if first else [11, 12]
        comments = [{"comment": "Threadmarks ex02: 4 of 4 points, 2 of 2 checks passed."}]
        value = [{"user_id": n, "submission_comments": comments if n == 11 else []} for n in people]
        link = f'<{site.url}{path}?page=1>; rel="current", <{site.url}{path}?page=2>; rel="next"'
        return 200, value, {"Link": link} if first else {}
    if path == f"{head}/submissions/update_grades":
        return 200, {"id": 3, "workflow_state": "queued"}, {}
    return 200, {"id": 3, "workflow_state": getattr(site, "state", "completed"), "message": "no"}, {}


def test_canvas_gets_marks_and_comments_that_are_not_there_yet(serve, place, monkeypatch):
    """It adds comments and never replaces one."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    site = serve(canvas)
    told = push(site, "canvas")
    (form,) = site.calls("update_grades")
    assert {name: value for name, value in form.items() if "posted" in name} == {
        "grade_data[9][posted_grade]": "6.00",
        "grade_data[10][posted_grade]": "8.00",
        "grade_data[11][posted_grade]": "8.00",
    }
    assert {name for name in form if "comment" in name} == {
        "grade_data[9][text_comment]",
        "grade_data[10][text_comment]",
    }
    assert "<script>" in form["grade_data[9][text_comment]"]  # text there, not HTML
    assert {header for _, _, header in site.seen} == {f"Bearer {TOKEN}"}
    assert "Student 14 (14): Canvas knows no such user" in told.stdout
    assert told.exit_code == 1


def test_a_job_of_canvas_that_fails_is_told(serve, place, monkeypatch):
    """Nobody may take it for done."""
    monkeypatch.setattr("threadmarks.lms.canvas_web.time.sleep", lambda seconds: None)
    site = serve(canvas)
    site.state = "failed"
    told = push(site, "canvas")
    assert told.exit_code == 2
    assert "Canvas could not save the grades: no" in told.stderr


def test_a_token_goes_nowhere_else(serve):
    """No redirect is followed, no list to another host; without TLS only this machine is talked to."""
    there = serve(lambda site, path, form: (200, {}, {}))
    here = serve(lambda site, path, form: (302, {}, {"Location": there.url + "/x"}))
    with pytest.raises(WebProblem, match="answered 302"):
        Web(here.url, {"Authorization": f"Bearer {TOKEN}"}).get("/x")
    lists = serve(lambda site, path, form: (200, [], {"Link": f'<{there.url}/x>; rel="next"'}))
    with pytest.raises(WebProblem, match="leads on to another site"):
        list(Web(lists.url).pages("/x"))
    assert there.seen == []
    for address in ("http://moodle.example.org", "ftp://x", "moodle.example.org", "https://x?y"):
        with pytest.raises(UsageError):
            Web(address)


def test_what_a_server_answers_wrongly_is_told_without_the_token(serve):
    """Its text may quote the header."""
    for answer, said in (
        ((200, b"<html>", {}), "no JSON"),
        ((401, f"bad {TOKEN}".encode(), {}), "answered 401: bad …"),
    ):
        site = serve(lambda site, path, form, answer=answer: answer)
        with pytest.raises(WebProblem, match=said) as told:
            Web(site.url, {"Authorization": f"Bearer {TOKEN}"}).get("/x")
        assert TOKEN not in str(told.value)
    with pytest.raises(WebProblem, match="cannot be reached"):
        Web("http://127.0.0.1:9").get("/x")


def test_without_a_token_nothing_is_asked(place, monkeypatch):
    """And no command line ever holds one."""
    monkeypatch.delenv("THREADMARKS_MOODLE_TOKEN")
    told = CliRunner().invoke(main, ["push", "moodle", "moodle", "--url", "http://127.0.0.1:9", "--assignment", "5"])
    assert told.exit_code == 2
    assert "set THREADMARKS_MOODLE_TOKEN" in told.stderr
