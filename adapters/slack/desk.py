"""The desk: takes each order once, however often Slack brings it.

Nothing is acknowledged before the job is committed, but a form whose picture is slow to
come; a message with such a picture is brought again and joins the work under way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.blocks import Block, fallback
from adapters.slack.chat import SlackChat
from adapters.slack.faults import trouble
from adapters.slack.people import People, Spot
from adapters.slack.wire import LOST, Wire
from bot.errors import BotError, DeliveryError
from bot.models import Job, Person, Place
from bot.service import RenderService

log = logging.getLogger(__name__)

BROKEN = BotError("Something broke on our side.")

Take = Callable[[Person, Place, str], Awaitable[Job]]


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it came.

    Attributes:
        spot: Who, and where.
        event: What tells it from any other order of this person.
        take: Orders the job of the core, for a person and a place, by an event.
    """

    spot: Spot
    event: str
    take: Take


class Desk:
    """Where every order is taken, and every word of ours is said."""

    def __init__(
        self, wire: Wire, service: RenderService, chat: SlackChat, people: People
    ) -> None:
        self.wire = wire
        self.service = service
        self.chat = chat
        self.people = people
        self._under_way: dict[str, asyncio.Task[Job]] = {}
        self._telling: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def order(self, order: Order) -> Job:
        """The job of an order: a new one, or the one it has caused already.

        Raises:
            BotError: It cannot be done; nothing was stored.
        """
        person = order.spot.person()
        key = f"{person.key}:{order.event}"
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._take(order), name=f"order {key}")
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        job = await asyncio.shield(task)
        self.later(self.chat.show(job))
        return job

    async def _take(self, order: Order) -> Job:
        spot, person = order.spot, order.spot.person()
        try:
            if not spot.channel:
                client = await self.wire.client(spot.workspace)
                direct = await self.chat.direct(client, person)
                spot = replace(spot, channel=direct.channel)
            place = spot.place(await self.people.tongue(spot))
            return await order.take(person, place, order.event)
        except BotError:
            raise
        except Exception as error:
            log.exception("an order broke in a way nobody foresaw")
            raise BROKEN from error

    async def told(self, key: str) -> bool:
        """Whether something was said under this key, or is being said now."""
        if await self.service.recall(f"once:slack {key}") is not None:
            return True
        return key in self._telling

    async def whisper(self, spot: Spot, blocks: list[Block], *, key: str) -> None:
        """Say something to one person, once; in direct messages to everyone there.

        Raises:
            DeliveryError: Slack does not answer; what brought us here may come again.
        """
        if await self.told(key):
            return
        self._telling.add(key)
        try:
            await self._say(spot, blocks)
            await self.service.once(f"slack {key}")
        except DeliveryError as error:
            log.info("an answer could not be given: %s", error)
            if error.passing:
                raise
        finally:
            self._telling.discard(key)

    async def _say(self, spot: Spot, blocks: list[Block]) -> None:
        client = await self.wire.client(spot.workspace)
        where: dict[str, Any] = {"channel": spot.channel, "thread_ts": spot.thread}
        said: dict[str, Any] = {"text": fallback(blocks), "blocks": blocks}
        try:
            if spot.channel.startswith("D"):
                await client.chat_postMessage(**where, **said)
            else:
                await client.chat_postEphemeral(**where, **said, user=spot.user)
        except (SlackApiError, *LOST) as error:
            raise trouble(error) from error

    async def respond(self, url: str, blocks: list[Block]) -> None:
        """Answer a command, a button or a shortcut so that only its person sees it."""
        hook = AsyncWebhookClient(url, session=self.wire.session)
        try:
            await hook.send(
                text=fallback(blocks),
                blocks=blocks,
                response_type="ephemeral",
                replace_original=False,
            )
        except (SlackApiError, *LOST) as error:
            log.info("an answer could not be given: %s", error)

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something after Slack has its answer."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """Stop what is under way; Slack brings messages again, forms are given back."""
        tasks = [*self._tasks, *self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("something after an answer broke", exc_info=error)
