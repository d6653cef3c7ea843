"""Who asks and from where, in the core's words."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError

from adapters.slack.wire import LOST, Wire
from bot.languages import ENGLISH, Say, speaker
from bot.models import Person, Place

log = logging.getLogger(__name__)

CHAT = "slack"
MOST = 10_000  # people remembered at once; the oldest go first
PATIENCE = 0.5  # seconds that an answer waits for a person's language


@dataclass(frozen=True, slots=True)
class Spot:
    """Somebody, and where they are.

    Attributes:
        user: Slack's id of the person.
        org: The organisation or workspace that gives out the ids of people.
        workspace: Whose token is used there: as the app was installed.
    """

    user: str
    org: str
    workspace: str
    channel: str
    thread: str | None = None

    @classmethod
    def of(
        cls, context: AsyncBoltContext, *, channel: str = "", thread: str | None = None
    ) -> "Spot":
        """What Bolt read from a request; the place may be told apart from it."""
        team = context.team_id or ""
        enterprise = context.enterprise_id or ""
        whole = bool(context.is_enterprise_install and enterprise)
        return cls(
            user=context.user_id or "",
            org=enterprise or team,
            workspace=enterprise if whole else team,
            channel=channel or context.channel_id or "",
            thread=thread,
        )

    def person(self, *, moderates: str | None = None) -> Person:
        """Who it is; ids of people are unique in an organisation only."""
        return Person(chat=CHAT, id=f"{self.org}.{self.user}", moderates=moderates)

    def place(self, locale: str = ENGLISH) -> Place:
        """Where to report."""
        return Place(
            chat=CHAT,
            workspace=self.workspace,
            channel=self.channel,
            thread=self.thread,
            locale=locale,
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What Slack says of somebody."""

    locale: str = ENGLISH
    admin: bool = False
    until: float = 0.0


class People:
    """Remembers who speaks which language, and who looks after a workspace.

    Somebody may be in several workspaces of an organisation, and an admin in one.

    Args:
        wire: How Slack is asked.
        clock: Monotonic seconds.
        lasts: Seconds that an answer holds.
    """

    def __init__(
        self, wire: Wire, clock: Callable[[], float], *, lasts: float = 300.0
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._lasts = lasts
        self._known: OrderedDict[str, Known] = OrderedDict()

    def locale(self, spot: Spot) -> str | None:
        """Somebody's language, if it is remembered; never asks."""
        known = self._known.get(_key(spot))
        return known.locale if known else None

    async def say(self, spot: Spot) -> Say:
        """Somebody's language, or English where Slack takes too long to tell it."""
        return speaker(await self.tongue(spot))

    async def tongue(self, spot: Spot) -> str:
        """The same as a locale."""
        if (locale := self.locale(spot)) is not None:
            return locale
        try:
            async with asyncio.timeout(PATIENCE):
                return (await self._ask(spot)).locale
        except TimeoutError:
            return ENGLISH

    async def as_moderator(self, spot: Spot) -> Person:
        """Somebody, with what they look after."""
        known = self._known.get(_key(spot))
        if known is None or known.until < self._clock():
            known = await self._ask(spot)
        place = spot.place()
        return spot.person(moderates=place.key if known.admin else None)

    async def _ask(self, spot: Spot) -> Known:
        try:
            client = await self._wire.client(spot.workspace)
            answer = await client.users_info(user=spot.user, include_locale=True)
        except (SlackApiError, *LOST) as error:
            log.info("Slack does not say who %s is: %s", spot.user, error)
            return Known()
        user: dict[str, Any] = answer["user"]
        return self._remember(
            spot,
            Known(
                locale=str(user.get("locale") or ENGLISH),
                admin=_is_admin(user, spot),
                until=self._clock() + self._lasts,
            ),
        )

    def _remember(self, spot: Spot, known: Known) -> Known:
        self._known[_key(spot)] = known
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return known


def _key(spot: Spot) -> str:
    return f"{spot.workspace} {spot.person().key}"


def _is_admin(user: Mapping[str, Any], spot: Spot) -> bool:
    """Whether somebody looks after the workspace; strangers do so at home only."""
    organisation = (user.get("enterprise_user") or {}).get("enterprise_id")
    homes = {user.get("team_id"), organisation}
    at_home = not user.get("is_stranger") and bool(homes & {spot.workspace, spot.org})
    return at_home and bool(user.get("is_admin") or user.get("is_owner"))
