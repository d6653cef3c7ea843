"""What Slack says no with, in words that a person can act on."""

from slack_sdk.errors import SlackApiError

from adapters.slack.wire import code_of, is_unsure
from bot.errors import DeliveryError

CLOSED = {
    "not_in_channel": "I am not in that channel.",
    "channel_not_found": "I am not in that channel.",
    "is_archived": "That channel is archived.",
    "posting_to_channel_denied": "I may not post in that channel.",
    "restricted_action": "I may not post in that channel.",
    "restricted_action_read_only_channel": "I may not post in that channel.",
    "restricted_action_thread_only_channel": "That channel takes replies only.",
    "restricted_action_non_threadable_channel": "That channel takes no replies.",
    "restricted_action_thread_locked": "That thread is locked.",
    "thread_not_found": "That thread is gone.",
    "cannot_reply_to_message": "That message takes no replies.",
    "user_is_restricted": "I may not post in that channel.",
    "team_access_not_granted": "I am not in that workspace.",
}
FULL = {
    "storage_limit_reached": "The workspace has no room left for files.",
    "file_uploads_disabled": "The workspace allows no files.",
    "file_uploads_except_images_disabled": "The workspace allows pictures only.",
    "file_type_not_allowed": "The workspace allows no videos.",
    "file_upload_size_restricted": "The workspace allows no files of that size.",
    "not_allowed_token_type": "The bot may not upload files here.",
    "missing_scope": "The bot may not do that here yet.",
}
GONE = frozenset(
    {
        *("account_inactive", "invalid_auth", "not_authed", "token_expired"),
        *("token_revoked", "org_login_required", "team_added_to_org"),
    }
)
BUSY = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
    }
)
REINSTALL = "Ask an admin of the workspace: Reinstall to Workspace."


class ClosedError(DeliveryError):
    """Nothing can be posted there; another place may do."""


class FullError(DeliveryError):
    """Words can be posted there, but no file."""


def trouble(error: Exception) -> DeliveryError:
    """What a failed call means."""
    code = code_of(error) if isinstance(error, SlackApiError) else ""
    if is_unsure(error) or code in BUSY:
        return DeliveryError("Slack does not answer.", passing=True)
    if code in CLOSED or code.startswith("restricted_action"):
        sentence = CLOSED.get(code, CLOSED["restricted_action"])
        return ClosedError(sentence, hint="Invite me there: /invite and my name.")
    if sentence := FULL.get(code, ""):
        hint = REINSTALL if code == "missing_scope" else "Ask an admin to allow it."
        return FullError(sentence, hint=hint)
    if code in GONE:
        sentence = "The bot is not installed in that workspace any more."
        return DeliveryError(sentence, hint=REINSTALL)
    return DeliveryError("Slack did not take it.")
