"""How a restart call ended.

Outcome
├── Accepted     code 0: taken up, not yet running
├── Refused      an envelope with another code, a 3xx or 4xx
├── Unanswered   bytes may have left and no usable answer came back (outcome `unknown`)
├── NotSent      no byte of the request can have left
└── Withdrawn    decided anew at the last moment, and not called
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from .model import BlockCause


class OutcomeKind(StrEnum):
    """The five words of the ledger for how a call ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    WITHDRAWN = "withdrawn"


class RefusalClass(StrEnum):
    """Who has to act on a refusal, and what it counts to."""

    START_FAILURE = "start_failure"
    PLATFORM = "platform"
    THROTTLED = "throttled"
    ACCOUNT = "account"
    INVALID = "invalid"


class Verdict(StrEnum):
    """What observation later proved of an attempt."""

    RECOVERED = "recovered"
    DID_NOT_HELP = "did_not_help"
    RELAPSED = "relapsed"
    STUCK_WAITING = "stuck_waiting"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Code 0. `returned_id` is what the platform answered as the instance's id, if anything."""

    returned_id: str | None = None
    code: str = "0"


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform said no.

    Args:
        kind: the class by the platform's code table; `breaker.codes` of the instance's policy
            wins over it and is applied by the core.
        code: the platform's code as text, or `http_<status>` where there was no envelope.
        cause: for class account, what the account suffers from.
        retry_after: for class throttled, how long the platform asked us to wait.
    """

    kind: RefusalClass
    code: str
    message: str = ""
    cause: BlockCause | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The call may have acted: time-out, reset, truncation, 5xx, 10012, a body we cannot read."""

    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """DNS, connection refused, TLS or connect time-out: the platform cannot have seen it."""

    message: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Not called, and why."""

    message: str


Outcome = Accepted | Refused | Unanswered | NotSent | Withdrawn
