"""ETag of an answer, and whether a client has it already: https://www.rfc-editor.org/rfc/rfc9110#name-etag

Weak, as nginx compresses on the way: what a client has is the same answer, and not always the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.asgi_types import Scope

OPAQUE = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')


def etag_of(body: bytes, *, media_type: str) -> bytes:
    """Return the ETag of a body that is sent under a type: the same body under another is another answer."""
    digest = hashlib.blake2b(body, digest_size=16, key=media_type.encode()).hexdigest()
    return f'W/"{digest}"'.encode()


def has_already(scope: Scope, etag: bytes) -> bool:
    """Tell whether `If-None-Match` names the ETag, or any. Weak and strong are compared alike."""
    sent = b",".join(value for name, value in scope["headers"] if name == b"if-none-match")
    return sent.strip() == b"*" or etag.removeprefix(b"W/") in OPAQUE.findall(sent)
