"""Discord on 127.0.0.1, for the unmodified discord.py client."""

from tests.fakes.discord_api.errors import Refused
from tests.fakes.discord_api.interactions import Asked
from tests.fakes.discord_api.messages import Sent
from tests.fakes.discord_api.people import Person
from tests.fakes.discord_api.places import Channel, Guild
from tests.fakes.discord_api.things import Upload
from tests.fakes.discord_api.world import FakeDiscord, open_discord

__all__ = [
    "Asked",
    "Channel",
    "FakeDiscord",
    "Guild",
    "Person",
    "Refused",
    "Sent",
    "Upload",
    "open_discord",
]
