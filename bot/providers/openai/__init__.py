"""Any `/v1/videos` server: OpenAI's Videos API and its descendants.

`profiles` says how each dialect differs, `orders` words what is sent, `reading` reads
what comes back, `provider` puts them together.
"""

from bot.providers.openai.profiles import Profile
from bot.providers.openai.provider import OpenAIVideos

__all__ = ["OpenAIVideos", "Profile"]
