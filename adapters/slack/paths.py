"""Where Slack, and who installs the app, find us on our own page."""

EVENTS = "/slack/events"
INSTALL = "/slack/install"
RETURN = "/slack/oauth_redirect"
