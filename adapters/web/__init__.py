"""The web page: the core over HTTP, for one person on their own machine."""

from adapters.web.app import create_app
from adapters.web.chat import WebChat

__all__ = ["WebChat", "create_app"]
