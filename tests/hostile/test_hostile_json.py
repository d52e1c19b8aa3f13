"""Any bytes and any JSON, read without a socket: a value or nothing, never an exception."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hostile_spoil_support import WORDS, says_down, says_yes, spoil_tree
from scnet_watchdog.adapters.http import Reply
from scnet_watchdog.adapters.scnet.client import gateways
from scnet_watchdog.adapters.scnet.codes import restart_outcome, retry_after
from scnet_watchdog.adapters.scnet.envelope import (
    LONGEST_ID,
    LONGEST_MESSAGE,
    LONGEST_STATUS,
    MOST_VALUES,
    id_of,
    is_gone,
    label_of,
    read_envelope,
    rows_of,
    status_of,
)
from scnet_watchdog.adapters.scnet.login import region_token
from scnet_watchdog.adapters.scnet.token import Token
from scnet_watchdog.core.model import DOWN, Status
from scnet_watchdog.core.outcome import Accepted, Refused, Unanswered
from scnet_watchdog.ports import SourceRefused

LONGEST_TEXT = 1000
"""What an error may say at most: it goes to the log."""
ROW = {"id": "a1", "instanceServiceName": "job", "status": "Failed", "startTime": None}
REGION = {"clusterId": "11250", "clusterName": "kunshan", "token": "a.b.c"}
TRUE: list[dict[str, Any]] = [
    {"code": "0", "msg": "success", "data": [ROW, {**ROW, "id": "a2", "status": "Running"}]},
    {"code": "0", "msg": "success", "data": {"total": 1, "items": [ROW]}},
    {"code": "0", "msg": "SUCCESS", "data": ROW},
    {"code": "0", "msg": "success", "data": "a1"},
    {"code": "0", "msg": "success", "data": [{"clusterId": "0", "token": "p"}, REGION]},
    {"code": "0", "data": {"aiUrls": [{"enable": "true", "url": "http://h.invalid:65011"}]}},
    {"code": "10008", "msg": "token is invalid", "data": None},
    {"code": 816822, "msg": "任务不存在！", "data": None},
]
PROFILE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(PROFILE, max_examples=2000)

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
leaves |= st.sampled_from(["0", 0, "10008", "Failed", "\ud800", 10**400, "code", "data", "x" * 999])
keys = st.sampled_from(["code", "msg", "message", "data", "list", "id", "status", "aiUrls", "url"])
keys |= st.text(max_size=5)
trees = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner))
texts = trees.map(lambda tree: json.dumps(tree).encode())
twice = st.tuples(texts, texts).map(lambda two: b'{"code":%b,"code":"0","data":%b}' % two)
bodies = st.binary() | texts | twice
spoiled = st.tuples(st.sampled_from(TRUE), st.integers(0, 2**32)).map(
    lambda given: json.dumps(spoil_tree(json.loads(json.dumps(given[0])), Random(given[1])))
)
statuses = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503, 599])
headers = st.dictionaries(st.sampled_from(["retry-after", "location"]), st.text(max_size=20))


def read(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
    """Everything that is ever read out of an answer."""
    reply = Reply(status, headers or {}, body)
    outcome = restart_outcome(reply)
    assert isinstance(outcome, (Accepted, Refused, Unanswered))
    assert len(repr(outcome)) < LONGEST_TEXT
    if isinstance(outcome, Accepted):
        assert says_yes(body)
        assert status < 300
    retry_after(reply)
    envelope = read_envelope(reply)
    if envelope is None:
        return
    assert len(envelope.message) <= LONGEST_MESSAGE
    assert envelope.message.isprintable()
    is_gone(envelope)
    for url in gateways(envelope.data):
        assert url.startswith(("http://", "https://"))
    read_token(envelope.data)
    for _, row in rows_of(envelope.data) or []:
        read_row(row, body if envelope.ok else b"")


def read_row(row: Any, body: bytes) -> None:
    id_ = id_of(row)
    assert id_ is not None
    assert 0 < len(id_) <= LONGEST_ID
    status, text = status_of(row)
    assert (text is not None) == (status is Status.UNKNOWN)
    assert text is None or (len(text) <= LONGEST_STATUS and text.isprintable())
    label = label_of(row)
    assert label is None or label.isprintable()
    if body and status in DOWN:
        assert (id_, str(status)) in says_down(body)


def read_token(data: Any) -> None:
    """A token that can be sent, or a refusal that can be told."""
    refused = ""
    try:
        value = Token(region_token(data, None)).usable().value
    except SourceRefused as error:
        refused = value = str(error)
    assert len(refused) <= LONGEST_TEXT
    assert value.isprintable()
    assert value.isascii() or refused


@PROFILE
@given(bodies, statuses, headers)
@example(b"", 200, {})
@example(b"\xff\xfe{\x00}\x00", 200, {})
@example(b'{"code":0,"data":NaN}', 200, {"retry-after": "\u0663"})
@example(b'{"code":-0,"data":[{"id":1e999,"status":"Failed"}]}', 200, {})
@example(b'{"code":' + b"9" * 5000 + b"}", 200, {})
@example(b'{"code":"0","data":[{"clusterId":"1","clusterName":"\\u001b[2J"}, {}]}', 200, {})
def test_any_body_is_read(body: bytes, status: int, headers: dict[str, str]) -> None:
    read(body, status, headers)


@PROFILE
@given(spoiled)
def test_a_true_answer_with_one_node_changed_is_read(body: str) -> None:
    read(body.encode())


@pytest.mark.parametrize("true", TRUE, ids=lambda true: str(true["data"])[:20])
@pytest.mark.parametrize("around", [("[", "]"), ('{"a":', "}"), ('{"data":[', "]}")])
def test_an_answer_as_deep_as_can_be_read_is_read(true: dict[str, Any], around: Any) -> None:
    """Everywhere in a true answer; depths around the bounds that Python has for them."""
    for depth in (10, 300, 480, 900, 940, 980, 1000, 50_000):
        deep = around[0] * depth + "1" + around[1] * depth
        whole = json.dumps(true, ensure_ascii=False)
        for hole in {f'"{word}"' for word in ("0", "a1", "Failed", "11250", "true", "success")}:
            read(whole.replace(hole, deep, 1).encode())


@pytest.mark.parametrize("unit", [b"[],", b'{"":1},', b"1,", b'"[",'])
def test_an_answer_of_more_values_than_any_page_is_none(unit: bytes) -> None:
    """A few bytes each, and some hundred in memory: 16 MiB of them would take 650 MiB."""
    whole = b'{"code":0,"data":[%b0]}'
    assert read_envelope(Reply(200, {}, whole % (unit * 100))) is not None
    assert read_envelope(Reply(200, {}, whole % (unit * MOST_VALUES))) is None


@pytest.mark.parametrize("word", sorted(WORDS))
def test_the_judge_of_these_tests_finds_what_is_there(word: str) -> None:
    """A judge that sees too little would fail the daemon; one that sees all would prove nothing."""
    body = json.dumps({"code": 0, "data": [{"id": "a", "status": word.upper()}]}).encode()
    assert says_down(b"HTTP/1.1 200 OK\r\n\r\n" + body) == {("a", WORDS[word])}
    assert says_down(body.replace(b"0", b"1")) == set()
    assert says_down(body.replace(b'"a"', b'"b"')) == {("b", WORDS[word])}


@pytest.mark.prove
@pytest.mark.timeout(600)
@LONG
@given(bodies, statuses, headers)
def test_any_body_is_read_for_long(body: bytes, status: int, headers: dict[str, str]) -> None:
    read(body, status, headers)


@pytest.mark.prove
@pytest.mark.timeout(600)
@LONG
@given(spoiled)
def test_any_changed_answer_is_read_for_long(body: str) -> None:
    read(body.encode())
