"""The one call that changes the world. It never raises: whatever happens is an outcome."""

from dataclasses import replace
from datetime import timedelta

from ...core.model import BlockCause, InstanceId
from ...core.outcome import NotSent, Outcome, RefusalClass, Refused, Unanswered
from ...ports import SourceRefused, SourceThrottled, SourceUnavailable
from ..http import HttpError, HttpOptions, NotSentError, Reply
from .client import SERVICE, ScnetClient
from .codes import PERMISSION_CODES, is_denied, restart_outcome
from .envelope import read_envelope
from .login import Token

RESTART = f"{SERVICE}/task/actions/restart"
STEPS = 4
"""Requests one attempt may take: call, fresh token, repeat, evidence."""


class ScnetRestarter:
    """Fulfils `ports.Restarter` for one center."""

    def __init__(self, client: ScnetClient, options: HttpOptions) -> None:
        self._client = client
        self._deadline = options.deadline * STEPS

    @property
    def free(self) -> int:
        """Connections that can carry a call at once."""
        return self._client.calls.free

    @property
    def deadline(self) -> timedelta:
        """The longest an attempt takes, fresh token, repeat and evidence included."""
        return self._deadline

    async def restart(self, instance: InstanceId) -> Outcome:
        """Call once; after a stale token once more with a fresh one."""
        try:
            token = await self._client.tokens.get()
            base = await self._client.base(token)
        except (SourceRefused, SourceUnavailable) as error:
            return _before_call(error)
        reply = await self._call(base, instance, token)
        if not isinstance(reply, Reply):
            return reply
        if not is_denied(reply, read_envelope(reply)):
            return await self._judged(reply, instance, token)
        try:
            fresh = await self._client.tokens.renew(token)
        except SourceUnavailable as error:
            return Refused(RefusalClass.PLATFORM, "10008", f"no fresh token: {error}")
        except SourceRefused as error:
            return Refused(RefusalClass.ACCOUNT, error.code or "10008", str(error), error.cause)
        if fresh is None:
            return await self._judged(reply, instance, token)
        again = await self._call(base, instance, fresh)
        if not isinstance(again, Reply):
            return again
        return await self._judged(again, instance, fresh)

    async def _call(self, base: str, instance: InstanceId, token: Token) -> Reply | Outcome:
        try:
            return await self._client.calls.request(
                "POST",
                base + RESTART,
                {"token": token.value},
                {"instanceServiceId": instance},
                b"",
            )
        except NotSentError as error:
            self._client.next_gateway()
            return NotSent(str(error))
        except HttpError as error:
            return Unanswered(str(error))

    async def _judged(self, reply: Reply, instance: InstanceId, token: Token) -> Outcome:
        """The outcome; for a refused permission with evidence from a read by the same token."""
        denied = is_denied(reply, read_envelope(reply))
        outcome = restart_outcome(reply)
        if denied and not isinstance(outcome, Refused):
            return outcome
        code = outcome.code if isinstance(outcome, Refused) else ""
        if not denied and code not in PERMISSION_CODES:
            return outcome
        assert isinstance(outcome, Refused)  # noqa: S101 - both cases above are refusals
        return await self._by_evidence(outcome, instance, token)

    async def _by_evidence(self, refused: Refused, instance: InstanceId, token: Token) -> Outcome:
        try:
            reply, envelope = await self._client.detail_answer(instance, token)
        except SourceUnavailable as error:
            return replace(
                refused,
                kind=RefusalClass.PLATFORM,
                message=f"{refused.message} (no evidence: {error})",
            )
        if is_denied(reply, envelope) or (
            envelope is not None and envelope.code in PERMISSION_CODES
        ):
            cause = BlockCause.TOKEN_EXPIRED if is_denied(reply, envelope) else None
            return replace(refused, kind=RefusalClass.ACCOUNT, cause=cause or BlockCause.PERMISSION)
        if envelope is not None and envelope.ok:
            return replace(refused, kind=RefusalClass.INVALID, cause=None)
        return replace(
            refused, kind=RefusalClass.PLATFORM, message=f"{refused.message} (no evidence)"
        )


def _before_call(error: SourceRefused | SourceUnavailable) -> Outcome:
    """No call was made, because there is no token or no gateway."""
    if isinstance(error, SourceRefused):
        return Refused(RefusalClass.ACCOUNT, error.code or "login", str(error), error.cause)
    if isinstance(error, SourceThrottled):
        return Refused(
            RefusalClass.THROTTLED, "http_429", str(error), retry_after=error.retry_after
        )
    return NotSent(str(error))
