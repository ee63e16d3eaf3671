"""Judges until when a certificate is good: for long enough that somebody can mend what keeps it from being renewed. Pure."""

import datetime

from ops.service.problem import Problem

SOON = datetime.timedelta(days=14)
SUBJECT = "the certificate is"  # not well, or well again


def problem(until: datetime.datetime, *, now: datetime.datetime, hint: str) -> Problem | None:
    """Return what is to be said of a certificate that ends then; None where it is good for long enough."""
    if until - now >= SOON:
        return None
    days = (until - now).days
    ends = f"ends in {days} days" if days >= 0 else "has ended"
    return Problem(code="expiry", what=f"The certificate {ends}, on {text(until)}.", hint=hint)


def text(moment: datetime.datetime) -> str:
    """Return a time for people."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
