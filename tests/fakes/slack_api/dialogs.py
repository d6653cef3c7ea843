"""`views.*`: modals and App Homes."""

from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import modals, triggers
from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.methods import method
from tests.fakes.slack_api.views import View, check_view

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call

TRIGGERS = "invalid_trigger_id expired_trigger_id exchanged_trigger_id "


def _view(call: "Call", kind: str = "modal") -> Any:
    return check_view(call.json("view", "invalid_arguments"), kind)


@method(
    "views.open",
    tier=4,
    needs="view",
    args="trigger_id interactivity_pointer",
    errors=TRIGGERS + "view_too_large",
)
async def open_(call: "Call") -> Any:
    """Open a modal for whoever pulled the trigger."""
    source = _view(call)
    trigger = triggers.redeem(call.slack, call.text("trigger_id"))
    return {"view": modals.show(trigger.person, source).told()}


@method(
    "views.push",
    tier=4,
    needs="view",
    args="trigger_id interactivity_pointer",
    errors=TRIGGERS + "view_too_large push_limit_reached not_found",
)
async def push(call: "Call") -> Any:
    """Open a modal on top of the one in which the trigger was pulled."""
    source = _view(call)
    trigger = triggers.redeem(call.slack, call.text("trigger_id"))
    if trigger.view is None or not trigger.view.open:
        raise Problem("not_found")
    if len(trigger.person.views) >= modals.DEEPEST:
        raise Problem("push_limit_reached")
    return {"view": modals.show(trigger.person, source, trigger.view).told()}


@method(
    "views.update",
    tier=4,
    needs="view",
    args="view_id external_id hash",
    errors="not_found hash_conflict view_too_large",
)
async def update(call: "Call") -> Any:
    """Change a modal that is still open."""
    source = _view(call)
    found = _known(call)
    if found is None or not found.open:
        raise Problem("not_found")
    _same(call, found)
    found.change(source)
    return {"view": found.told()}


def _known(call: "Call") -> View | None:
    if call.text("view_id"):
        return call.slack.views.get(call.text("view_id"))
    every = call.slack.views.values()
    wanted = call.text("external_id")
    named = (one for one in every if one.source.get("external_id") == wanted)
    return next(named, None) if wanted else None


def _same(call: "Call", found: View) -> None:
    if call.text("hash") and call.text("hash") != found.hash:
        raise Problem("hash_conflict")


@method(
    "views.publish",
    tier=4,
    needs="user_id view",
    args="hash interactivity_pointer",
    errors="hash_conflict not_enabled view_too_large",
)
async def publish(call: "Call") -> Any:
    """Show somebody's App Home."""
    slack = call.slack
    if not slack.manifest.home("home_tab_enabled"):
        raise Problem("not_enabled")
    source = _view(call, "home")
    person = slack.people.get(call.text("user_id"))
    if person is None or person.team not in call.install.teams:
        raise Problem("invalid_arguments", user_id=call.text("user_id"))
    found = slack.homes.get(person.id)
    if found is None:
        found = View(person, slack.ids.new("V"), {})
        slack.homes[person.id] = slack.views[found.id] = found
    else:
        _same(call, found)
    found.change(source)
    return {"view": found.told()}
