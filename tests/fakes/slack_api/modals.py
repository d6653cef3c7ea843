"""What becomes of a modal once the app has answered its submission."""

from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api.delivery import Delivered
from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.things import Json
from tests.fakes.slack_api.views import View, check_view

if TYPE_CHECKING:
    from tests.fakes.slack_api.people import Person

DEEPEST = 3


def show(person: "Person", source: Json, under: View | None = None) -> View:
    """Open a modal, on top of another one or as the first."""
    made = View(person, person.slack.ids.new("V"), {}, under=under)
    made.change(source)
    if under is None:
        for one in person.views:
            one.open = False
        person.views = []
    person.views.append(made)
    person.slack.views[made.id] = made
    person.slack.bell.ring()
    return made


def close(view: View) -> None:
    """A modal is gone; the one below it is seen again."""
    view.open = False
    if view in view.person.views:
        view.person.views.remove(view)
    view.person.slack.bell.ring()


def answered(delivered: Delivered, view: View, body: Any) -> None:
    """Do as the app says: errors, another view, or nothing more."""
    body = body or {}
    slack, how = view.person.slack, None
    if isinstance(body, dict):
        how = body.get("response_action")
    if not isinstance(body, dict) or (body and how is None):
        slack.unexpected.append(f"view_submission: not an answer: {body}")
        return
    try:
        _act(delivered, view, how, body)
    except Problem as problem:
        said = f"view_submission: {problem.error} {problem.more}"
        slack.unexpected.append(said)


def _act(delivered: Delivered, view: View, how: str | None, body: Json) -> None:
    if how is None:
        close(view)
    elif how == "errors":
        _errors(delivered, view, body.get("errors") or {})
    elif how == "update":
        view.change(check_view(body.get("view"), "modal"))
    elif how == "push":
        if len(view.person.views) >= DEEPEST:
            raise Problem("push_limit_reached")
        show(view.person, check_view(body.get("view"), "modal"), view)
    elif how == "clear":
        for one in list(view.person.views):
            close(one)
    else:
        raise Problem("invalid_arguments", response_action=how)


def _errors(delivered: Delivered, view: View, errors: dict[str, str]) -> None:
    known = {one.block_id for one in view.inputs}
    if not errors or set(errors) - known:
        about = {"errors": errors, "inputs": sorted(known)}
        raise Problem("invalid_arguments", about=about)
    view.errors = delivered.errors = errors
