"""How a restart call ends: a row for every code and HTTP status of the table, over a real wire."""

from asyncio import StreamWriter
from datetime import timedelta

import pytest

from scnet_support import (
    FRESH,
    ID,
    OPTIONS,
    RESTART,
    TOKEN,
    Center,
    TwoTokens,
    a_center,
    client_for,
    detail_of,
    fixed,
    jwt,
    ok,
    query_of,
    refused,
    restarter_for,
    row,
)
from scnet_watchdog.adapters.scnet.login import Tokens
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.core.model import BlockCause
from scnet_watchdog.core.outcome import (
    Accepted,
    NotSent,
    Outcome,
    RefusalClass,
    Refused,
    Unanswered,
)
from scnet_watchdog.ports import SourceRefused, SourceThrottled, SourceUnavailable
from wire_support import Asked, Play, closed_port, hang, raw, reset, said, whole

PLATFORM = RefusalClass.PLATFORM
INVALID = RefusalClass.INVALID
ACCOUNT = RefusalClass.ACCOUNT
THROTTLED = RefusalClass.THROTTLED
DENIED = refused("10008", "auth_fail")


async def outcome_of(center: Center, tokens: Tokens | None = None) -> Outcome:
    async with restarter_for(center, tokens) as restarter:
        return await restarter.restart(ID)


async def test_the_call_is_a_post_with_the_id_in_the_query_and_an_empty_body() -> None:
    async with a_center() as center:
        center.on(RESTART, ok(ID))
        assert await outcome_of(center) == Accepted(ID)
    call = center.asked(RESTART)[0]
    assert (call.method, call.body, query_of(call)) == ("POST", b"", {"instanceServiceId": ID})
    assert call.headers["token"] == TOKEN
    assert call.headers["content-length"] == "0"
    assert len(center.server.asked) == 1


@pytest.mark.parametrize("base", ["", "/", "/ai", "/ai/"])
async def test_a_base_url_may_end_in_ai_or_not(base: str) -> None:
    async with a_center() as center:
        center.on(RESTART, ok(ID))
        async with restarter_for(center.server.url + base) as restarter:
            assert isinstance(await restarter.restart(ID), Accepted)


@pytest.mark.parametrize(
    ("body", "returned"),
    [
        (said("another-id"), "another-id"),
        (said(None), None),
        (said({"id": "x"}), None),
        (said(None, code=0), None),
        (said("a\x1b[31m"), "a\ufffd[31m"),
    ],
)
async def test_code_0_is_accepted_as_text_or_number(body: bytes, returned: str | None) -> None:
    async with a_center() as center:
        center.on(RESTART, whole(body))
        assert await outcome_of(center) == Accepted(returned)


@pytest.mark.parametrize(
    ("code", "kind", "cause"),
    [
        ("716868", PLATFORM, None),  # breaker.codes makes it a start failure, in the core
        ("10001", PLATFORM, None),
        ("716020", PLATFORM, None),
        ("424242", PLATFORM, None),
        (424242, PLATFORM, None),
        ("10003", INVALID, None),
        ("10004", INVALID, None),
        ("10010", INVALID, None),
        ("10011", INVALID, None),
        ("10007", ACCOUNT, BlockCause.FROZEN),
    ],
)
async def test_each_code_has_its_class(
    code: str | int, kind: RefusalClass, cause: BlockCause | None
) -> None:
    async with a_center() as center:
        center.on(RESTART, refused(code, "because"))
        assert await outcome_of(center) == Refused(kind, str(code), "because", cause)


async def test_a_code_counts_whatever_the_http_status() -> None:
    async with a_center() as center:
        center.on(RESTART, refused("10003", "no", "500 Internal Server Error"))
        assert await outcome_of(center) == Refused(INVALID, "10003", "no")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(refused("10012", "cut"), "10012", id="10012"),
        pytest.param(whole(b"oops", "500 Internal Server Error"), "http_500", id="500"),
        pytest.param(whole(b"<html>", "502 Bad Gateway"), "http_502", id="502"),
        pytest.param(whole(b"", "503 Service Unavailable"), "http_503", id="503"),
        pytest.param(whole(b"<html>hello"), "http_200", id="html"),
        pytest.param(whole(b""), "http_200", id="nothing"),
        pytest.param(whole(b"[]"), "http_200", id="a list"),
        pytest.param(whole(b'{"msg": "fine"}'), "http_200", id="no code"),
        pytest.param(whole(b'{"code": true}'), "http_200", id="a code that is none"),
        pytest.param(whole(b"[" * 200_000), "http_200", id="a depth bomb"),
        pytest.param(whole(b'{"code": ' + b"9" * 5000 + b"}"), "http_200", id="a huge number"),
    ],
)
async def test_what_is_no_envelope_may_have_acted(answer: bytes, code: str) -> None:
    async with a_center() as center:
        center.on(RESTART, answer)
        outcome = await outcome_of(center)
    assert isinstance(outcome, Unanswered)
    assert outcome.code == code


async def test_code_0_with_an_error_status_is_not_believed() -> None:
    async with a_center() as center:
        center.on(RESTART, whole(said(ID), "500 Internal Server Error"))
        assert isinstance(await outcome_of(center), Unanswered)


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(reset, id="a reset"),
        pytest.param(hang, id="silence"),
        pytest.param(raw(close=True), id="the end"),
        pytest.param(raw(whole(said(ID), length=999), close=True), id="cut short"),
    ],
)
async def test_a_lost_answer_is_unknown_and_the_call_is_never_sent_again(play: Play) -> None:
    async with a_center() as center:
        center.on(RESTART, play)
        assert isinstance(await outcome_of(center), Unanswered)
    assert len(center.server.asked) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_a_refusal_and_never_followed(status: str) -> None:
    async with a_center() as thief, a_center() as center:
        location = f"Location: {thief.server.url}{RESTART}"
        center.on(RESTART, whole(b"", status, (location,)))
        outcome = await outcome_of(center)
        assert not thief.server.asked
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.code) == (PLATFORM, f"http_{status[:3]}")


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "405 No", "418 Teapot"])
async def test_another_4xx_is_the_platforms_fault(status: str) -> None:
    async with a_center() as center:
        center.on(RESTART, whole(b'{"status": 400, "error": "Bad Request"}', status))
        outcome = await outcome_of(center)
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.code) == (PLATFORM, f"http_{status[:3]}")


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        ("429 Too Many Requests", (), None),
        ("429 Too Many Requests", ("Retry-After: 90",), timedelta(seconds=90)),
        ("429 Too Many Requests", ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT",), None),
        ("429 Too Many Requests", ("Retry-After: \xb2",), None),
        ("429 Too Many Requests", ("Retry-After: 999999999",), timedelta(days=1)),
        ("503 Service Unavailable", ("Retry-After: 5",), timedelta(seconds=5)),
    ],
)
async def test_throttled_says_how_long_to_wait(
    status: str, headers: tuple[str, ...], wait: timedelta | None
) -> None:
    async with a_center() as center:
        center.on(RESTART, whole(said(None, "1", "slow"), status, headers))
        outcome = await outcome_of(center)
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.retry_after) == (THROTTLED, wait)


async def test_a_refused_connection_was_not_sent() -> None:
    async with restarter_for(f"http://127.0.0.1:{closed_port()}") as restarter:
        assert isinstance(await restarter.restart(ID), NotSent)


async def test_after_10008_a_fresher_token_is_tried_once() -> None:
    async with a_center() as center:
        center.on(RESTART, DENIED, ok(ID))
        assert await outcome_of(center, TwoTokens(fixed())) == Accepted(ID)
    assert [one.headers["token"] for one in center.asked(RESTART)] == [TOKEN, FRESH]


@pytest.mark.parametrize(
    "denied",
    [DENIED, whole(b"", "401 Unauthorized"), whole(b"<html>", "403 Forbidden")],
    ids=["10008", "401", "403"],
)
async def test_denied_with_the_fresher_token_too_is_told_by_a_detail(denied: bytes) -> None:
    """Refused there too: the account. Answered there: the instance."""
    for answer, kind in ((denied, ACCOUNT), (ok(row(ID)), INVALID), (ok(None), INVALID)):
        async with a_center() as center:
            center.on(RESTART, denied)
            center.on(detail_of(ID), answer)
            outcome = await outcome_of(center, TwoTokens(fixed()))
        assert isinstance(outcome, Refused)
        assert outcome.kind is kind
        assert len(center.asked(RESTART)) == 2
        assert center.asked(detail_of(ID))[0].headers["token"] == FRESH


async def test_denied_with_no_fresher_token_to_be_had_is_told_by_a_detail_too() -> None:
    async with a_center() as center:
        center.on(RESTART, DENIED)
        center.on(detail_of(ID), DENIED)
        outcome = await outcome_of(center)
    assert outcome == Refused(ACCOUNT, "10008", "auth_fail", BlockCause.TOKEN_EXPIRED)
    assert len(center.asked(RESTART)) == 1


async def test_a_fresh_token_that_is_refused_everywhere_lacks_a_right() -> None:
    async with a_center() as center:
        center.on(RESTART, DENIED)
        center.on(detail_of(ID), DENIED)
        outcome = await outcome_of(center, TwoTokens(fixed()))
    assert outcome == Refused(ACCOUNT, "10008", "auth_fail", BlockCause.PERMISSION)


async def test_10009_asks_for_no_token_but_for_evidence() -> None:
    for answer, kind in (
        (refused("10009"), ACCOUNT),
        (refused("10007"), ACCOUNT),
        (ok(row(ID)), INVALID),
    ):
        async with a_center() as center:
            tokens = TwoTokens(fixed())
            center.on(RESTART, refused("10009"))
            center.on(detail_of(ID), answer)
            outcome = await outcome_of(center, tokens)
        assert isinstance(outcome, Refused)
        assert (outcome.kind, outcome.code) == (kind, "10009")
        assert tokens.renewals == 0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reset, id="a reset"),
        pytest.param(whole(b"<html>", "502 Bad Gateway"), id="a gateway's page"),
        pytest.param(refused("10001"), id="an internal error"),
        pytest.param(whole(b"", "429 Too Many Requests"), id="throttled"),
    ],
)
async def test_without_evidence_the_platform_is_blamed(answer: bytes | Play) -> None:
    async with a_center() as center:
        center.on(RESTART, DENIED)
        center.on(detail_of(ID), answer)
        outcome = await outcome_of(center)
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.cause) == (PLATFORM, None)


@pytest.mark.parametrize(
    ("error", "kind", "cause"),
    [
        (SourceUnavailable("login failed"), PLATFORM, None),
        (SourceThrottled("slow", timedelta(seconds=9)), THROTTLED, None),
        (SourceRefused("no", BlockCause.CREDENTIALS), ACCOUNT, BlockCause.CREDENTIALS),
    ],
)
async def test_a_refresh_that_fails_is_no_second_10008(
    error: Exception, kind: RefusalClass, cause: BlockCause | None
) -> None:
    async with a_center() as center:
        center.on(RESTART, DENIED)
        outcome = await outcome_of(center, TwoTokens(fixed(), error=error))
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.cause) == (kind, cause)
    assert len(center.asked(RESTART)) == 1


async def test_a_repeat_that_cannot_be_sent_is_not_sent() -> None:
    """The first call was denied: nothing of the attempt can have acted."""
    async with a_center() as center:

        async def deny_and_go(asked: Asked, writer: StreamWriter) -> None:
            await raw(DENIED, close=True)(asked, writer)
            await center.server.stop()

        center.on(RESTART, deny_and_go)
        assert isinstance(await outcome_of(center, TwoTokens(fixed())), NotSent)


@pytest.mark.parametrize(
    ("status", "cause"), [("Owe", BlockCause.ARREARS), ("Disable", BlockCause.DISABLED)]
)
async def test_a_token_of_a_stopped_account_makes_no_call(status: str, cause: BlockCause) -> None:
    async with a_center() as center:
        outcome = await outcome_of(center, fixed(jwt(accountStatus=status)))
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.cause) == (ACCOUNT, cause)
    assert not center.server.asked


async def test_a_gateway_that_cannot_be_found_out_means_not_sent() -> None:
    unreachable = f"http://127.0.0.1:{closed_port()}/center"
    async with restarter_for("", center_url=unreachable) as restarter:
        assert isinstance(await restarter.restart(ID), NotSent)


async def test_a_throttled_center_endpoint_is_throttled() -> None:
    async with a_center() as center:
        center.on("/center", whole(b"", "429 Too Many Requests", ("Retry-After: 7",)))
        url = center.server.url + "/center"
        async with restarter_for(center, center_url=url) as restarter:
            outcome = await restarter.restart(ID)
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.retry_after) == (THROTTLED, timedelta(seconds=7))


async def test_the_token_is_in_no_outcome_and_in_no_url() -> None:
    for answer in (DENIED, reset, hang, whole(b"x"), whole(b"", "302 Found")):
        async with a_center() as center:
            center.on(RESTART, answer)
            outcome = await outcome_of(center)
        assert TOKEN not in repr(outcome)
        assert all(TOKEN not in one.target for one in center.server.asked)


async def test_the_deadline_counts_every_request_an_attempt_may_take() -> None:
    """Login, gateway, call, login, call, detail: 6 × (0.5 s + 0.5 s) = 6 s."""
    async with client_for("http://127.0.0.1") as client:
        restarter = ScnetRestarter(client, OPTIONS)
        assert restarter.deadline == timedelta(seconds=6)
        assert restarter.free == OPTIONS.for_calls == 6
