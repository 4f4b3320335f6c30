"""Pages in a real browser: by keyboard, by screen reader, without JavaScript, narrow and dark; and hostile text stays text."""

import json
import re

import pytest

from tests.pages import programs

NAMES = ["deadlock", "race", "tasks", "many", "hostile", "two"]


def told(page):
    """What the live region says."""
    return page.locator(".told").first.inner_text()


def place(page):
    """The turn that is shown."""
    return page.locator(".where").first.inner_text()


def sentences(page):
    """The sentences of the list of turns."""
    return [text.strip() for text in page.locator(".stepper").first.locator(".all li").all_text_contents()]


def focus(page):
    """Give the first stepper the focus."""
    page.locator(".stepper").first.focus()


def test_arrows_step_turn_by_turn(open_page):
    """The sentence of each turn is told in its order."""
    page = open_page("deadlock")
    focus(page)
    expected = sentences(page)
    seen = [told(page)]
    for _ in expected[1:]:
        page.keyboard.press("ArrowRight")
        seen.append(told(page))
    assert seen == expected
    page.keyboard.press("ArrowLeft")
    assert told(page) == expected[-2]


def test_home_and_end_go_to_the_ends_and_say_when_there_is_no_more(open_page):
    """A key that does nothing must say so to those who do not see the picture."""
    page = open_page("race")
    focus(page)
    count = len(sentences(page))
    page.keyboard.press("End")
    assert place(page).startswith(f"Turn {count} of {count},")
    page.keyboard.press("ArrowRight")
    assert told(page) == f"{sentences(page)[-1]} There is no further turn in this direction."
    page.keyboard.press("Home")
    assert place(page).startswith("Turn 1 of")


def test_n_and_p_jump_between_preemptions(open_page):
    """To each one in turn, and no further."""
    page = open_page("race")
    focus(page)
    jolts = [index for index, text in enumerate(sentences(page)) if "(a preemption)" in text]
    assert len(jolts) >= 2
    seen = [0] if jolts[0] == 0 else []
    for _ in range(len(jolts) - len(seen)):
        page.keyboard.press("n")
        seen.append(sentences(page).index(told(page)))
    assert seen == jolts
    page.keyboard.press("n")
    assert told(page).endswith("There is no further preemption in this direction.")
    page.keyboard.press("p")
    assert told(page) == sentences(page)[jolts[-2]]


def test_buttons_do_what_the_keys_do(open_page):
    """Each by its name; one that cannot go further says so and keeps the focus."""
    page = open_page("race")
    assert page.get_by_role("button", name="Previous", exact=True).get_attribute("aria-disabled") == "true"
    following = page.get_by_role("button", name="Next", exact=True)
    following.click()
    assert place(page).startswith("Turn 2 of")
    page.get_by_role("button", name="Last").click()
    assert following.get_attribute("aria-disabled") == "true"
    page.get_by_role("button", name="First").click()
    page.get_by_role("button", name="Next preemption").click()
    assert "(a preemption)" in told(page)
    page.get_by_role("button", name="Previous", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.go") == "previous"


def test_the_address_keeps_the_step(open_page):
    """A link to a turn can be passed on, and a page that is loaded again stands where it stood."""
    page = open_page("deadlock")
    focus(page)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.url.endswith("#c1t4")
    text = told(page)
    page.reload()
    assert told(page) == text
    assert place(open_page("deadlock", fragment="#c1t2")).startswith("Turn 2 of")
    assert place(open_page("deadlock", fragment="#c9t2")).startswith("Turn 1 of")


def test_what_each_thread_does_and_holds_is_told(open_page):
    """At the end of a deadlock each holds what the other wants, at the line where it stands."""
    page = open_page("deadlock")
    focus(page)
    page.keyboard.press("End")
    rows = [
        [cell.inner_text() for cell in row.locator("th, td").all()]
        for row in page.get_by_role("table", name="After this turn").locator("tbody tr").all()
    ]
    assert [row[0] for row in rows] == ["main", "ann (T1)", "bob (T2)"]
    assert [row[1].removeprefix("ran; now ") for row in rows[1:]] == ["waits for Lock", "waits for Lock"]
    assert [row[2:] for row in rows[1:]] == [["9", "Lock A (line 3)"], ["9", "Lock B (line 4)"]]


def test_the_source_shows_where_each_thread_stands(open_page):
    """With the thread's name beside the line, and the line of the one that ran marked."""
    page = open_page("deadlock")
    focus(page)
    page.keyboard.press("End")
    line = page.locator(".source li").nth(8)
    assert "with second:" in line.inner_text()
    assert sorted(line.locator(".who").all_inner_texts()) == ["ann (T1): waits for Lock", "bob (T2): waits for Lock"]
    marked = page.locator(".source li.here")
    assert marked.count() == 1
    assert marked.locator(".mark").inner_text() == "▶"


def test_the_cursor_moves_over_the_picture(open_page):
    """Its column is that of the turn; a click on a column goes there."""
    page = open_page("race")
    focus(page)
    before = float(page.locator(".cursor").get_attribute("x"))
    page.keyboard.press("ArrowRight")
    after = float(page.locator(".cursor").get_attribute("x"))
    assert after > before
    page.locator(".lanes").click(position={"x": before + 2, "y": 30})
    assert place(page).startswith("Turn 1 of")


def test_keys_act_on_the_picture_that_has_the_focus(open_page):
    """And letters act nowhere else: they may be somebody's shortcuts."""
    page = open_page("two")
    second = page.locator(".stepper").nth(1)
    second.focus()
    page.keyboard.press("ArrowRight")
    assert second.locator(".where").inner_text().startswith("Turn 2 of")
    assert place(page).startswith("Turn 1 of")
    assert "#c2t2" in page.url
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("End")
    page.keyboard.press("n")
    assert second.locator(".where").inner_text().startswith("Turn 2 of")
    page.keyboard.press("ArrowLeft")
    assert second.locator(".where").inner_text().startswith("Turn 1 of")


def test_the_focus_goes_through_the_page_in_order(open_page):
    """Picture, buttons, source, table, list: as they stand."""
    page = open_page("race")
    focus(page)
    order = []
    for _ in range(10):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement.dataset.go || document.activeElement.tagName"
            )
        )
    assert order == [
        "Picture of the schedule, scrolls sideways",
        *("first", "previous", "next", "last", "jolt-back", "jolt"),
        "Your file, with the line where each thread stands",
        "What each thread does after this turn",
        "SUMMARY",
    ]


def test_a_screen_reader_finds_everything_by_role_and_name(open_page):
    """Headings, the live region, the group of buttons, the picture's own description."""
    page = open_page("tasks")
    assert page.get_by_role("heading", level=1).count() == 1
    status = page.get_by_role("status")
    assert status.get_attribute("aria-live") == "polite"
    assert status.inner_text()
    assert page.get_by_role("group", name="Step through the schedule").get_by_role("button").count() == 6
    assert page.get_by_role("img", name=re.compile("Lanes of .* The list of turns below says the same")).count() == 1
    assert page.get_by_role("row", name=re.compile("^fetch-1 ")).count() == 1


def test_the_list_marks_the_turn_that_is_shown(open_page):
    """Also for those who read the list."""
    page = open_page("race")
    focus(page)
    page.keyboard.press("ArrowRight")
    current = page.locator("[aria-current='step']")
    assert current.count() == 1
    assert current.text_content().strip() == told(page)


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        *((name, 1200, "light") for name in NAMES),
        ("deadlock", 1200, "dark"),
        ("tasks", 400, "dark"),
        ("two", 400, "light"),
    ],
)
def test_axe_finds_no_violation(open_page, name, width, scheme):
    """Contrast, names, roles, structure, by an engine that many rely on."""
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(name, viewport={"width": width, "height": 900}, color_scheme=scheme)
    focus(page)
    page.keyboard.press("ArrowRight")
    page.locator("details").first.evaluate("element => { element.open = true; }")
    found = axe_playwright.Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_a_phone(open_page, name):
    """Pictures and source scroll by themselves; the page does not."""
    page = open_page(name, viewport={"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_dark_is_dark(open_page):
    """As the reader has set it."""
    colours = [
        open_page("race", color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(16, 21, 27)"]


def test_less_motion_for_those_who_ask(open_page):
    """No smooth scrolling then."""
    seen = [
        open_page("race", reduced_motion=wish).locator(".lanes").evaluate("e => getComputedStyle(e).scrollBehavior")
        for wish in ("no-preference", "reduce")
    ]
    assert seen == ["smooth", "auto"]


def test_without_javascript_everything_is_told(open_page):
    """The picture, and the schedule as an open list; nothing that could not be used."""
    page = open_page("deadlock", java_script_enabled=False)
    items = page.locator(".all li")
    assert items.count() > 5
    assert items.last.is_visible()
    assert "waits for Lock at line 9, held up by" in items.last.inner_text() + items.nth(-2).inner_text()
    assert page.locator(".lanes svg path.running").first.is_visible()
    assert not page.locator("button").first.is_visible()


def test_printing_tells_the_whole_schedule(open_page):
    """A list that was closed on the screen is open on paper; buttons are not there."""
    page = open_page("deadlock")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".all li").last.is_visible()
    assert not page.locator("button").first.is_visible()


def test_hostile_text_stays_text(open_page):
    """Names, source and output that try to be markup, script, or the end of either."""
    page = open_page("hostile")
    focus(page)
    for _ in sentences(page):
        page.keyboard.press("ArrowRight")
    assert page.title() == "ex90 A program"
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 3
    name = page.locator(".standings tbody th").nth(1).inner_text()
    assert name.startswith("{{7*7}}\\u202e&amp;</script><script>document.title=1")
    assert programs.EVIL in page.locator(".source li").first.inner_text()
    assert "\u202e" not in page.content()
    assert any(f"prints “{programs.EVIL[:40]}" in text for text in sentences(page))


def test_the_pages_policy_runs_no_other_script(browser, files):
    """Whatever should ever get into the page as markup: it would not run, and nothing could be loaded."""
    context = browser.new_context()
    page = context.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto((files / "race.html").as_uri())
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 'owned'";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<img src='http://127.0.0.1:9/x.png'>");
        }"""
    )
    page.wait_for_timeout(100)
    assert page.title() == "ex90 A program"
    assert len(refused) == 2
    assert all("Content Security Policy" in text for text in refused)
    context.close()


def test_thousands_of_turns_are_cut_and_can_be_stepped(open_page, files):
    """The document holds what is shown and the list; each step changes little."""
    page = open_page("long")
    focus(page)
    assert len(sentences(page)) == 2_001
    assert page.evaluate("document.querySelectorAll('.stepper svg *').length") < 200
    page.keyboard.press("End")
    end = place(page)
    total = int(re.match(r"Turn (\d+) of \1,", end)[1])
    assert total > 2_000
    page.keyboard.press("Home")
    for _ in range(50):
        page.keyboard.press("ArrowRight")
    assert place(page).startswith(f"Turn 51 of {total},")
    assert any(f"{total - 2_000} turns left out here." in text for text in sentences(page))
    data = json.loads(page.locator(".stepper script").text_content())
    assert len(data["turns"]) == len(data["x"]) == 2_001


def test_stepping_out_of_sight_fills_the_source_too(open_page):
    """The arrows work with the focus nowhere, so a picture below the fold may be stepped: its source must not stay empty."""
    page = open_page("race", viewport={"width": 1280, "height": 200})
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.press("ArrowRight")
    assert page.locator(".source li").count() == len(programs.RACE.splitlines())
