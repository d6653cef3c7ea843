"""What goes wrong, told to whoever asked: JSON to a script, a page to a person."""

import json
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

PAGE = Path(__file__).parent / "static" / "problem.html"


class Problem(web.Response):
    """An answer that says what is wrong and what to do, in JSON.

    Attributes:
        sentence: What is wrong.
        hint: What to do next.
    """

    def __init__(self, status: HTTPStatus, sentence: str, hint: str) -> None:
        self.sentence = sentence
        self.hint = hint
        text = json.dumps({"error": sentence, "hint": hint})
        super().__init__(text=text, status=status, content_type="application/json")


def show_people() -> Middleware:
    """Answer with a page where a browser would show the answer to a person.

    Call it in a thread: it reads the page.
    """
    page = Template(PAGE.read_text(encoding="utf-8"))

    @web.middleware
    async def show(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not (isinstance(response, Problem) and is_navigation(request)):
            return response
        text = page.substitute(
            sentence=escape(response.sentence), hint=escape(response.hint)
        )
        return web.Response(text=text, status=response.status, content_type="text/html")

    return show


def is_navigation(request: web.Request) -> bool:
    """Whether a browser goes to an address, rather than a script that asks for it."""
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    return "text/html" in request.headers.get("Accept", "")
