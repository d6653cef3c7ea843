"""One package per platform that people talk to the bot from."""
