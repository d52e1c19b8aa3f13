"""What the platform's codes and HTTP statuses mean for a restart, and for reads.

Sources: the official page of the restart call; where practice differs (10008), what independent
clients captured. 716868 is not here: `breaker.codes` of the instance's policy decides on it.
"""

from datetime import timedelta

from ...core.model import BlockCause
from ...core.outcome import Accepted, Outcome, RefusalClass, Refused, Unanswered
from ..http import Reply
from .envelope import LONGEST_ID, Envelope, clean, read_envelope

TOKEN_CODE = "10008"
"""No permission by the official table; in practice also: the token is invalid or expired."""
PERMISSION_CODES = frozenset({"10008", "10009"})
FROZEN_CODE = "10007"
INTERRUPTED_CODE = "10012"
INVALID_CODES = frozenset({"10003", "10004", "10010", "10011"})
LONGEST_RETRY_AFTER = timedelta(days=1)


def is_denied(reply: Reply, envelope: Envelope | None) -> bool:
    """Whether an answer may mean a stale token: 10008, or 401/403 without an envelope."""
    if envelope is not None:
        return envelope.code == TOKEN_CODE
    return reply.status in (401, 403)


def retry_after(reply: Reply) -> timedelta | None:
    """How long the platform asked us to wait, in seconds; a date is not understood."""
    text = reply.headers.get("retry-after", "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return None
    return min(timedelta(seconds=int(text)), LONGEST_RETRY_AFTER)


def is_throttled(reply: Reply) -> bool:
    """429, or 503 with Retry-After."""
    return reply.status == 429 or (reply.status == 503 and "retry-after" in reply.headers)


def restart_outcome(reply: Reply) -> Outcome:
    """How a restart call ended, by its answer; evidence about 10008/10009 comes on top."""
    if is_throttled(reply):
        return Refused(
            RefusalClass.THROTTLED,
            f"http_{reply.status}",
            "asked to slow down",
            retry_after=retry_after(reply),
        )
    envelope = read_envelope(reply)
    if envelope is None:
        return _without_envelope(reply)
    if envelope.ok:
        if reply.status >= 300:
            return Unanswered(f"code 0 with HTTP {reply.status}", envelope.code)
        data = envelope.data
        return Accepted(clean(data, LONGEST_ID) if isinstance(data, str) and data else None)
    return _by_code(envelope)


def _by_code(envelope: Envelope) -> Outcome:
    code, message = envelope.code[:50], envelope.message
    if code == INTERRUPTED_CODE:
        return Unanswered(message or "connection interrupted", code)
    if code == FROZEN_CODE:
        return Refused(RefusalClass.ACCOUNT, code, message, BlockCause.FROZEN)
    if code in PERMISSION_CODES:
        return Refused(RefusalClass.INVALID, code, message, BlockCause.PERMISSION)
    if code in INVALID_CODES:
        return Refused(RefusalClass.INVALID, code, message)
    return Refused(RefusalClass.PLATFORM, code, message)


def _without_envelope(reply: Reply) -> Outcome:
    code = f"http_{reply.status}"
    if 300 <= reply.status < 500:
        return Refused(RefusalClass.PLATFORM, code, f"HTTP {reply.status}")
    if reply.status >= 500:
        return Unanswered(f"HTTP {reply.status}", code)
    return Unanswered("the answer is not the platform's envelope", code)


def read_cause(envelope: Envelope) -> BlockCause | None:
    """The block that a refused read speaks of, or None where it is any other error."""
    if envelope.code == FROZEN_CODE:
        return BlockCause.FROZEN
    if envelope.code in PERMISSION_CODES:
        return BlockCause.PERMISSION
    return None
