"""What the worker process does: one render, told and answered in JSON."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.models import Size
from bot.prompt.plan import Plan
from bot.providers.local.render import RenderSpec, render


def work(args: dict[str, Any], on_progress: Callable[[float], None]) -> dict[str, Any]:
    """Render one clip; a target for `bot.workshop`.

    Args:
        args: `still`, `plan`, `size`, `seed`, `mark`, `to`; see `RenderSpec`.
        on_progress: Told the share that is done, 0 to 1.

    Returns:
        `plan` as it was carried out and `notes` for the person.
    """
    spec = RenderSpec(
        still=Path(args["still"]),
        plan=Plan.from_json(args["plan"]),
        size=Size(*args["size"]),
        seed=args["seed"],
        mark=args["mark"],
    )
    made = render(spec, Path(args["to"]), on_progress)
    return {"plan": made.plan.to_json(), "notes": list(made.notes)}
