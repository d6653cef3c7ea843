"""What services bill for although there is no clip, by their own documents.

One table for all of them. What a service does not say is not free: the person's
clip-seconds and the owner's money then count as if there were a clip.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import Fault

NEVER_STARTED = "never started"  # our word; no service says it in one
REFUSED = frozenset({Fault.REFUSED_INPUT, Fault.REFUSED_OUTPUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one service says of renders that came to nothing.

    Attributes:
        free_cancels: The states that its answer to a cancel may name, in lower case,
            for which nothing is billed. What it last told us of a render is of no
            interest: that may have changed since.
        billed_faults: Why an accepted render may fail and be billed all the same.
    """

    free_cancels: frozenset[str] = frozenset()
    billed_faults: frozenset[Fault] = frozenset()


TERMS: Mapping[str, Terms] = {
    # fal.ai/docs/inference-api/queue/cancel (2026-11): OK is a request that it took out
    # of the queue. CANCELLATION_REQUESTED is a signal to a runner, which decides by
    # itself how to stop. Failures of its own are not billed.
    "fal": Terms(free_cancels=frozenset({"ok"})),
    # replicate.com/docs/topics/predictions/lifecycle (2026-11): aborted never started,
    # no charge; canceled pays for the time it ran, which is none before `started_at`.
    # Its terms bill failed runs of private models and deployments; of others nothing is
    # said.
    "replicate": Terms(
        free_cancels=frozenset({"aborted", NEVER_STARTED}),
        billed_faults=frozenset(Fault),
    ),
    # docs.apiyi.com on xAI's own prices (2026-11): what moderation blocks is billed.
    "xai": Terms(billed_faults=REFUSED),
    # Our own /v1/videos says in a header in which state it stopped a video.
    "vivant": Terms(free_cancels=frozenset({"queued"})),
    # The owner's own hardware: nobody bills for it (vLLM-Omni 0.30.0: DELETE aborts).
    "vllm-omni": Terms(free_cancels=frozenset({"deleted"})),
    # Gemini (2026-11): `cancelled` is documented, what it costs is not. OpenAI's wire
    # and OpenRouter have no cancel, SGLang's DELETE lets the render go on.
}


def of(service: str) -> Terms:
    """The terms of a service, or of a dialect of `/v1/videos`."""
    return TERMS.get(service, Terms())
