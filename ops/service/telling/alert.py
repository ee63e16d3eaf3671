"""Posts a message as JSON to ALERT_URL; `text` is what Slack, Mattermost and their like show."""

import json

from ops.service.telling.message import Message
from ops.service.telling.post import post


def as_json(message: Message) -> str:
    """Return what is posted."""
    return json.dumps(
        {
            "text": message.text,
            "status": "recovered" if message.is_recovery else "failed",
            "place": message.place,
            "what": message.what,
            "when": message.when.isoformat(timespec="seconds"),
            "why": message.why,
            "hint": message.hint,
        }
    )


def alert(url: str, message: Message) -> None:
    """Post it. Raises UntoldError."""
    post(url, as_json(message).encode(), kind="application/json")
