"""A Slack on the loopback, for the unmodified slack-bolt and slack_sdk."""

from tests.fakes.slack_api.delivery import Delivered, Delivery
from tests.fakes.slack_api.errors import Refused
from tests.fakes.slack_api.faults import Fault
from tests.fakes.slack_api.files import SlackFile
from tests.fakes.slack_api.manifest import Manifest
from tests.fakes.slack_api.messages import Message
from tests.fakes.slack_api.people import Person
from tests.fakes.slack_api.places import Channel, Team
from tests.fakes.slack_api.server import open_slack
from tests.fakes.slack_api.things import FileUpload
from tests.fakes.slack_api.views import Input, View
from tests.fakes.slack_api.world import FakeSlack

__all__ = [
    "Channel",
    "Delivered",
    "Delivery",
    "FakeSlack",
    "Fault",
    "FileUpload",
    "Input",
    "Manifest",
    "Message",
    "Person",
    "Refused",
    "SlackFile",
    "Team",
    "View",
    "open_slack",
]
