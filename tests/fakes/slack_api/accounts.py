"""`auth.*`, `users.*`, `team.*`, `bots.*`, `apps.*`: who is who."""

from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import payloads
from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.methods import method
from tests.fakes.slack_api.tokens import APP

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call


@method("auth.test", tier=5)
async def auth_test(call: "Call") -> Any:
    """Whose token it is."""
    install = call.install
    team = install.teams[0]
    made = {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": install.bot.name.lower(),
        "team_id": team.id,
        "user_id": install.bot.id,
        "bot_id": install.bot_id,
        "is_enterprise_install": install.org_wide,
    }
    if team.enterprise is not None:
        made["enterprise_id"] = team.enterprise.id
    return made


@method("auth.revoke", tier=3, args="test")
async def revoke(call: "Call") -> Any:
    """Give the token back; that is the end of it."""
    if call.flag("test"):
        return {"revoked": False}
    team = call.install.teams[0]
    call.later.append(lambda: call.slack.revoke_token(team))
    return {"revoked": True}


@method(
    "apps.connections.open",
    tier=3,
    errors="forbidden_team",
    token=APP,
)
async def connect(call: "Call") -> Any:
    """An address for one connection of Socket Mode."""
    if call.slack.socket.disabled:
        raise Problem("forbidden_team")
    return {"url": call.slack.socket.ticket()}


@method(
    "users.info",
    scopes="users:read",
    tier=4,
    needs="user",
    args="include_locale",
    errors="user_not_found user_not_visible",
)
async def user(call: "Call") -> Any:
    """Who somebody is."""
    found = call.slack.people.get(call.text("user"))
    if found is None:
        raise Problem("user_not_found")
    near = [
        place
        for one in call.install.teams
        for place in call.slack.channels.values()
        if one in place.teams and found.team in place.teams
    ]
    if found.team not in call.install.teams and not near:
        raise Problem("user_not_visible")
    return {"user": payloads.user(found, locale=call.flag("include_locale"))}


@method(
    "team.info",
    scopes="team:read",
    tier=3,
    args="domain team",
    errors="team_not_found",
)
async def team(call: "Call") -> Any:
    """The workspace."""
    wanted = call.text("team")
    every = [one for one in call.install.teams if wanted in {"", one.id}]
    if not every:
        raise Problem("team_not_found")
    return {"team": payloads.team(every[0]) | {"name": every[0].name}}


@method(
    "bots.info",
    scopes="users:read",
    tier=3,
    args="bot team_id",
    errors="bot_not_found",
)
async def bot(call: "Call") -> Any:
    """The bot itself."""
    install = call.install
    if call.text("bot") not in {"", install.bot_id}:
        raise Problem("bot_not_found")
    about = {"id": install.bot_id, "user_id": install.bot.id, "deleted": False}
    return {"bot": about | {"name": install.bot.name, "app_id": call.slack.app_id}}
