"""The page as text: what stands in it, what it leaves out, and how the file is written."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from samples import NOT_IMPLEMENTED, PARALLEL, SAMPLES, TASKS_AND_LOCKS, TIMELINE, TOKEN, TURNS, failed, passed, report

from threadmarks.commands import main, pages
from threadmarks.errors import UsageError
from threadmarks.model import Finding, Lane, Place, Verdict
from threadmarks.report import drawing
from threadmarks.report.html import HtmlOptions, render

OPTIONS = HtmlOptions(title="Pre-created workers", source="import threading\n\tx = 1\n")
STEPPED = replace(TASKS_AND_LOCKS, turns=TURNS)
VOID = {"meta", "link", "br", "img", "input"}


class Elements(HTMLParser):
    """Which elements a page has, whether they are nested well, and its texts."""

    def __init__(self, page):
        super().__init__()
        self.open = []
        self.seen = []
        self.texts = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def without_style_and_script(page):
    """What a change of colours need not change."""
    page = re.sub(r"<style>.*?</style>", "<style></style>", page, flags=re.DOTALL)
    page = re.sub(r"<script>.*?</script>", "<script></script>", page, flags=re.DOTALL)
    return re.sub(r"'sha256-[^']*'", "'sha256-'", page)


@pytest.mark.parametrize("name", SAMPLES)
def test_golden_page(name, golden):
    """Diffs of the whole page are read, not only its parts."""
    page = render(SAMPLES[name], OPTIONS)
    elements = Elements(page)
    assert elements.open == []
    golden(f"{name}.html", without_style_and_script(page))


def test_ids_are_unique():
    """Links and labels lead to one place each."""
    page = render(report(failed("a", timeline=STEPPED), failed("b", timeline=replace(STEPPED, end_s=9.0))), OPTIONS)
    ids = [attributes["id"] for _, attributes in Elements(page).seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in Elements(page).seen:
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids


def test_the_page_names_nothing_to_load():
    """No address of any kind, and a policy that would refuse it."""
    page = render(SAMPLES["tasks-and-locks"], OPTIONS)
    for tag, attributes in Elements(page).seen:
        assert tag not in ("img", "iframe", "object", "embed", "base", "form")
        assert "src" not in attributes
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        if "href" in attributes:
            assert attributes["href"] == "data:," or attributes["href"].startswith("#")
    assert "url(" not in page
    assert "@import" not in page


def test_the_policy_fits_the_style_and_the_script():
    """Else a browser would run neither."""
    page = render(SAMPLES["passed"], OPTIONS)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none'; ")
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


def test_the_same_report_gives_the_same_page():
    """Byte for byte."""
    assert render(SAMPLES["tasks-and-locks"], OPTIONS) == render(SAMPLES["tasks-and-locks"], OPTIONS)


def test_text_of_the_student_is_never_markup():
    """Wherever it stands: names, messages, values, the source, the file's name."""
    nasty = "<b>&\"'</script><script>x</script><!--\u202e\x1b]]>"
    finding = Finding(
        code="exception", message=nasty, seen=nasty, wanted="a", means=nasty, measured=nasty,
        place=Place(file=nasty, line=1, text=nasty),
    )  # fmt: skip
    lanes = tuple(Lane(thread=nasty, serial=n, spans=(), fate=nasty) for n in range(2))
    turns = tuple(
        replace(turn, thread=nasty, acts=tuple(replace(a, what=nasty, other=nasty) for a in turn.acts))
        for turn in TURNS
    )
    timeline = replace(STEPPED, lanes=lanes, turns=turns)
    page = render(
        report(failed("a", finding, timeline=timeline, token=TOKEN), file=nasty),
        replace(OPTIONS, title=nasty, source=nasty, replayed=nasty),
    )
    elements = Elements(page)
    assert elements.open == []
    assert not [tag for tag, _ in elements.seen if tag == "b"]
    assert [tag for tag, _ in elements.seen].count("script") == 3
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert json.loads(re.findall(r'id="source-lines">(.*?)</script>', page)[0]) == [
        "<b>&\"'</script><script>x</script><!--\\u202e\\x1b]]>"
    ]


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.PASSED])
def test_every_verdict_is_a_word(verdict):
    """No meaning in colour alone."""
    page = render(report(failed("close", PARALLEL, verdict=verdict)), OPTIONS)
    assert page.count(verdict.value.upper()) >= 2


def test_a_schedule_that_two_checks_share_is_shown_once():
    """The second says where it is."""
    page = render(report(failed("a", timeline=STEPPED), failed("b", timeline=STEPPED)), OPTIONS)
    assert page.count('class="stepper"') == 1
    assert 'The schedule is that of <a href="#check-1">Check 1</a>.' in page


def test_a_page_that_would_be_too_large_says_what_it_left_out():
    """And how to see it."""
    checks = [failed(f"c{n}", PARALLEL, timeline=replace(STEPPED, end_s=4.0 + n), token=TOKEN) for n in range(3)]
    whole = render(report(*checks), OPTIONS)
    size = len(whole[whole.index('<section class="stepper"') : whole.index("<h3>See this run again")])
    page = render(report(*checks), replace(OPTIONS, size_limit_bytes=size * 2 + size // 2))
    assert page.count('class="stepper"') == 2
    assert page.count("The picture is left out, because the page would be larger than") == 1
    assert page.count(f"grade replay {TOKEN} ex02.py") == 3


def test_a_replay_tells_every_check():
    """Whoever asks for a run again wants to see it, passed or not."""
    page = render(report(passed("a", timeline=STEPPED, token=TOKEN)), replace(OPTIONS, replayed=TOKEN))
    assert f"Replay of <code>{TOKEN}</code>" in page
    assert page.count('class="stepper"') == 1
    assert "See this run again" not in page


def test_a_finding_told_before_is_referred_to():
    """Eleven checks that fail for one reason are one story."""
    page = render(SAMPLES["stub"], OPTIONS)
    assert page.count("raise NotImplementedError") == 1
    assert page.count('As above, under <a href="#check-1">check 1</a>.') == 10


def test_a_fault_of_the_grader_says_whose_it_is():
    """And what it costs: nothing."""
    page = render(SAMPLES["fault"], OPTIONS)
    assert "This is not your fault and costs no points." in page
    assert "KeyError: &#39;jobs&#39;" in page


def test_a_check_that_passed_is_a_line():
    """A page of what went wrong."""
    page = render(report(passed("a", timeline=STEPPED), failed("b", NOT_IMPLEMENTED)), OPTIONS)
    assert 'class="stepper"' not in page
    assert 'id="check-1"' not in page


def test_a_timeline_without_turns_has_no_picture():
    """There is nothing to step through."""
    assert 'class="stepper"' not in render(report(failed("a", PARALLEL, timeline=TIMELINE)), OPTIONS)


def test_columns_of_turns_never_overlap_and_time_has_room():
    """Also where virtual time stands still."""
    turns = tuple(replace(TURNS[1], number=n + 1, at_s=n // 3 / 2) for n in range(30))
    drawn = drawing.draw(replace(STEPPED, end_s=5.0, turns=turns))
    steps = [after - before for before, after in zip(drawn.columns, drawn.columns[1:], strict=False)]
    assert min(steps) >= drawn.column - 0.11
    assert max(steps) > drawn.column + 10
    assert drawn.columns[-1] + drawn.column <= drawn.width


def test_rows_beyond_the_limit_are_counted():
    """More tell nothing."""
    lanes = tuple(Lane(thread=f"T{n}", serial=n, spans=(), fate="") for n in range(100))
    drawn = drawing.draw(replace(STEPPED, lanes=lanes))
    assert (len(drawn.rows), drawn.left_out) == (64, 36)


# -- the commands ------------------------------------------------------------------------------------------------------


def test_check_writes_a_page(cli, tmp_path):
    """Beside the report, which stays what it was."""
    (tmp_path / "ex00.py").write_text("def started_threads(action):\n    return 0\n")
    done = cli.invoke(main, ["ex00", "--no-record", "--html", "page.html"])
    assert done.exit_code == 1
    assert "The page is in page.html." in done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert "Not passed: 0 of 20 points." in done.stdout
    assert not list(tmp_path.glob(".page*"))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ex00.py", "which is no page"),
        ("nowhere/page.html", "there is no folder 'nowhere'"),
        (".", "wants the name of a file"),
        ("", "wants the name of a file"),
    ],
)
def test_what_is_no_page_is_not_written_over(cli, tmp_path, name, problem):
    """Before anything is graded."""
    (tmp_path / "ex00.py").write_text("x = 1\n")
    done = cli.invoke(main, ["ex00", "--html", name])
    assert done.exit_code == 2
    assert problem in done.stderr
    assert (tmp_path / "ex00.py").read_text() == "x = 1\n"


def test_a_page_replaces_an_older_one_as_a_whole(tmp_path, monkeypatch):
    """And one that cannot be written leaves the old one."""
    target = tmp_path / "page.html"
    target.write_text("<!doctype html>old")
    pages.check(str(target))
    pages.write(str(target), SAMPLES["passed"], OPTIONS)
    new = target.read_text(encoding="utf-8")
    assert "Pre-created workers" in new
    monkeypatch.setattr(
        "os.fdopen", lambda *args, **kwargs: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(UsageError, match="could not be written: No space left on device"):
        pages.write(str(target), SAMPLES["failed"], OPTIONS)
    assert target.read_text(encoding="utf-8") == new
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_program_starts_without_the_template_engine():
    """Only who asks for a page pays for it."""
    look = "import sys; from threadmarks import commands; from threadmarks.report import text, json; import threadmarks.commands.check, threadmarks.commands.replay; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
