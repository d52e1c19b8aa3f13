"""The one call that changes the world. It never raises: whatever happens is an outcome."""

from dataclasses import replace
from datetime import timedelta

from ...core.model import InstanceId
from ...core.outcome import NotSent, Outcome, RefusalClass, Refused, Unanswered, Withdrawn
from ...ports import SourceRefused, SourceThrottled, SourceUnavailable, Still, allowed
from ..http import HttpError, HttpOptions, NotSentError, Reply
from .client import SERVICE, ScnetClient, refusal
from .codes import PERMISSION_CODES, TOKEN_CODE, is_denied, restart_outcome
from .envelope import read_envelope
from .token import Token

RESTART = f"{SERVICE}/task/actions/restart"
STEPS = 6
"""Requests one attempt may take: login, gateway, call, fresh token, repeat, evidence."""
CALL_WITHIN = 2
"""The call leaves within so many requests' deadlines, or not at all: what it was allowed by is old
by then. Polls keep token and gateway warm, so that usually nothing is asked before the call."""
REPEAT_WITHIN = 4
"""The same for the repeat with a fresh token."""


class ScnetRestarter:
    """Fulfils `ports.Restarter` for one center."""

    def __init__(self, client: ScnetClient, options: HttpOptions) -> None:
        self._client = client
        self._request = options.deadline

    @property
    def free(self) -> int:
        """Connections that can carry a call at once."""
        return self._client.calls.free

    @property
    def deadline(self) -> timedelta:
        """The longest an attempt takes, fresh token, repeat and evidence included."""
        return self._request * STEPS

    async def restart(self, instance: InstanceId, why_not: Still = allowed) -> Outcome:
        """Call once; after a stale token once more with a fresh one.

        What changed while token or gateway were fetched withdraws the call.
        """
        began = self._client.calls.elapsed()
        try:
            token = await self._client.tokens.get()
            base = await self._client.base(token)
        except (SourceRefused, SourceUnavailable) as error:
            return _before_call(error)
        if self._is_late(began, CALL_WITHIN):
            return NotSent("token and gateway came too late for this call")
        if (why := why_not()) is not None:
            return Withdrawn(why)
        reply = await self._call(base, instance, token)
        if not isinstance(reply, Reply):
            return reply
        if not is_denied(reply, read_envelope(reply)):
            return await self._judged(reply, base, instance, token, renewed=False)
        return await self._once_more(reply, base, instance, token, began, why_not)

    def _is_late(self, began: float, requests: int) -> bool:
        """Whether more time went by than so many requests may take."""
        took = self._client.calls.elapsed() - began
        return took > (self._request * requests).total_seconds()

    async def _once_more(
        self,
        denied: Reply,
        base: str,
        instance: InstanceId,
        stale: Token,
        began: float,
        why_not: Still,
    ) -> Outcome:
        """A denied call did nothing: it is repeated where a fresher token is to be had."""
        try:
            fresh = await self._client.tokens.renew(stale)
        except SourceThrottled as error:
            return _slower(error)
        except SourceUnavailable as error:
            return Refused(RefusalClass.PLATFORM, TOKEN_CODE, f"no fresh token: {error}")
        except SourceRefused as error:
            return Refused(RefusalClass.ACCOUNT, error.code or TOKEN_CODE, str(error), error.cause)
        if fresh is None:
            return await self._judged(denied, base, instance, stale, renewed=False)
        if self._is_late(began, REPEAT_WITHIN):
            return Refused(RefusalClass.PLATFORM, TOKEN_CODE, "the fresh token came too late")
        if (why := why_not()) is not None:
            # The denied call did nothing, so that all in all there was none.
            return Withdrawn(why)
        again = await self._call(base, instance, fresh)
        if not isinstance(again, Reply):
            return again
        return await self._judged(again, base, instance, fresh, renewed=True)

    async def _call(self, base: str, instance: InstanceId, token: Token) -> Reply | Outcome:
        try:
            reply = await self._client.calls.request(
                "POST",
                base + RESTART,
                {"token": token.value},
                {"instanceServiceId": instance},
                b"",
            )
            return token.hidden(reply)
        except NotSentError as error:
            self._client.unreachable(base)
            return NotSent(str(error))
        except HttpError as error:
            return Unanswered(str(error))

    async def _judged(
        self, reply: Reply, base: str, instance: InstanceId, token: Token, renewed: bool
    ) -> Outcome:
        """The outcome; for a refused permission with evidence from a read by the same token."""
        outcome = restart_outcome(reply)
        denied = is_denied(reply, read_envelope(reply))
        if not isinstance(outcome, Refused) or not (denied or outcome.code in PERMISSION_CODES):
            return outcome
        try:
            read, envelope = await self._client.detail_answer(base, instance, token)
        except SourceRefused as error:
            return replace(outcome, kind=RefusalClass.ACCOUNT, cause=error.cause)
        except SourceUnavailable as error:
            return _without_evidence(outcome, str(error))
        cause = refusal(read, envelope, renewed)
        if cause is not None:
            return replace(outcome, kind=RefusalClass.ACCOUNT, cause=cause)
        if envelope is not None and envelope.ok:
            return replace(outcome, kind=RefusalClass.INVALID, cause=None)
        return _without_evidence(outcome, f"the detail was answered with HTTP {read.status}")


def _without_evidence(refused: Refused, why: str) -> Refused:
    """Neither the account nor the instance can be blamed."""
    message = f"{refused.message} (no evidence: {why})"
    return replace(refused, kind=RefusalClass.PLATFORM, cause=None, message=message)


def _slower(error: SourceThrottled) -> Refused:
    return Refused(RefusalClass.THROTTLED, "http_429", str(error), retry_after=error.retry_after)


def _before_call(error: SourceRefused | SourceUnavailable) -> Outcome:
    """No call was made, because there is no token or no gateway."""
    if isinstance(error, SourceRefused):
        return Refused(RefusalClass.ACCOUNT, error.code or "login", str(error), error.cause)
    if isinstance(error, SourceThrottled):
        return _slower(error)
    return NotSent(str(error))
