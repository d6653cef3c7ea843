"""Trigger ids: three seconds, and only once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.slack_api.errors import Problem

if TYPE_CHECKING:
    from tests.fakes.slack_api.people import Person
    from tests.fakes.slack_api.views import View
    from tests.fakes.slack_api.world import FakeSlack

LIFE = 3.0


@dataclass(eq=False)
class Trigger:
    """What allows the app to open a modal for somebody.

    Attributes:
        view: The modal in which it was earned, if any; another is pushed onto it.
    """

    id: str
    person: "Person"
    at: float
    view: "View | None" = None
    used: bool = False


def issue(person: "Person", view: "View | None" = None) -> Trigger:
    """A trigger for what somebody does now."""
    slack = person.slack
    made = Trigger(f"{slack.ids.new('')}.{person.id}", person, slack.clock(), view)
    slack.triggers[made.id] = made
    return made


def redeem(slack: "FakeSlack", trigger_id: str) -> Trigger:
    """Use a trigger up."""
    found = slack.triggers.get(trigger_id)
    if found is None:
        raise Problem("invalid_trigger_id")
    if found.used:
        raise Problem("exchanged_trigger_id")
    if slack.clock() - found.at > LIFE:
        raise Problem("expired_trigger_id")
    found.used = True
    return found
