"""Everything there is on the fake Slack."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.fakes.slack_api import events
from tests.fakes.slack_api.calls import Call, Logged
from tests.fakes.slack_api.delivery import EVENT, Delivered, Delivery
from tests.fakes.slack_api.faults import Fault
from tests.fakes.slack_api.limits import Limits
from tests.fakes.slack_api.manifest import Manifest
from tests.fakes.slack_api.methods import METHODS
from tests.fakes.slack_api.oauth import Grants
from tests.fakes.slack_api.people import Person
from tests.fakes.slack_api.places import Channel, Enterprise, Team
from tests.fakes.slack_api.sharing import Sharing
from tests.fakes.slack_api.sockets import Socket
from tests.fakes.slack_api.things import Bell, Ids, matches
from tests.fakes.slack_api.tokens import APP, Install, Token
from tests.fakes.slack_api.transport import Signed, Transport
from tests.fakes.slack_api.views import View

if TYPE_CHECKING:
    from tests.fakes.slack_api.files import SlackFile
    from tests.fakes.slack_api.responses import Hook
    from tests.fakes.slack_api.triggers import Trigger

OTHERS = ("authorize", "download", "response_url", "socket", "upload")
BOT_TOKEN = "xoxb-1-1-the-first-workspace"
APP_TOKEN = "xapp-1-A1-1-the-app"


class FakeSlack:
    """The whole of Slack, as far as one app can see it.

    Attributes:
        bot_token: The app's first token, for the first workspace that has it.
        log: Every request of the app, in order.
        deliveries: All that was brought to the app, in order.
        unexpected: What must not happen: broken blocks, scopes that are not ours.
        mention_files: What `app_mention` tells of files: "ids" or "full".
        copies: How often every event is brought, even if all goes well.
    """

    def __init__(
        self,
        manifest: Manifest,
        clock: Callable[[], float],
        address: str,
        session: aiohttp.ClientSession,
    ) -> None:
        self.manifest, self.clock = manifest, clock
        self.address, self.api_url = address, f"{address}/api/"
        self.session = session
        self.ids, self.bell, self.limits = Ids(clock), Bell(), Limits()
        self.app_id = self.ids.new("A")
        self.bot_token, self.app_token = BOT_TOKEN, APP_TOKEN
        self.signing_secret = "8f742231b10e8888abcd99yyyzzz85a5"
        self.verification_token = "verify-me"
        self.client_id, self.client_secret = "111.222", "a client's secret"
        self.mention_files, self.copies = "ids", 1
        self.log: list[Logged] = []
        self.deliveries: list[Delivery] = []
        self.unexpected: list[str] = []
        self.teams: list[Team] = []
        self.enterprises: dict[str, Enterprise] = {}
        self.channels: dict[str, Channel] = {}
        self.people: dict[str, Person] = {}
        self.tokens = {APP_TOKEN: Token(APP_TOKEN, APP)}
        self.files: dict[str, SlackFile] = {}
        self.uploads: dict[str, SlackFile] = {}
        self.hooks: dict[str, Hook] = {}
        self.triggers: dict[str, Trigger] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.grants = Grants(self)
        self.sharing = Sharing(self)
        self.socket = Socket(self)
        self.transport: Transport = self.socket
        self._faults: list[Fault] = []
        self._held: list[str] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    def team(
        self,
        name: str,
        *,
        enterprise: str | None = None,
        installed: bool = True,
        org_wide: bool = False,
    ) -> Team:
        """Open a workspace, with the app in it."""
        made = Team(self, self.ids.new("T"), name)
        if enterprise is not None:
            fresh = Enterprise(self.ids.new("E"), enterprise)
            made.enterprise = self.enterprises.setdefault(enterprise, fresh)
        self.teams.append(made)
        if installed and made.install is None:
            first = BOT_TOKEN if BOT_TOKEN not in self.tokens else ""
            self.grants.install(made, org_wide=org_wide, value=first)
        return made

    def newcomer(self, team: Team, name: str, *, is_bot: bool = False) -> Person:
        """Somebody, or the bot, with an id of their own."""
        made = Person(self, self.ids.new("U"), name, team, is_bot=is_bot)
        self.people[made.id] = made
        return made

    @property
    def bot_user_id(self) -> str:
        """The bot as a user of the first workspace."""
        return self.teams[0].bot_user_id

    def home(self, person: Person) -> View | None:
        """Somebody's App Home, if the app has published one."""
        return self.homes.get(person.id)

    def calls(self, method: str) -> list[Logged]:
        """Requests of one kind; `files.*` is several."""
        return [one for one in self.log if matches(one.method, method)]

    def fail(self, method: str = "", **how: Any) -> Fault:
        """Script a fault; its switches are those of `Fault`."""
        known = [*METHODS, *OTHERS]
        assert any(matches(one, method) for one in known), f"no method {method}"
        made = Fault(method, **how)
        self._faults.append(made)
        return made

    def faulty(self, call: Call) -> Fault | None:
        """The fault that strikes a request, counted."""
        return next((one for one in self._faults if one.takes(call)), None)

    def expect(self, words: str) -> None:
        """Forget what was unexpected and has these words; some must have."""
        left = [one for one in self.unexpected if words not in one]
        assert len(left) < len(self.unexpected), f"Not there: {self.unexpected}"
        self.unexpected[:] = left

    def hold(self, name: str) -> Callable[[], None]:
        """Keep `app_mention` or `message.file_share` back, till one calls this."""
        self._held.append(name)

        def release() -> None:
            self._held.remove(name)
            self.bell.ring()

        return release

    def holds(self, delivery: Delivery) -> bool:
        """Whether something is kept back."""
        return bool({delivery.name, delivery.full_name} & set(self._held))

    async def redeliver(
        self, what: Delivered, *, name: str = "", times: int = 1
    ) -> Delivered:
        """Bring events again that were answered already, as Slack sometimes does."""
        for number in range(1, times + 1):
            for part in what.parts:
                if part.kind == EVENT and matches(part.name, name):
                    await part.again(number)
        return what

    async def settled(self, patience: float = 10) -> None:
        """Wait until all that was brought is answered, or rests."""
        await Delivered(self, self.deliveries).settled(patience)

    async def deliver_over(self, how: str, url: str = "") -> Signed | None:
        """Bring everything by `socket`, or by signed `http` to an address."""
        if how == "socket":
            self.transport = self.socket
            return None
        signed = Signed(self, url)
        await signed.verify()
        self.transport = signed
        return signed

    def revoke_token(self, team: Team | None = None) -> Delivered:
        """Somebody revokes the token of the app."""
        return self._end(team, "token_revoked", uninstalled=False)

    def uninstall(self, team: Team | None = None) -> Delivered:
        """Somebody removes the app."""
        return self._end(team, "account_inactive", uninstalled=True)

    def _end(self, team: Team | None, error: str, *, uninstalled: bool) -> Delivered:
        install = (team or self.teams[0]).app
        parts = events.gone(install, uninstalled=uninstalled)
        install.end(error)
        install.live = False
        self.bell.ring()
        return Delivered(self, parts)

    def expire_token(self, team: Team | None = None) -> None:
        """The token of the app has become too old."""
        (team or self.teams[0]).app.token.error = "token_expired"

    def ungrant(self, *scopes: str, team: Team | None = None) -> Install:
        """The app was installed when its manifest did not have these scopes."""
        install = (team or self.teams[0]).app
        install.scopes -= set(scopes)
        install.told = True
        return install

    def background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something while the test goes on."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.unexpected.append(f"the fake itself: {error!r}")
            self.bell.ring()

    def soon(self, act: Callable[[], Any]) -> None:
        """Do something once whatever runs now is through."""
        asyncio.get_running_loop().call_soon(act)

    async def close(self) -> None:
        """End all that still runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.socket.close()
