"""A real browser for the tests of pages: Debian's Chromium, driven by Playwright, which downloads nothing.

Where there is none, the tests are skipped and say why; with THREADMARKS_BROWSER=required (as in CI) that is a failure.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pages import programs
from threadmarks.sandbox.host import Host

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing(reason: str) -> None:
    """Skip, or fail where a browser is required."""
    if os.environ.get("THREADMARKS_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


# Of a module and no longer: while Playwright runs, no other test of the process can have an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        missing(f"no browser here: none of {', '.join(NAMES)} (Debian: apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("no Playwright here (pip install playwright)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every page of `programs.pages`."""
    folder = tmp_path_factory.mktemp("pages")
    with Host(1) as host:
        for name, text in programs.pages(host).items():
            (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def open_page(browser: Any, files: Path) -> Iterator[Callable[..., Any]]:
    """`open_page(name, **context)`: a page that must log nothing and ask for nothing but itself."""
    contexts = []
    trouble: list[str] = []

    def go(name: str, *, fragment: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        address = (files / f"{name}.html").as_uri()
        page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.partition("#")[0] in (address, "data:,")
                else trouble.append(f"asks for {request.url}")
            ),
        )
        page.goto(address + fragment)
        return page

    yield go
    for context in contexts:
        context.close()
    assert trouble == []
