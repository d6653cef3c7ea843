"""How soon a chat gets its answer, beside a bare handler of the chat's own library.

    python -m bench.ack [--commands 200] [--json] [discord] [slack]

See `ack_discord` and `ack_slack` for what is measured.
"""

import argparse
import json

from bench import ack_discord, ack_slack

CHATS = {"discord": ack_discord.ratios, "slack": ack_slack.ratios}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("chats", nargs="*", help="all when left out")
    options.add_argument("--commands", type=int, default=200, help="a round")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    names = chosen.chats or list(CHATS)
    found = {name: CHATS[name](chosen.commands) for name in names}
    for name, ratios in found.items():
        print(name, " ".join(f"{key} {value}" for key, value in ratios.items()))
    if chosen.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
