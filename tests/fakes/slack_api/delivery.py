"""What Slack brings to the app, how often, and what the app answered."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.messages import Message
    from tests.fakes.slack_api.people import Person
    from tests.fakes.slack_api.places import Team
    from tests.fakes.slack_api.responses import Hook
    from tests.fakes.slack_api.views import View
    from tests.fakes.slack_api.world import FakeSlack

EVENT, COMMAND, INTERACTIVE = "events_api", "slash_commands", "interactive"
ACK_WINDOW = 3.0
PAUSES = (0.0, 0.0, 60.0, 300.0)  # before each of the four deliveries of an event


@dataclass(frozen=True)
class Ack:
    """An answer of the app.

    Attributes:
        body: What it said: JSON, text, or None.
        took: Real seconds it took.
    """

    body: Any
    took: float


@dataclass(eq=False)
class Delivery:
    """One event, command or interaction on its way to the app.

    Attributes:
        attempts: How often it was brought.
        late: Answers that came after three seconds.
        failed: Why the last attempt failed.
        resting: Whether it waits for its next time, or for a test.
        over: Whether it is not brought again by itself.
    """

    slack: "FakeSlack"
    kind: str
    payload: Json
    attempts: int = 0
    acks: list[Ack] = field(default_factory=list)
    late: list[Ack] = field(default_factory=list)
    failed: str = ""
    resting: bool = False
    over: bool = False
    on_ack: Callable[[Any], None] | None = None

    @property
    def name(self) -> str:
        """The type of the event or interaction, or the name of the command."""
        if self.kind == EVENT:
            return str(self.payload["event"]["type"])
        return str(self.payload.get("type") or self.payload["command"])

    @property
    def full_name(self) -> str:
        """The type of an event with its subtype, such as `message.file_share`."""
        if self.kind != EVENT:
            return self.name
        return f"{self.name}.{self.payload['event'].get('subtype', '')}"

    @property
    def quiet(self) -> bool:
        """Whether nothing happens to it for now."""
        return self.over or self.resting

    def __str__(self) -> str:
        how = self.failed or ("acknowledged" if self.acks else "on its way")
        return f"{self.name} brought {self.attempts} times: {how}"

    def start(self) -> "Delivery":
        """Bring it, in the background."""
        self.slack.deliveries.append(self)
        self.slack.background(self._bring())
        return self

    async def again(self, number: int) -> None:
        """Bring it once more, whatever was answered."""
        self.over = False
        await self._attempt(number, "http_timeout")
        self.over = True
        self.slack.bell.ring()

    async def _bring(self) -> None:
        pauses = PAUSES if self.kind == EVENT else PAUSES[:1]
        await self._released()
        for number in range(1, self.slack.copies if self.kind == EVENT else 1):
            self.slack.background(self._attempt(number, "http_timeout"))
        for number, pause in enumerate(pauses):
            await self._pause(pause)
            if await self._attempt(number, self.failed):
                break
        self.over = True
        self.slack.bell.ring()

    async def _released(self) -> None:
        self.resting = self.slack.holds(self)
        look: Callable[[], bool] = lambda: not self.slack.holds(self)  # noqa: E731
        await self.slack.bell.until(look, None, str)
        self.resting = False

    async def _pause(self, seconds: float) -> None:
        if not seconds:
            return
        self.resting, due = True, self.slack.clock() + seconds
        self.slack.bell.ring()
        await self.slack.bell.until(lambda: self.slack.clock() >= due, None, str)
        self.resting = False

    async def _attempt(self, number: int, reason: str) -> bool:
        """Bring it once; whether that was the last time."""
        self.attempts += 1
        try:
            self.failed, stop = await self.slack.transport.bring(self, number, reason)
        except Exception as error:
            self.failed, self.over = f"the fake itself: {error!r}", True
            self.slack.bell.ring()
            raise
        self.slack.bell.ring()
        return stop or not self.failed

    def acknowledge(self, body: Any, took: float) -> None:
        """The app answers in time."""
        self.acks.append(Ack(body, took))
        if self.on_ack is not None and len(self.acks) == 1:
            self.on_ack(body)
        self.slack.bell.ring()

    def too_late(self, body: Any, took: float) -> None:
        """The app answers when nobody waits any more."""
        self.late.append(Ack(body, took))
        self.slack.bell.ring()


@dataclass(eq=False)
class Delivered:
    """What somebody did, and what came of it; may be awaited.

    Attributes:
        parts: What was brought to the app because of it.
        message: What was written, if anything.
        view: The modal that was sent, or pressed in.
        errors: Errors in the modal, by block.
    """

    slack: "FakeSlack"
    parts: list[Delivery]
    who: "Person | None" = None
    trigger_id: str = ""
    hook: "Hook | None" = None
    message: "Message | None" = None
    view: "View | None" = None
    errors: dict[str, str] = field(default_factory=dict)

    def __await__(self) -> Generator[Any, None, "Delivered"]:
        return self.settled().__await__()

    def __str__(self) -> str:
        words = [f"{self.who} did something:", *(f"  {one}" for one in self.parts)]
        words += [f"  reply: {one}" for one in self.replies]
        return "\n".join(words)

    @property
    def acks(self) -> list[Ack]:
        """Every answer of the app, in time."""
        return [ack for part in self.parts for ack in part.acks]

    @property
    def attempts(self) -> int:
        """How often anything was brought."""
        return sum(part.attempts for part in self.parts)

    @property
    def body(self) -> Any:
        """What the app answered first."""
        return self.acks[0].body if self.acks else None

    @property
    def failed(self) -> str:
        """Why it failed, in Slack's words; empty if it did not."""
        return next((part.failed for part in self.parts if part.failed), "")

    @property
    def response_url(self) -> str:
        """Where the app may answer later."""
        return self.hook.url if self.hook is not None else ""

    @property
    def replies(self) -> "list[Message]":
        """What the app answered to a command, or by its response_url."""
        return self.hook.replies if self.hook is not None else []

    def part(self, name: str) -> Delivery:
        """What was brought under a name, such as `app_mention`."""
        return next(part for part in self.parts if part.name == name)

    async def settled(self, patience: float = 10) -> "Delivered":
        """Wait until all is answered, or rests until Slack tries again."""

        def look() -> bool:
            return all(part.quiet for part in self.parts)

        await self.slack.bell.until(look, patience, self.__str__)
        return self

    async def brought(self, patience: float = 10) -> "Delivered":
        """Wait until all has been brought once, or is kept back."""

        def look() -> bool:
            return all(part.attempts or part.quiet for part in self.parts)

        await self.slack.bell.until(look, patience, self.__str__)
        return self

    async def says(self, words: str, patience: float = 5) -> "Message":
        """The reply with these words, there or to come."""

        def look() -> "Message | None":
            return next((one for one in self.replies if words in one.words), None)

        return await self.slack.bell.until(look, patience, self.__str__)


def event_payload(team: "Team", event: Json, *, shared: bool) -> Json:
    """An event, wrapped as Slack wraps it."""
    slack, install = team.slack, team.app
    enterprise = team.enterprise.id if team.enterprise else None
    authorized = {
        "enterprise_id": enterprise,
        "team_id": None if install.org_wide else team.id,
        "user_id": install.bot.id,
        "is_bot": True,
        "is_enterprise_install": install.org_wide,
    }
    return {
        "token": slack.verification_token,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": enterprise,
        "enterprise_id": enterprise,
        "api_app_id": slack.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": slack.ids.new("Ev"),
        "event_time": int(slack.clock()),
        "authorizations": [authorized],
        "is_ext_shared_channel": shared,
        "event_context": f"4-{slack.ids.new('')}",
    }
