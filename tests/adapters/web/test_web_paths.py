"""Each path asks the desk what it says, and checks before it asks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scnet_watchdog.adapters.web.openapi import document
from scnet_watchdog.core.command import ScopeKind
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.desk import Among, Declined, NobodyMeant, Rejected, Unavailable
from scnet_watchdog.ports import Sought, Unwritable
from web_support import SECRET, T0, Bench, event

API = "/api/v1"


async def test_reads_ask_the_desk_by_the_name_in_the_path() -> None:
    bench = Bench()
    async with bench.client() as client:
        assert (await client.get(f"{API}/instances")).json() == {
            "id": "a",
            "since": "2026-03-01T12:00:00.000Z",
        }
        await client.get(f"{API}/instances/4c1f")
        await client.get(f"{API}/instances/4c1f/explain")
        # A name may hold anything, a slash and a blank included.
        await client.get(f"{API}/instances/team%2Fllm%20api/explain")
    assert bench.desk.asked == [
        "fleet",
        ("instance", "4c1f"),
        ("explain", "4c1f"),
        ("explain", "team/llm api"),
    ]


async def test_events_are_those_of_the_last_day_unless_asked_otherwise() -> None:
    bench = Bench()
    bench.desk.found = [event(EventKind.STORM_ENDED, lasted_s=5)]
    async with bench.client() as client:
        (told,) = (await client.get(f"{API}/events")).json()
        await client.get(f"{API}/events?since=2026-02-01T08:00:00%2B08:00&instance=4c1f&limit=7")
        # A plus sign that was not written as %2B arrives as a blank.
        await client.get(f"{API}/events?since=2026-02-01T08:00:00+08:00")
    assert (told["event"], told["lasted_s"]) == ("storm.ended", 5)
    february = datetime(2026, 2, 1, tzinfo=UTC)
    assert bench.desk.asked == [
        Sought(T0 - timedelta(days=1), 1000),
        Sought(february, 7, instance="4c1f"),
        Sought(february, 1000),
    ]


async def test_an_answer_that_leaves_out_older_events_says_how_to_go_on() -> None:
    bench = Bench()
    bench.desk.older = 42
    async with bench.client() as client:
        first = await client.get(f"{API}/events?since=7d&until=1d&instance=a+b&limit=3")
        older = first.links["next"]["url"]
        bench.desk.older = None
        last = await client.get(f"{API}/events{older}")
    assert "next" not in last.links
    week = Sought(T0 - timedelta(days=7), 3, until=T0 - timedelta(days=1), instance="a b")
    assert bench.desk.asked == [week, replace(week, before=42)]


async def test_figures_are_those_of_thirty_days_unless_asked_otherwise() -> None:
    bench = Bench()
    bench.desk.answer = {"fleet": {"down_s": 5}, "instances": [{"name": SECRET}, {"name": "火"}]}
    async with bench.client() as client:
        answer = await client.get(f"{API}/report")
        await client.get(f"{API}/report?since=12h&group=nlp&center=kunshan&instance=4c1f&worst=10")
        for query in ("worst=0", "limit=3", "since=x"):
            assert (await client.get(f"{API}/report?{query}")).status_code == 400
    assert answer.json() == {
        **bench.desk.answer,
        "instances": [{"name": "[secret]"}, {"name": "火"}],
    }
    assert bench.desk.asked == [
        (T0 - timedelta(days=30), Among()),
        (T0 - timedelta(hours=12), Among("nlp", "kunshan", "4c1f", 10)),
    ]


@pytest.mark.parametrize(
    "query",
    [
        *("since=yesterday", "since=7w", "since=99999d00", "until=", "before=0", "before=x"),
        *("until=0001-01-01T00:00:00%2B09:00", "before=9223372036854775808"),
        *("sinc=7d", "worst=3"),
        *("limit=0", "limit=10001", "limit=-1", "limit=²", "limit=x"),
    ],
)
async def test_a_query_that_is_none_is_refused(query: str) -> None:
    bench = Bench()
    async with bench.client() as client:
        refused = await client.get(f"{API}/events?{query}")
    assert refused.status_code == 400
    assert refused.json()["error"].startswith(query.split("=")[0])
    assert not bench.desk.asked


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("instances/4c1f", ScopeKind.INSTANCE, "4c1f"),
        ("groups/inference", ScopeKind.GROUP, "inference"),
        ("centers/kunshan", ScopeKind.CENTER, "kunshan"),
        ("fleet", ScopeKind.FLEET, ""),
    ],
)
async def test_wishes_reach_the_desk_whole(path: str, kind: ScopeKind, name: str) -> None:
    bench = Bench()
    async with bench.client() as client:
        body = {"for_s": 60, "reason": "maintenance", "by": "alice"}
        assert (await client.post(f"{API}/{path}/hold", json=body)).status_code == 200
        await client.post(f"{API}/{path}/release", json={"every": True})
        await client.post(f"{API}/{path}/reset")
    held, released, reset = bench.desk.wishes
    assert (held.kind, held.name, held.verb) == (kind, name, "hold")
    assert (held.length, held.reason, held.by) == (timedelta(minutes=1), "maintenance", "alice")
    assert (released.verb, released.every, released.by) == ("release", True, "somebody")
    assert reset.verb == "reset"


async def test_a_hold_lasts_four_hours_or_until_it_runs_again() -> None:
    bench = Bench()
    async with bench.client() as client:
        await client.post(f"{API}/instances/a/hold", json={})
        await client.post(f"{API}/instances/a/hold", json={"until_running": True})
    first, second = bench.desk.wishes
    assert (first.length, first.until_running) == (timedelta(hours=4), False)
    assert (second.length, second.until_running) == (None, True)


async def test_a_reason_may_hold_what_people_type() -> None:
    """A full-width blank is what a Chinese keyboard types; an emoji may be several characters."""
    bench = Bench()
    async with bench.client() as client:
        for reason in ("换盘　明天", "new disks\u00a0…", "👩‍🔧"):
            body = {"reason": reason}
            assert (await client.post(f"{API}/instances/a/hold", json=body)).status_code == 200
            assert bench.desk.wishes[-1].reason == reason


async def test_only_an_instance_can_be_restarted() -> None:
    bench = Bench()
    async with bench.client() as client:
        assert (await client.post(f"{API}/instances/a/restart")).status_code == 200
        for path in ("groups/g", "centers/c", "fleet"):
            assert (await client.post(f"{API}/{path}/restart")).status_code in (404, 405)


@pytest.mark.parametrize(
    "body",
    [
        {"for_s": 0},
        {"for_s": 2_592_001},
        {"for_s": "4h"},
        {"for_s": True},
        {"for_s": "4h", "until_running": True},
        {"until_running": "yes"},
        {"reason": "two\nlines"},
        {"reason": "turned \u202e round"},
        {"reason": "x" * 201},
        {"by": 5},
        {"every": True},
        {"polcy": 1},
    ],
)
async def test_a_body_that_is_no_hold_is_refused(body: dict[str, object]) -> None:
    bench = Bench()
    async with bench.client() as client:
        refused = await client.post(f"{API}/instances/a/hold", json=body)
    assert refused.status_code == 400
    assert next(iter(body)) in refused.json()["error"]
    assert not bench.desk.wishes


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"[" * 10_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"by": "half a pair: \\ud83d"}', "application/json", 400),
        (b"for_s=60", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"x" * (16 * 1024 + 1), "application/json", 413),
    ],
)
async def test_a_body_that_is_no_json_is_refused(content: bytes, kind: str, status: int) -> None:
    bench = Bench()
    async with bench.client() as client:
        refused = await client.post(
            f"{API}/instances/a/hold", content=content, headers={"content-type": kind}
        )
    assert refused.status_code == status
    assert refused.json()["error"]
    assert not bench.desk.wishes


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NobodyMeant("a: nobody"), 404),
        (Declined("restart of a is refused: held", "held"), 409),
        (Unavailable("not now"), 503),
        (Unwritable("no space"), 503),
    ],
)
async def test_errors_of_the_desk_are_answers(error: Exception, status: int) -> None:
    bench = Bench()
    bench.desk.error = error
    async with bench.client() as client:
        answer = await client.post(f"{API}/instances/a/restart", json={})
    assert answer.status_code == status
    assert answer.json()["error"] == str(error)
    assert answer.json().get("reason") == ("held" if status == 409 else None)


async def test_a_reload_says_what_it_means_or_every_error() -> None:
    bench = Bench()
    bench.desk.answer = {"added": ["b"], "impact": "1 instance becomes eligible"}
    async with bench.client() as client:
        done = await client.post(f"{API}/reload", json={})
        bench.desk.error = Rejected(["line 1: wrong", "line 2: wrong"])
        refused = await client.post(f"{API}/reload")
        bench.desk.error = None
        await client.post(f"{API}/reload", json={"preview": True})
        wrong = await client.post(f"{API}/reload", json={"previw": True})
        nobody = await client.post(f"{API}/reload", json={"by": None})
    assert bench.desk.asked == ["reload", "reload", "preview"]
    assert (wrong.status_code, nobody.status_code) == (400, 400)
    assert done.json() == bench.desk.answer
    assert refused.status_code == 422
    assert refused.json()["errors"] == ["line 1: wrong", "line 2: wrong"]


async def test_health_and_readiness_say_why_not() -> None:
    bench = Bench()
    async with bench.client() as client:
        well = await client.get("/healthz")
        bench.desk.why_not_ready = "the state is not owned"
        unready = await client.get("/readyz")
        assert (await client.get("/healthz")).status_code == 200
    assert (well.status_code, well.json()) == (200, {"ok": True, "why": None})
    assert (unready.status_code, unready.json()["why"]) == (503, "the state is not owned")


async def test_no_answer_holds_a_secret() -> None:
    bench = Bench()
    bench.desk.answer = {"reason": f"the platform said {SECRET}"}
    bench.desk.found = [event(EventKind.SOURCE_FAILED, source="scnet", error=SECRET)]
    async with bench.client() as client:
        texts = [(await client.get(f"{API}/{path}")).text for path in ("instances", "events")]
        bench.desk.error = NobodyMeant(f"{SECRET}: nobody")
        texts.append((await client.get(f"{API}/instances/x")).text)
    assert all("[secret]" in text and SECRET not in text for text in texts)


async def test_unknown_paths_and_methods_are_answered_as_json() -> None:
    bench = Bench()
    async with bench.client() as client:
        nowhere = await client.get(f"{API}/nowhere")
        wrong = await client.delete(f"{API}/instances")
    assert (nowhere.status_code, nowhere.json()["error"]) == (404, "there is no such path")
    assert wrong.status_code == 405
    assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_the_description_names_exactly_the_paths_that_are_served() -> None:
    bench = Bench()
    described = {
        (path, verb.upper()) for path, verbs in document("1")["paths"].items() for verb in verbs
    }
    async with bench.client() as client:
        answer = await client.get(f"{API}/openapi.json")
    assert answer.json()["info"]["version"] == "1.2.3"
    from scnet_watchdog.adapters.web.api import Paths

    served = {
        (route.path.replace(":path", ""), method)
        for route in Paths(bench.face, "").routes()
        for method in (route.methods or ())
        if method != "HEAD"
    }
    assert described == served
