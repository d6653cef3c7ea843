"""Posting a message once, though lines break and processes are killed.

Slack has no key that makes a repeated post the same message. So each try is noted
before it is made; one that may have gone through is looked for, and repeated only when
it was to be seen at once that it had not.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import Block, fallback
from adapters.slack.echoes import Echoes, marks
from adapters.slack.wire import LOST, is_unsure
from bot.service import RenderService

log = logging.getLogger(__name__)

TRIES = 2  # where the first has left nothing behind
FREE = "no"  # noted when a try has surely come to nothing


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes."""

    channel: str
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts messages.

    Attributes:
        patience: Seconds that an echo is waited for after a line broke.
    """

    service: RenderService
    echoes: Echoes
    patience: float = 3.0

    async def once(
        self,
        client: AsyncWebClient,
        target: Target,
        blocks: Sequence[Block],
        *,
        text: str = "",
    ) -> str | None:
        """Post a message, or find the one that an earlier try has posted.

        Args:
            client: Whose token is used.
            target: Where.
            blocks: What; the id of the first tells this message from any other.
            text: What a notification says; the first line when left out.

        Returns:
            Its timestamp; None when it may be there and cannot be found.

        Raises:
            SlackApiError: Slack said no; nothing was posted.
        """
        mark = str(blocks[0]["block_id"])
        key = _key(target.channel, mark)
        noted = await self.service.recall(key)
        if noted is None or noted == FREE:
            await self.service.note(key, "")
            noted = await self._tried(client, target, blocks, text or fallback(blocks))
        elif not noted:
            noted = await self._found(client, target, mark) or ""
        if noted:
            await self.service.note(key, noted)
        return noted or None

    async def posted(self, channel: str, mark: str) -> str:
        """The timestamp of a message that was posted; empty when it is not known."""
        noted = await self.service.recall(_key(channel, mark)) or ""
        return "" if noted == FREE else noted

    async def _tried(
        self,
        client: AsyncWebClient,
        target: Target,
        blocks: Sequence[Block],
        text: str,
    ) -> str:
        mark = str(blocks[0]["block_id"])
        with self.echoes.listen(target.channel, mark) as echo:
            for _ in range(TRIES):
                if ts := await self._sent(client, target, blocks, text):
                    return ts
                try:
                    return await asyncio.wait_for(asyncio.shield(echo), self.patience)
                except TimeoutError:
                    found = await self._found(client, target, mark)
                if found != "":
                    return found or ""
        return ""

    async def _sent(
        self,
        client: AsyncWebClient,
        target: Target,
        blocks: Sequence[Block],
        text: str,
    ) -> str:
        """The timestamp of a new message; empty when it may have been posted."""
        try:
            answer = await client.chat_postMessage(
                channel=target.channel,
                thread_ts=target.thread,
                text=text,
                blocks=list(blocks),
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        except (SlackApiError, *LOST) as error:
            if not is_unsure(error):
                mark = str(blocks[0]["block_id"])
                await self.service.note(_key(target.channel, mark), FREE)
                raise
            log.info("a message may not have been posted: %s", error)
            return ""
        return str(answer["ts"])

    async def _found(
        self, client: AsyncWebClient, target: Target, mark: str
    ) -> str | None:
        """The timestamp of a message in a place; empty where there is none.

        None where that cannot be told.
        """
        try:
            if target.thread:
                found = await client.conversations_replies(
                    channel=target.channel, ts=target.thread, limit=100
                )
            else:
                found = await client.conversations_history(
                    channel=target.channel, limit=100
                )
        except (SlackApiError, *LOST) as error:
            log.info("%s cannot be looked through: %s", target.channel, error)
            return None
        messages: list[Mapping[str, Any]] = found["messages"]
        ts = next((str(m["ts"]) for m in messages if mark in marks(m)), "")
        cut = target.thread and found.get("has_more")  # it begins with the oldest
        return None if cut and not ts else ts


def _key(channel: str, mark: str) -> str:
    return f"slack post {channel} {mark}"
