"""The embedded renderer: real parallax from one still, with no key and no network."""
