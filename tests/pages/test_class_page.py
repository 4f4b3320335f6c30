"""The page of a class in a real browser: sorted and filtered by keyboard, read aloud, on paper, on a phone, without JavaScript."""

import random
from pathlib import Path

import pytest

from threadmarks.report.class_page import WORDS, Cell, ClassPage, Column, Common, Notice, Pair, Student, render

EVIL = "</script><img src=x onerror=\"document.title='owned'\">"


def student(number, mark, *words, **more):
    """A row."""
    cells = tuple(Cell(text=word, share=None if word == "suspect" else float(word == "ok")) for word in words)
    values = {
        "name": f"Student {number}",
        "status": "graded",
        "score": mark,
        "max_score": 20.0,
        "href": f"reports/{number}/feedback.html",
    }
    return Student(**{"id": str(number), "mark": mark, "cells": cells, **values, **more})


COLUMNS = (Column(name="overlap", title="N jobs at once"), Column(name="close", title="close waits <for all>"))
SMALL = ClassPage(
    title="ex02: the class",
    unit="check",
    columns=COLUMNS,
    students=(
        student(9, 12.5, "ok", "dead"),
        student(10, 20.0, "ok", "ok"),
        student(11, 3.0, "race", "fail", attention=True, name=EVIL),
        student(12, None, status="missing", max_score=None, href="", attention=True),
        student(100, 8.0, "suspect", "ok", attention=True),
    ),
    suspects=(Notice(who="Student 100 (100)", says="ex02 overlap. trace says: 4; witness says: 5", href="r.html"),),
    faults=(Notice(who="Student 12 (12)", says=EVIL),),
    common=(
        Common(
            code="deadlock",
            students=2,
            checks=("close",),
            message="Nobody can go on.",
            example="Student 9",
            href="x",
            line=3,
            source="a.join()",
        ),
    ),
    pairs=(Pair(one="Student 9", one_href="a", other="Student 10", other_href="b", alike="97%"),),
    compared="A hint to look.",
    kit="0",
)


def large():
    """A thousand students."""
    draw = random.Random(1)
    words = [*list(WORDS.values())[:8], *["ok"] * 12]
    columns = tuple(Column(name=f"check_{number}", title=f"Title {number}") for number in range(12))
    rows = tuple(student(n, float(draw.randrange(21)), *(draw.choice(words) for _ in columns)) for n in range(1000))
    return ClassPage(title="Large", unit="check", columns=columns, students=rows)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of this module."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "small.html").write_text(render(SMALL), encoding="utf-8")
    (folder / "large.html").write_text(render(large()), encoding="utf-8")
    return folder


def ids(page):
    """The ids of the rows that are shown, in order."""
    return [row.locator("th").inner_text() for row in page.locator(".map tbody tr").all() if row.is_visible()]


def press(page, name):
    """Sort by a column, by keyboard."""
    page.locator(".map thead").get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def test_columns_sort_both_ways_by_keyboard_and_say_so(open_page):
    """Numbers as numbers, words as people sort them, cells by how bad they are."""
    page = open_page("small")
    press(page, "Mark")
    assert ids(page) == ["12", "11", "100", "9", "10"]
    head = page.locator(".map thead th").nth(2)
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.get_by_role("status").inner_text() == "Sorted by Mark, upwards. 5 of 5 shown."
    page.keyboard.press("Enter")
    assert ids(page) == ["10", "9", "100", "11", "12"]
    assert head.get_attribute("aria-sort") == "descending"
    press(page, "Id")
    assert ids(page) == ["9", "10", "11", "12", "100"]
    assert head.get_attribute("aria-sort") is None
    press(page, "close")
    assert ids(page)[:2] == ["9", "11"]


def test_filters_go_together_and_say_how_many_are_left(open_page):
    """By text, by need, by what was not passed."""
    page = open_page("small")
    page.locator("#show").select_option("attention")
    assert ids(page) == ["11", "12", "100"]
    page.get_by_role("searchbox").fill("STUDENT 1")
    assert ids(page) == ["12", "100"]
    assert page.get_by_role("status").inner_text() == "2 of 5 shown."
    page.get_by_role("searchbox").fill("")
    page.locator("#show").select_option("open")
    assert ids(page) == ["9", "11", "12", "100"]
    page.locator("#show").select_option("status:missing")
    assert ids(page) == ["12"]
    page.locator("#show").select_option("")
    page.locator("#column").select_option("overlap")
    assert ids(page) == ["11", "100"]


def test_what_is_urgent_comes_first_and_links_lead_to_feedback(open_page):
    """Read from top to bottom, also aloud."""
    page = open_page("small")
    heads = page.get_by_role("heading", level=2).all_inner_texts()
    assert heads == [
        "Suspects (1)",
        "Faults of the grader (1)",
        "Distribution",
        "Students by check",
        "Commonest findings",
        "Nearly the same",
    ]
    link = page.locator(".map").get_by_role("link", name="9", exact=True)
    assert link.get_attribute("href") == "reports/9/feedback.html"
    assert page.get_by_role("table", name="Students by check").count() == 1
    assert page.get_by_role("rowheader", name="all points").count() == 1


def test_no_colour_is_alone(open_page):
    """Each cell is a word as well."""
    page = open_page("small")
    cells = page.locator(".map tbody td[class^=h]:not(.h-)").all_inner_texts()
    assert set(cells) == {"ok", "dead", "race", "fail", "suspect"}


def test_names_stay_text(open_page):
    """Whatever they hold."""
    page = open_page("small")
    assert page.title() == "ex02: the class"
    assert page.locator("img").count() == 0
    assert page.locator(".map tbody tr").nth(2).locator("td").first.inner_text() == EVIL


def test_without_javascript_the_table_is_whole(open_page):
    """And nothing is offered that would not work."""
    page = open_page("small", java_script_enabled=False)
    assert ids(page) == ["9", "10", "11", "12", "100"]
    assert not page.locator("form").is_visible()
    assert page.locator(".map thead").inner_text().split()[:3] == ["Id", "Name", "Mark"]


def test_paper_gets_every_row(open_page):
    """No window that scrolls, and the head on each page."""
    page = open_page("large")
    page.emulate_media(media="print")
    assert page.locator(".scroll").evaluate("e => getComputedStyle(e).maxHeight") == "none"
    assert page.locator(".scroll").evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    assert page.locator(".map thead").evaluate("e => getComputedStyle(e).display") == "table-header-group"
    assert not page.locator("form").is_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (400, "light")])
def test_axe_finds_no_violation_and_a_phone_is_wide_enough(open_page, width, scheme):
    """Contrast, names, roles, structure, by an engine that many rely on."""
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page("small", viewport={"width": width, "height": 900}, color_scheme=scheme)
    press(page, "Mark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe_playwright.Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []


def test_a_thousand_students_sort_and_filter(open_page):
    """All of them are there, in the order asked for."""
    page = open_page("large")
    press(page, "Mark")
    marks = page.evaluate(
        "[...document.querySelectorAll('.map tbody tr')].map(row => Number(row.cells[2].textContent))"
    )
    assert len(marks) == 1000
    assert marks == sorted(marks)
    page.get_by_role("searchbox").fill("student 77")
    assert page.get_by_role("status").inner_text() == "11 of 1000 shown."
