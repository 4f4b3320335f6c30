"""Calls to a learning management system's web services: JSON in answers, forms in requests, a token that goes nowhere else.

The standard library's client: a few calls to one host. No redirect is followed, for the token would travel with it; without TLS only this very
machine is talked to. No error's text holds the token.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from typing import IO, Any

from threadmarks.errors import UsageError

TIMEOUT_S = 60
MOST_BYTES = 64 << 20
HERE = ("localhost", "127.0.0.1", "::1")

Form = Iterable[tuple[str, str]]


class WebProblem(UsageError):
    """The other side refused, failed, or answered with something else than its documentation says."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """None: the answer is then an error with its code."""


class Web:
    """One system."""

    def __init__(self, base: str, headers: Mapping[str, str] | None = None) -> None:
        """Raises UsageError when `base` is no address to send a token to."""
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise UsageError(f"{base!r} is no address of a site: https://moodle.example.org is one.")
        if parts.scheme == "http" and parts.hostname not in HERE:
            raise UsageError(f"{base} is not encrypted, and a token would travel over it: use https.")
        self.base = base.rstrip("/")
        self._headers = {"Accept": "application/json", "User-Agent": "threadmarks", **(headers or {})}
        self._opener = urllib.request.build_opener(_NoRedirect)

    def post(self, path: str, form: Form) -> Any:
        """The answer to a form."""
        return self._ask(self.base + path, urllib.parse.urlencode(list(form)).encode())[0]

    def get(self, path: str, form: Form = ()) -> Any:
        """The answer to a query."""
        query = urllib.parse.urlencode(list(form))
        return self._ask(self.base + path + (f"?{query}" if query else ""), None)[0]

    def pages(self, path: str, form: Form = ()) -> Iterable[Any]:
        """Each answer of a list in pages, as its `Link` header leads on; never to another host."""
        address = f"{self.base}{path}?{urllib.parse.urlencode(list(form))}"
        while address:
            answer, links = self._ask(address, None)
            yield answer
            address = _next(links)
            if address and urllib.parse.urlsplit(address)[:2] != urllib.parse.urlsplit(self.base)[:2]:
                raise WebProblem(f"{self.base} leads on to another site, and was not followed.")

    def _ask(self, address: str, data: bytes | None) -> tuple[Any, str]:
        request = urllib.request.Request(address, data, self._headers)  # noqa: S310  # http and https only, see above
        shown = address.partition("?")[0]
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                body, links = answer.read(MOST_BYTES), answer.headers.get("Link", "")
        except urllib.error.HTTPError as problem:
            told = problem.read(500).decode("utf-8", "replace").strip()
            problem.close()
            raise WebProblem(
                f"{shown} answered {problem.code}: {self._without_token(told) or problem.reason}"
            ) from None
        except (OSError, HTTPException) as problem:
            raise WebProblem(f"{shown} cannot be reached: {getattr(problem, 'reason', problem)}") from None
        try:
            return json.loads(body), links
        except ValueError:
            raise WebProblem(f"{shown} answered with something that is no JSON. Is that the site's address?") from None

    def _without_token(self, text: str) -> str:
        token = self._headers.get("Authorization", "").rpartition(" ")[2]
        return text.replace(token, "…") if token else text


def _next(links: str) -> str:
    for link in links.split(","):
        address, _, relation = link.partition(";")
        if 'rel="next"' in relation:
            return address.strip().strip("<>")
    return ""
