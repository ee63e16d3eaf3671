"""Errors to Sentry: what our code logs as an error, with its traceback, and nothing of the request but its operation's name.

Sentry's own integrations would send variables of functions, headers, cookies and bodies: none of them is on.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration

from config.telemetry.masking import all_masked

LEAVE_SECONDS = 2
# What a log line of ours may bring along; Django's and Celery's bring requests and arguments.
EXTRA = frozenset({"error_id", "error", "path", "operation", "request_id", "status", "reason"})


def begin(dsn: str) -> None:
    """Send errors from now on."""
    sentry_sdk.init(
        dsn=dsn,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(),
            ExcepthookIntegration(),
            ThreadingIntegration(propagate_scope=False),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda *_: None),
        ],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name="",
        shutdown_timeout=LEAVE_SECONDS,
        before_send=without_secrets,  # type: ignore[arg-type]  # the event is a plain dictionary
    )


def without_secrets(event: dict[str, Any], _hint: Any) -> dict[str, Any]:
    """Return what may be sent of an event."""
    for part in ("request", "user", "breadcrumbs", "modules"):
        event.pop(part, None)
    extra = event.pop("extra", {})
    event["extra"] = {name: value for name, value in extra.items() if name in EXTRA}
    entry = event.get("logentry")
    if entry:
        entry.pop("params", None)
    return {
        **all_masked({key: value for key, value in event.items() if key != "event_id"}),
        "event_id": event["event_id"],
    }
