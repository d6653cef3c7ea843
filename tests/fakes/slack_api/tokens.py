"""Installations of the app, and the tokens they are used with."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.slack_api.people import Person
    from tests.fakes.slack_api.places import Channel, Enterprise, Team
    from tests.fakes.slack_api.world import FakeSlack

LIFE = 12 * 3600.0
BOT, APP = "bot", "app"


@dataclass(eq=False)
class Token:
    """Something that is sent as `Authorization: Bearer`.

    Attributes:
        error: What it is answered with, if it is no longer good.
    """

    value: str
    kind: str
    install: "Install | None" = None
    expires_at: float | None = None
    error: str = ""


@dataclass(eq=False)
class Install:
    """The app in a workspace, or in a whole organisation.

    Attributes:
        scopes: What was granted when it was installed.
        told: Whether somebody took scopes away on purpose.
    """

    slack: "FakeSlack"
    bot: "Person"
    bot_id: str
    scopes: set[str]
    team: "Team | None" = None
    enterprise: "Enterprise | None" = None
    installer: "Person | None" = None
    live: bool = True
    told: bool = False
    token: Token = field(init=False)
    refresh: str = ""

    @property
    def teams(self) -> "list[Team]":
        """Where it is installed."""
        if self.team is not None:
            return [self.team]
        every = self.slack.teams
        return [one for one in every if one.enterprise is self.enterprise]

    @property
    def org_wide(self) -> bool:
        """Whether it is installed in an organisation."""
        return self.team is None

    def reaches(self, channel: "Channel") -> bool:
        """Whether the channel is one of its workspaces'."""
        return any(one in self.teams for one in channel.teams)

    def issue(self, value: str = "", *, expires: bool = False) -> Token:
        """Give out another token; the ones before stay good as long as they were."""
        slack = self.slack
        if not value:
            value = f"xoxb-{slack.ids.new('')}-fake"
        if expires:
            value = f"xoxe.{value}"
            self.refresh = f"xoxe-1-{slack.ids.new('')}"
        made = Token(value, BOT, self)
        made.expires_at = slack.clock() + LIFE if expires else None
        slack.tokens[value] = self.token = made
        return made

    def end(self, error: str) -> None:
        """Make all its tokens useless."""
        for token in self.slack.tokens.values():
            if token.install is self:
                token.error = token.error or error
        self.refresh = ""

    def granted(self, wanted: Iterable[str]) -> bool:
        """Whether it has one of these scopes."""
        wanted = set(wanted)
        return not wanted or bool(wanted & self.scopes)


def token_error(token: Token, now: float) -> str:
    """What a token is answered with now; empty if it is good."""
    if token.error:
        return token.error
    late = token.expires_at is not None and now >= token.expires_at
    return "token_expired" if late else ""
