"""A Slack on the loopback, for the unmodified slack-bolt and slack_sdk."""

from tests.fakes.slack.delivery import Delivered, Delivery
from tests.fakes.slack.errors import Refused
from tests.fakes.slack.faults import Fault
from tests.fakes.slack.files import SlackFile
from tests.fakes.slack.manifest import Manifest
from tests.fakes.slack.messages import Message
from tests.fakes.slack.people import Person
from tests.fakes.slack.places import Channel, Team
from tests.fakes.slack.server import open_slack
from tests.fakes.slack.things import FileUpload
from tests.fakes.slack.views import Input, View
from tests.fakes.slack.world import FakeSlack

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
