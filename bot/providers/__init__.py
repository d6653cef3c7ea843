"""The `Provider` port: anything that can turn a render request into a clip."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bot.models import Job, ModelCard, Quote, RenderRequest, Snapshot
from bot.providers.hooks import Call

Leaves = Callable[[], Awaitable[None]]


class Provider(Protocol):
    """Anything that can turn a request into a clip.

    Names are the Videos API's. Each method raises `BotError`s and nothing else when
    the service cannot do it; none of them waits for a render to finish.

    Attributes:
        name: One word, as in `provider/model`.
        idempotent: Whether `create` may be repeated for the same job at no cost.
        at_once: How many jobs it works on at the same time.
        findable: Whether `find` can tell if a lost `create` was accepted.
    """

    name: str
    at_once: int
    idempotent: bool
    findable: bool

    def models(self) -> Sequence[ModelCard]:
        """The cards of the models that can be asked for now, the preferred first."""
        ...

    def plan(self, request: RenderRequest) -> Quote:
        """Say what will be done and for how much. Pure: no network, no disk.

        Raises:
            RequestError: The model cannot do that; the sentence says what it can.
        """
        ...

    async def create(self, job: Job, leaves: Leaves) -> Snapshot:
        """Hand the job over and return at once.

        Args:
            job: The job.
            leaves: Is awaited when all is ready and nothing is left to wait for, right
                before the order is sent: the job's row then knows of it.

        Raises:
            ProviderError: `Fault.LOST` when it may have been accepted all the same.
        """
        ...

    async def find(self, job: Job, *, taken: frozenset[str]) -> Snapshot | None:
        """Look for a job whose `create` may have been accepted; None if it was not.

        Args:
            job: As it was handed to `create`.
            taken: Ids that other jobs own, so never this one's.
        """
        ...

    async def retrieve(self, job: Job) -> Snapshot:
        """Ask how far `job.ref` has come."""
        ...

    async def cancel(self, job: Job) -> bool:
        """Stop `job.ref` if it can still be stopped.

        Returns:
            Whether it surely is not billed: the service's own answer names a state in
            which, by its documents, a cancel is free (`bot.providers.terms`).
        """
        ...

    async def download(self, job: Job, to: Path) -> None:
        """Write the finished MP4 to the file `to`."""
        ...

    async def forget(self, job: Job) -> None:
        """Delete what the provider keeps of the job."""
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Call | None:
        """A verified webhook; None when it proves nothing."""
        ...

    async def close(self) -> None:
        """Let go of processes and connections."""
        ...
