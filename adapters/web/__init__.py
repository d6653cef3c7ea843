"""The web page: the core over HTTP, for one person on their own machine."""

from adapters.web.app import create_app

__all__ = ["create_app"]
