"""The text of an access token, and what is kept of it. Touches no database."""

import hashlib
import secrets

MARK = "slw_"  # lets a secret scanner, and a person, tell what has been found
PREFIX_LENGTH = 12  # the mark and 8 characters: enough to recognise a token by, and 208 secret bits are left


def new_token() -> str:
    """Return the text of a new token: the mark and 32 random bytes."""
    return MARK + secrets.token_urlsafe(32)


def prefix_of(token: str) -> str:
    """Return the part of a token that may be shown again."""
    return token[:PREFIX_LENGTH]


def hash_of(token: str) -> str:
    """Return what the database keeps. A plain hash is enough: nobody can try out 256 random bits."""
    return hashlib.sha256(token.encode(errors="backslashreplace")).hexdigest()
