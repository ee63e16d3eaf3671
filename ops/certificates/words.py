"""Finds in what certbot says why there is no certificate, in the authority's words. Pure."""

import datetime
import re

MOST_LETTERS = 600
REFUSAL = re.compile(r"(?:Identifier|Domain): +(.+)\n +Type: +(.+)\n +Detail: +(.+)")
UNEXPECTED = re.compile(r"An unexpected error occurred:\n(.*?)(?:\nAsk for help|\Z)", re.DOTALL)
NOISE = ("Saving debug log", "Ask for help", "Some challenges have failed", "Hint:", "Requesting a cert", "Renewing an")
NOT_BEFORE = re.compile(r"retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", re.IGNORECASE)


def problem(said: str) -> str:
    """Return why, in one line."""
    refusals = [f"{name}: {detail} ({kind})" for name, kind, detail in REFUSAL.findall(said)]
    if refusals:
        return shortened("; ".join(refusals))
    if found := UNEXPECTED.search(said):
        return shortened(found[1])
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.strip().startswith(NOISE)]
    return shortened(lines[-1] if lines else "certbot failed, and said nothing")


def shortened(text: str) -> str:
    """Return a text on one line, cut where it is too long to be read."""
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS]}…"


def not_before(said: str) -> datetime.datetime | None:
    """Return until when an authority wants to be left alone whose limit was reached; None where it says nothing of it."""
    found = NOT_BEFORE.search(said)
    return datetime.datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00") if found else None
