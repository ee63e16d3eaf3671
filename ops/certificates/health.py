"""Judges the certificate: what is wrong with it, each with its reason and a hint. Pure; nothing means that it is well."""

import datetime
from collections.abc import Iterator, Sequence

from config.served_certificate import Served
from ops.certificates import expiry
from ops.certificates.expiry import text
from ops.certificates.publishing import Issued
from ops.certificates.state import State
from ops.service.problem import Problem

GRACE = datetime.timedelta(minutes=2)  # until nginx has looked, tried, and loaded it
HINT = "See why: docker compose logs --tail 50 certbot"


def problems(
    state: State, *, names: Sequence[str], issued: Issued | None, served: Served | None, now: datetime.datetime
) -> list[Problem]:
    """Return all that is wrong. `served` is None where nginx could not be asked: that is not the certificate's trouble."""
    found = [*of_attempts(state, names=names, issued=issued), *of_expiry(issued, served, now=now)]
    return [*found, *of_nginx(state, issued, served, now=now)]


def of_attempts(state: State, *, names: Sequence[str], issued: Issued | None) -> Iterator[Problem]:
    """The last attempt has to have been well."""
    if not state.problem:
        return
    verb = "renewed" if issued else "issued"
    again = f" The next attempt is at {text(state.not_before)}." if state.not_before else ""
    yield Problem(
        code="attempt",
        what=f"The certificate for {', '.join(names)} could not be {verb}: {state.problem}.{again}",
        hint=hint_of(state.problem, name=names[0]),
    )


def hint_of(problem: str, *, name: str) -> str:
    """Return what to do about a failure: whether the authority could not see the proof, or another one."""
    look = "See all of it: docker compose logs --tail 50 certbot"
    if any(f"({kind})" in problem for kind in ("connection", "dns", "unauthorized")):
        look = f"The authority has to reach http://{name}/.well-known/acme-challenge/ at port 80: see DNS and firewall"
    return f"{look}. Once it is mended, try at once: docker compose kill --signal HUP certbot"


def of_expiry(issued: Issued | None, served: Served | None, *, now: datetime.datetime) -> Iterator[Problem]:
    """What nginx shows has to be good for long enough that somebody can mend what keeps it from being renewed."""
    found = served or issued
    if found and (problem := expiry.problem(found.until, now=now, hint=HINT)):
        yield problem


def of_nginx(
    state: State, issued: Issued | None, served: Served | None, *, now: datetime.datetime
) -> Iterator[Problem]:
    """nginx has to show what was issued, a while after it was handed over."""
    if issued is None or served is None or served.fingerprint == issued.fingerprint:
        return
    if state.published is None or now - state.published >= GRACE:
        yield Problem(
            code="nginx",
            what="nginx shows another certificate than the one that was issued last.",
            hint="See what it has against it: docker compose logs --tail 50 nginx",
        )
