"""`vivant slack-manifest`: the Slack app, to be pasted where it is created."""

import argparse
import sys

from adapters.slack.manifest import manifest, written


async def show_manifest(options: argparse.Namespace) -> int:
    """Print it as YAML."""
    url = options.url.rstrip("/") if options.url else None
    sys.stdout.write(written(manifest(low=options.low, url=url)))
    return 0
