"""OAuth: people install the app, and the app gets and renews its tokens."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from tests.fakes.slack_api.errors import Problem, Refused
from tests.fakes.slack_api.methods import method
from tests.fakes.slack_api.people import Person
from tests.fakes.slack_api.things import Json
from tests.fakes.slack_api.tokens import LIFE, Install

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call
    from tests.fakes.slack_api.places import Enterprise, Team
    from tests.fakes.slack_api.world import FakeSlack

CODE_LIFE = 10 * 60.0


@dataclass(eq=False)
class Grant:
    """A code that somebody's consent has made."""

    person: Person
    scopes: set[str]
    redirect_uri: str
    at: float
    org_wide: bool
    used: bool = False


class Grants:
    """Consents, codes and installations.

    Attributes:
        browsing: Who is at the browser that follows the app's link to Slack.
        org_wide: Whether they install it for their whole organisation.
    """

    def __init__(self, slack: "FakeSlack") -> None:
        self.slack = slack
        self.browsing: Person | None = None
        self.org_wide = False
        self.codes: dict[str, Grant] = {}

    def install(
        self,
        team: "Team",
        *,
        org_wide: bool = False,
        value: str = "",
        scopes: set[str] | None = None,
    ) -> Install:
        """Install the app, or install it once more: scopes only add up."""
        slack, manifest = self.slack, self.slack.manifest
        place: Team | Enterprise = team
        if org_wide:
            if team.enterprise is None:
                raise Refused(f"{team} is in no organisation")
            place = team.enterprise
        known = team.enterprise.install if org_wide and team.enterprise else team.own
        wanted = manifest.scopes if scopes is None else scopes
        if known is not None and known.live:
            known.scopes |= wanted
            if manifest.rotates or known.token.error:
                known.issue(expires=manifest.rotates)
            return known
        bot, bot_id = (known.bot, known.bot_id) if known else self._new_bot(team)
        made = Install(slack, bot, bot_id, set(wanted))
        made.issue(value, expires=manifest.rotates and scopes is not None)
        if org_wide:
            made.enterprise = team.enterprise
        else:
            made.team = team
        _keep(place, made)
        return made

    def _new_bot(self, team: "Team") -> tuple[Person, str]:
        slack = self.slack
        bot = slack.newcomer(team, slack.manifest.bot_name, is_bot=True)
        return bot, slack.ids.new("B")

    def consent(self, person: Person, asked: Json) -> str:
        """Somebody allows what the app asks for; where their browser goes then."""
        slack = self.slack
        if asked.get("client_id") != slack.client_id:
            raise Refused(f"No app has the client_id {asked.get('client_id')!r}")
        if self.org_wide and not slack.manifest.part("settings", "org_deploy_enabled"):
            raise Refused("The app is for single workspaces only")
        scopes = {one for one in str(asked.get("scope", "")).split(",") if one}
        if not scopes:
            raise Refused("No scopes were asked for")
        if more := sorted(scopes - slack.manifest.scopes):
            slack.unexpected.append(f"authorize: not in the manifest: {more}")
        known = slack.manifest.part("oauth_config", "redirect_urls") or [""]
        where = str(asked.get("redirect_uri") or known[0])
        code = slack.ids.new("code-")
        now = slack.clock()
        self.codes[code] = Grant(person, scopes, where, now, self.org_wide)
        back = {"code": code, "state": asked.get("state", "")}
        return f"{where}?{urlencode(back)}"

    def redeem(self, call: "Call") -> Install:
        """Use a code up."""
        grant = self.codes.get(call.text("code"))
        if grant is None or grant.used or self.slack.clock() - grant.at > CODE_LIFE:
            raise Problem("invalid_code")
        given = call.text("redirect_uri")
        if given and given != grant.redirect_uri:
            raise Problem("bad_redirect_uri")
        grant.used = True
        team = grant.person.team
        made = self.install(team, org_wide=grant.org_wide, scopes=grant.scopes)
        made.installer = grant.person
        return made

    def renew(self, call: "Call") -> Install:
        """Use a refresh token up; there is another one afterwards."""
        wanted = call.text("refresh_token")
        every = [one.install for one in self.slack.tokens.values() if one.install]
        found = [one for one in every if one.live and wanted and one.refresh == wanted]
        if not found:
            raise Problem("invalid_refresh_token")
        found[0].issue(expires=True)
        return found[0]


def _keep(place: "Team | Enterprise", made: Install) -> None:
    if made.team is not None:
        made.team.own = made
    elif made.enterprise is not None:
        made.enterprise.install = made


async def authorize(call: "Call") -> web.StreamResponse:
    """The page on which somebody consents; they do so at once."""
    person = call.slack.grants.browsing
    if person is None:
        return web.Response(status=403, text="Sign in first")
    try:
        where = call.slack.grants.consent(person, call.args)
    except Refused as refused:
        return web.Response(status=400, text=str(refused))
    return web.Response(status=302, headers={"Location": where})


@method(
    "oauth.v2.access",
    tier=5,
    args="assertion client_id client_secret code code_verifier grant_type redirect_uri "
    "refresh_token",
    errors="invalid_client_id bad_client_secret invalid_code bad_redirect_uri "
    "invalid_refresh_token invalid_grant_type",
    token="",
)
async def access(call: "Call") -> Any:
    """A token for a code, or a new one for a refresh token."""
    slack = call.slack
    if call.text("client_id") != slack.client_id:
        raise Problem("invalid_client_id")
    if call.text("client_secret") != slack.client_secret:
        raise Problem("bad_client_secret")
    how = call.text("grant_type") or "authorization_code"
    if how not in {"authorization_code", "refresh_token"}:
        raise Problem("invalid_grant_type")
    renews = how == "refresh_token"
    install = slack.grants.renew(call) if renews else slack.grants.redeem(call)
    return _told(install)


def _told(install: Install) -> Json:
    team = install.teams[0]
    enterprise = team.enterprise
    made: Json = {
        "access_token": install.token.value,
        "token_type": "bot",
        "scope": ",".join(sorted(install.scopes)),
        "bot_user_id": install.bot.id,
        "app_id": install.slack.app_id,
        "team": None if install.org_wide else {"id": team.id, "name": team.name},
        "enterprise": enterprise and {"id": enterprise.id, "name": enterprise.name},
        "authed_user": {"id": install.installer.id if install.installer else ""},
        "is_enterprise_install": install.org_wide,
    }
    if install.token.expires_at is not None:
        made |= {"expires_in": int(LIFE), "refresh_token": install.refresh}
    return made
