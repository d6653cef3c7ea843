"""Commands and interactions, put together as Slack puts them together."""

from typing import TYPE_CHECKING

from tests.fakes.slack_api import mrkdwn, payloads, triggers
from tests.fakes.slack_api.delivery import COMMAND, INTERACTIVE, Delivered, Delivery
from tests.fakes.slack_api.errors import Refused
from tests.fakes.slack_api.filling import option
from tests.fakes.slack_api.messages import Message
from tests.fakes.slack_api.places import DIRECT, PUBLIC, Channel
from tests.fakes.slack_api.responses import Hook
from tests.fakes.slack_api.things import Json
from tests.fakes.slack_api.views import View

if TYPE_CHECKING:
    from tests.fakes.slack_api.people import Person

NAMES = {DIRECT: "directmessage", PUBLIC: ""}


def hook(
    person: "Person", channel: Channel, kind: str, original: Message | None = None
) -> Hook:
    """A response_url."""
    slack = person.slack
    made = Hook(slack, slack.ids.new("h"), person, channel, kind, slack.clock())
    made.original = original
    slack.hooks[made.id] = made
    return made


def slash(person: "Person", channel: Channel, name: str, text: str) -> Delivered:
    """A slash command; it is brought once, and never again."""
    slack, team = person.slack, person.team
    found = slack.manifest.commands.get(name)
    if found is None or team.install is None:
        raise Refused(f"{name} is not a command of {team}")
    escaped = bool(found.get("should_escape"))
    answer, trigger = hook(person, channel, "commands"), triggers.issue(person)
    payload: Json = {
        "token": slack.verification_token,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": NAMES.get(channel.kind, "privategroup") or channel.name,
        "user_id": person.id,
        "user_name": person.name.lower(),
        "command": name,
        "text": mrkdwn.command_text(text.strip(), team, escaped=escaped),
        "api_app_id": slack.app_id,
        "is_enterprise_install": str(team.app.org_wide).lower(),
        "response_url": answer.url,
        "trigger_id": trigger.id,
    }
    if team.enterprise is not None:
        payload |= {
            "enterprise_id": team.enterprise.id,
            "enterprise_name": team.enterprise.name,
        }
    delivery = Delivery(slack, COMMAND, payload, on_ack=answer.acknowledged)
    return Delivered(slack, [delivery.start()], person, trigger.id, answer)


def basis(person: "Person", kind: str, trigger: triggers.Trigger) -> Json:
    """What every interaction has."""
    slack, team = person.slack, person.team
    install = team.app
    enterprise = None
    if team.enterprise is not None:
        enterprise = {"id": team.enterprise.id, "name": team.enterprise.name}
    return {
        "type": kind,
        "token": slack.verification_token,
        "user": payloads.view_user(person),
        "team": None if install.org_wide else payloads.team(team),
        "enterprise": enterprise,
        "is_enterprise_install": install.org_wide,
        "api_app_id": slack.app_id,
        "trigger_id": trigger.id,
    }


def _place(channel: Channel) -> Json:
    name = NAMES.get(channel.kind, "privategroup") or channel.name
    return {"id": channel.id, "name": name}


def _start(
    person: "Person", payload: Json, trigger: triggers.Trigger, answer: Hook | None
) -> Delivered:
    slack = person.slack
    if not slack.manifest.interactive:
        raise Refused("The manifest does not switch interactivity on")
    delivery = Delivery(slack, INTERACTIVE, payload)
    made = Delivered(slack, [delivery], person, trigger.id, answer)
    delivery.start()
    return made


def message_shortcut(person: "Person", message: Message, name: str) -> Delivered:
    """A shortcut in a message's menu; the app is shown the whole message."""
    found = _shortcut(person, name, "message")
    if message.ephemeral:
        raise Refused("No shortcuts where only one person sees the message")
    trigger = triggers.issue(person)
    answer = hook(person, message.channel, "app")
    payload = basis(person, "message_action", trigger) | {
        "callback_id": found["callback_id"],
        "response_url": answer.url,
        "channel": _place(message.channel),
        "message": payloads.message(message),
        "message_ts": message.ts,
        "action_ts": person.slack.ids.ts(),
    }
    return _start(person, payload, trigger, answer)


def global_shortcut(person: "Person", name: str) -> Delivered:
    """A shortcut without a message: no channel, no response_url."""
    found = _shortcut(person, name, "global")
    trigger = triggers.issue(person)
    payload = basis(person, "shortcut", trigger) | {
        "callback_id": found["callback_id"],
        "action_ts": person.slack.ids.ts(),
    }
    return _start(person, payload, trigger, None)


def _shortcut(person: "Person", name: str, kind: str) -> Json:
    every = person.slack.manifest.shortcuts
    for one in every:
        if one["type"] == kind and name in {one["name"], one["callback_id"]}:
            if person.team.install is None:
                break
            return one
    offered = [one["name"] for one in every]
    raise Refused(f"No {kind} shortcut {name!r}, only {offered}")


def action(
    person: "Person", where: Message | View, name: str, value: object = None
) -> Delivered:
    """A button is pressed, or something is chosen."""
    found = _element(where, name)
    element = found["element"]
    trigger = triggers.issue(person, where if isinstance(where, View) else None)
    done: Json = {
        "action_id": element["action_id"],
        "block_id": found["block_id"],
        "type": element["type"],
        "action_ts": person.slack.ids.ts(),
    }
    if element["type"] == "button":
        done |= {"text": element["text"]}
        done |= {"value": element["value"]} if "value" in element else {}
    elif element["type"] in {"checkboxes", "multi_static_select"}:
        wanted = value if isinstance(value, list) else [value]
        done["selected_options"] = [option(element, one) for one in wanted]
    elif element["type"] == "users_select":
        done["selected_user"] = getattr(value, "id", None)
    else:
        done["selected_option"] = option(element, value)
    payload = basis(person, "block_actions", trigger) | {"actions": [done]}
    if isinstance(where, View):
        about = {"type": "view", "view_id": where.id}
        payload |= {"container": about, "view": where.told()}
        made = _start(person, payload, trigger, None)
        made.view = where
        return made
    answer = hook(person, where.channel, "actions", where)
    payload |= _pressed(where) | {"response_url": answer.url}
    made = _start(person, payload, trigger, answer)
    made.message = where
    return made


def _pressed(message: Message) -> Json:
    """Where a button was; of an ephemeral message only the timestamp is told."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel.id,
        "is_ephemeral": message.ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    made: Json = {"container": container, "channel": _place(message.channel)}
    if not message.ephemeral:
        made["message"] = payloads.message(message)
    return made | {"state": {"values": {}}}


def _element(where: Message | View, name: str) -> Json:
    for one in where.elements:
        element = one["element"]
        label = (element.get("text") or element.get("placeholder") or {}).get("text")
        if name in {element["action_id"], label}:
            if element.get("url"):
                raise Refused(f"{name!r} is a link to {element['url']}")
            return one
    raise Refused(f"No {name!r} at {where}, only {where.buttons}")


def submission(person: "Person", view: View, state: Json) -> Delivered:
    """A modal is sent."""
    trigger = triggers.issue(person, view)
    payload = basis(person, "view_submission", trigger)
    payload |= {"view": view.told(state), "response_urls": []}
    made = _start(person, payload, trigger, None)
    made.view = view
    return made


def closing(person: "Person", view: View) -> Delivered:
    """A modal is closed; the app hears of it only if it asked to."""
    made = Delivered(person.slack, [], person, view=view)
    if view.source.get("notify_on_close"):
        trigger = triggers.issue(person)
        payload = basis(person, "view_closed", trigger)
        payload.pop("trigger_id")
        payload |= {"view": view.told(), "is_cleared": False}
        made.parts = _start(person, payload, trigger, None).parts
    return made
