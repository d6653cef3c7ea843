"""`vivant slack-manifest`: the Slack app, to be pasted where it is created."""

import argparse
import sys

from adapters.slack.manifest import manifest, written
from bot.errors import SetupError


async def show_manifest(options: argparse.Namespace) -> int:
    """Print it as YAML.

    Raises:
        SetupError: Slack would not take the address.
    """
    if options.url and not options.url.startswith("https://"):
        raise SetupError([f"{options.url}: Slack calls https:// addresses only."])
    url = options.url.rstrip("/") if options.url else None
    sys.stdout.write(written(manifest(low=options.low, url=url)))
    return 0
