"""The platform's answers, read tolerantly: whatever JSON comes, nothing breaks."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scnet_watchdog.adapters.http import Reply
from scnet_watchdog.adapters.scnet.codes import restart_outcome
from scnet_watchdog.adapters.scnet.envelope import (
    Envelope,
    id_of,
    is_gone,
    label_of,
    read_envelope,
    rows_of,
    status_of,
)
from scnet_watchdog.core.model import Status

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
ROW = st.dictionaries(
    st.sampled_from(["id", "instanceServiceId", "status", "instanceServiceName", "x"]), JSON
)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Running", Status.RUNNING),
        ("WAITING", Status.WAITING),
        ("deploying", Status.DEPLOYING),
        ("Completed", Status.COMPLETED),
        ("Failed", Status.FAILED),
        ("Terminated", Status.STOPPED),
        (" stopped ", Status.STOPPED),
    ],
)
def test_the_platforms_words_are_known_in_any_case(text: str, status: Status) -> None:
    assert status_of({"status": text}) == (status, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Shutting", "Shutting"),
        ("missing", "missing"),
        ("x" * 500, "x" * 100),
        ("a\x1b[2J", "a\ufffd[2J"),
        (None, "(NoneType)"),
        (["Running"], "(list)"),
        (7, "(int)"),
    ],
)
def test_any_other_text_is_unknown_and_told(value: Any, text: str) -> None:
    assert status_of({"status": value}) == (Status.UNKNOWN, text)


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ([], 0),
        ([{"id": "a"}, {"instanceServiceId": "b"}, {"id": 3}], 3),
        ([{"id": "a"}, "garbage", {"no": "id"}], 1),
        ({"data": [{"id": "a"}]}, 1),
        ({"total": 1, "list": [{"id": "a"}]}, 1),
        ({"records": []}, 0),
        ({"items": [{"id": "a"}]}, 1),
        (None, None),
        ({}, None),
        ({"list": None}, None),
        ("rows", None),
        ([1, 2], None),
        ([{"name": "no id"}], None),
    ],
)
def test_rows_are_found_where_they_were_ever_seen(data: Any, count: int | None) -> None:
    rows = rows_of(data)
    assert (None if rows is None else len(rows)) == count


@pytest.mark.parametrize(
    ("row", "id_"),
    [
        ({"instanceServiceId": "outer", "id": "inner"}, "outer"),
        ({"instanceServiceId": None, "id": "inner"}, "inner"),
        ({"id": 42}, "42"),
        ({"id": True}, None),
        ({"id": ""}, None),
        ({"id": "a\nb"}, None),
        ({"id": "\ud800"}, None),
    ],
)
def test_an_id_is_one_line_of_text(row: dict[str, Any], id_: str | None) -> None:
    assert id_of(row) == id_


def test_a_name_shows_no_terminal_codes_and_can_be_stored() -> None:
    assert label_of({"instanceServiceName": "训练\x1b[31m\ud800"}) == "训练\ufffd[31m\ufffd"


@pytest.mark.parametrize(
    ("code", "message", "data", "gone"),
    [
        ("0", "success", None, True),
        ("0", "success", {}, False),
        ("816822", "任务不存在！", None, True),
        ("999", "任务不存在", None, True),
        ("999", "Instance abc does not exist", None, True),
        ("404", "task not found", None, True),
        ("404", "Not Found", None, False),
        ("818218", "计算用户不存在", None, False),
        ("10001", "internal_error", None, False),
    ],
)
def test_gone_is_only_what_is_plainly_said_of_the_instance(
    code: str, message: str, data: Any, gone: bool
) -> None:
    """ "No such user" (wrong region) and a gateway's "Not Found" say nothing of the instance."""
    assert is_gone(Envelope(code, message, data)) is gone


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"code": null}',
        b'{"code": 0.0}',
        b'{"code": [0]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"code": ' + b"1" * 5000 + b"}",
    ],
)
def test_what_is_no_envelope_is_none(body: bytes) -> None:
    assert read_envelope(Reply(200, {}, body)) is None


def test_a_message_that_is_no_text_is_left_out() -> None:
    """Writing out a deep block could go too deep."""
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    body = json.dumps({"code": "1", "msg": deep}).encode()
    assert read_envelope(Reply(200, {}, body)) == Envelope("1", "", None)


@given(JSON)
def test_no_json_breaks_the_reading(value: Any) -> None:
    for body in (value, {"code": "0", "data": value}, {"code": value, "msg": value}):
        reply = Reply(200, {}, json.dumps(body).encode())
        envelope = read_envelope(reply)
        restart_outcome(reply)
        if envelope is not None:
            rows_of(envelope.data)
            is_gone(envelope)


@given(ROW)
def test_no_row_breaks_the_reading(row: dict[str, Any]) -> None:
    status, text = status_of(row)
    assert (text is None) == (status is not Status.UNKNOWN)
    for said in (text, id_of(row), label_of(row)):
        assert said is None or said.encode().decode() == said
