"""Log lines: what they contain, where they go, and what must never be in them."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import structlog

from scnet_watchdog.adapters.telemetry.fanout import FanOut
from scnet_watchdog.adapters.telemetry.log import Log, LogOptions
from scnet_watchdog.adapters.telemetry.secrets import MASK, Secrets
from scnet_watchdog.adapters.telemetry.sentences import as_logged, sentence, span
from scnet_watchdog.adapters.telemetry.target import Target, is_journal
from scnet_watchdog.core.event import Event, EventKind, Level
from scnet_watchdog.core.model import InstanceId

T0 = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
REQUESTED = Event(
    EventKind.RESTART_REQUESTED,
    T0,
    InstanceId("4c1f"),
    "llm-api",
    "kunshan",
    {"seq": 3, "attempt": 1, "reason": "failed", "down_for_s": 65.0},
)


OPENED: list[Log] = []


@pytest.fixture(autouse=True)
def everything_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    while OPENED:
        OPENED.pop().close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def log_to(file: Path, secrets: Secrets | None = None, **options: object) -> Log:
    log = Log(LogOptions(file=file, **options), secrets or Secrets(), lambda: T0)  # type: ignore[arg-type]
    OPENED.append(log)
    return log


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_an_event_is_one_json_line_with_its_sentence_and_fields(tmp_path: Path) -> None:
    log_to(tmp_path / "log").emit(REQUESTED)
    assert lines(tmp_path / "log") == [
        {
            "timestamp": "2026-03-01T12:00:00.123Z",
            "level": "info",
            "event": "restart.requested",
            "message": "llm-api is being restarted: failed, attempt 1, down for 1 min 5 s",
            "instance": "4c1f",
            "name": "llm-api",
            "center": "kunshan",
            "seq": 3,
            "attempt": 1,
            "reason": "failed",
            "down_for_s": 65.0,
        }
    ]


def test_moments_in_fields_are_utc_with_z() -> None:
    event = Event(EventKind.BREAKER_OPENED, T0, InstanceId("a"), "a", "k", {"open_until": T0})
    assert as_logged(event)["open_until"] == "2026-03-01T12:00:00.123Z"


def test_quieter_lines_than_the_level_are_left_out(tmp_path: Path) -> None:
    log = log_to(tmp_path / "log", level=Level.WARNING)
    log.emit(REQUESTED)
    log.emit(Event(EventKind.RESTART_REFUSED, T0, InstanceId("a"), "a", "k"))
    assert [line["event"] for line in lines(tmp_path / "log")] == ["restart.refused"]


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_event_has_a_sentence_even_without_fields(kind: EventKind) -> None:
    assert sentence(Event(kind, T0))
    assert sentence(Event(kind, T0, InstanceId("a"), "a", "k"))


def test_library_logs_and_structlog_go_through_the_same_pipeline(tmp_path: Path) -> None:
    log = log_to(tmp_path / "log")
    log.take_libraries()
    logging.getLogger("some.library").warning("careful with %s", "that")
    logging.getLogger("httpx").info("one line per request: not told")
    structlog.get_logger().info("plugin.said", extra=1)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("some.library").exception("it failed")
    first, second, third = lines(tmp_path / "log")
    assert (first["level"], first["message"]) == ("warning", "careful with that")
    assert (second["event"], second["extra"]) == ("plugin.said", 1)
    assert "ValueError: broken" in str(third["exception"])


def test_secrets_are_masked_by_value_wherever_they_turn_up(tmp_path: Path) -> None:
    secrets = Secrets()
    secrets.add('to"ken/with+signs')
    secrets.add("short")
    log = log_to(tmp_path / "log", secrets)
    log.take_libraries()
    log.line(Level.INFO, "x", 'a to"ken/with+signs b')
    logging.getLogger("lib").warning("https://h/?t=to%22ken%2Fwith%2Bsigns")
    log.emit(Event(EventKind.SOURCE_FAILED, T0, fields={"error": 'to"ken/with+signs'}))
    text = (tmp_path / "log").read_text()
    assert "ken/with" not in text
    assert "with%2Bsigns" not in text
    assert text.count(MASK) >= 3
    # A value this short would blacken half of every line.
    assert secrets.redact("a short text") == "a short text"


def test_console_lines_are_for_people(tmp_path: Path) -> None:
    log_to(tmp_path / "log", format="console").emit(REQUESTED)
    text = (tmp_path / "log").read_text()
    assert "llm-api is being restarted" in text
    assert "restart.requested" in text
    assert not text.startswith("{")


def test_a_full_file_is_rotated_and_only_so_many_are_kept(tmp_path: Path) -> None:
    target = Target(tmp_path / "log", rotate=100, keep=2)
    for n in range(12):
        target.write(f"{n:02d} " + "x" * 40)
    target.close()
    # Twelve lines, a new file after every third: the last three have just been turned over.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.1", "log.2"]
    # 3 lines of 44 bytes pass 100: lines 9, 10 and 11 are the newest rotated file.
    assert (tmp_path / "log.1").read_text().startswith("09 ")


def test_no_rotated_file_is_kept_when_none_is_wanted(tmp_path: Path) -> None:
    target = Target(tmp_path / "log", rotate=10, keep=0)
    target.write("x" * 20)
    target.write("y")
    target.close()
    assert (tmp_path / "log").read_text() == "y\n"


def test_a_target_that_cannot_be_written_stops_nobody_and_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_to(tmp_path / "no" / "such" / "folder" / "log")
    log.emit(REQUESTED)
    log.emit(REQUESTED)
    said = capsys.readouterr().err
    assert said.count("the log cannot be written") == 1
    (tmp_path / "no" / "such" / "folder").mkdir(parents=True)
    log.emit(REQUESTED)
    assert len(lines(tmp_path / "no" / "such" / "folder" / "log")) == 1


def test_a_full_device_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    target = Target(Path("/dev/full"))
    target.write("lost")
    assert target.lost == 1
    assert "No space left" in capsys.readouterr().err


def test_lines_carry_a_priority_when_standard_output_is_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        found = os.fstat(stream.fileno())
        assert is_journal(stream, f"{found.st_dev}:{found.st_ino}")
        assert not is_journal(stream, "1:2")
        assert not is_journal(stream, None)
    script = (
        "import os, sys; from datetime import datetime, UTC\n"
        "s = os.fstat(1); os.environ['JOURNAL_STREAM'] = f'{s.st_dev}:{s.st_ino}'\n"
        "from scnet_watchdog.adapters.telemetry.log import Log, LogOptions\n"
        "from scnet_watchdog.adapters.telemetry.secrets import Secrets\n"
        "from scnet_watchdog.core.event import Level\n"
        "Log(LogOptions(), Secrets(), lambda: datetime.now(UTC)).line(Level.ERROR, 'e', 'm')\n"
    )
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("<3>{")


def test_one_failing_listener_hurts_nobody_else_and_is_told_once() -> None:
    class Failing:
        def emit(self, event: Event) -> None:
            raise RuntimeError("listener")

    class Listening:
        def __init__(self) -> None:
            self.heard: list[Event] = []

        def emit(self, event: Event) -> None:
            self.heard.append(event)

    told: list[str] = []
    good = Listening()
    fanout = FanOut((Failing(), good), lambda what, error: told.append(what))
    fanout.emit(REQUESTED)
    fanout.emit(REQUESTED)
    assert good.heard == [REQUESTED, REQUESTED]
    assert told == ["telling events through Failing"]
    assert fanout.failures["Failing"] == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (42, "42 s"), (310, "5 min 10 s"), (11100, "3 h 5 min"), (None, "some time")],
)
def test_lengths_are_said_in_two_units(seconds: float | None, words: str) -> None:
    assert span(seconds) == words


def test_no_secret_leaves_its_rest_behind_because_a_shorter_one_is_within_it() -> None:
    secrets = Secrets()
    secrets.add("abcdef")
    secrets.add("abcdefghijkl")
    assert secrets.redact("x abcdefghijkl y abcdef z") == f"x {MASK} y {MASK} z"


@pytest.mark.parametrize(
    "form",
    [
        'to"ken/with+ü\\ signs',
        "to%22ken%2Fwith%2B%C3%BC%5C%20signs",
        "to%22ken%2fwith%2b%c3%bc%5c%20signs",
        "to%22ken%2Fwith%2B%C3%BC%5C+signs",
        'to\\"ken/with+ü\\\\ signs',
        'to\\"ken/with+\\u00fc\\\\ signs',
    ],
)
def test_a_secret_is_known_in_every_form_it_takes(form: str) -> None:
    secrets = Secrets()
    secrets.add(' to"ken/with+ü\\ signs\n')
    assert secrets.redact(f"<{form}>") == f"<{MASK}>"


def test_a_librarys_faulty_line_does_not_break_its_call(tmp_path: Path) -> None:
    log = log_to(tmp_path / "log")
    log.take_libraries()
    logging.getLogger("some.library").warning("%d apples", "no")
    assert lines(tmp_path / "log")[0]["message"] == "%d apples ('no',)"


def test_text_of_others_moves_no_cursor_and_fakes_no_line(tmp_path: Path) -> None:
    log = log_to(tmp_path / "log", format="console")
    error = "\x1b[2J gone\n12:00:00 [info] all is well\u2028"
    log.emit(Event(EventKind.SOURCE_FAILED, T0, center="k", fields={"error": error}))
    text = (tmp_path / "log").read_text()
    assert "\x1b" not in text
    assert "\u2028" not in text
    assert text.splitlines()[1].startswith("    12:00:00 [info] all is well")


def test_one_json_line_is_one_line_of_the_journal() -> None:
    script = (
        "import os, sys; from datetime import datetime, UTC\n"
        "s = os.fstat(1); os.environ['JOURNAL_STREAM'] = f'{s.st_dev}:{s.st_ino}'\n"
        "from scnet_watchdog.adapters.telemetry.log import Log, LogOptions\n"
        "from scnet_watchdog.adapters.telemetry.secrets import Secrets\n"
        "from scnet_watchdog.core.event import Level\n"
        "log = Log(LogOptions(), Secrets(), lambda: datetime.now(UTC))\n"
        "log.line(Level.INFO, 'e', 'a\\u2028b\\x85c')\n"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    (line,) = done.stdout.decode().rstrip("\n").split("\n")
    assert json.loads(line.removeprefix("<6>"))["message"] == "a\u2028b\x85c"


@pytest.mark.parametrize("as_text", [False, True])
def test_a_sentence_tells_the_date_where_it_is_another_one(as_text: bool) -> None:
    zone = timezone(timedelta(hours=8))

    def said(moment: datetime) -> str:
        value = moment.isoformat() if as_text else moment
        fields = {"open_until": value}
        return sentence(
            Event(EventKind.BREAKER_OPENED, T0, InstanceId("a"), "a", "k", fields), zone
        )

    # 12:00 UTC is 20:00 at UTC+8; midnight there is four hours later.
    assert said(T0 + timedelta(hours=1)) == "The breaker of a opened until 21:00:00+0800"
    tomorrow = "The breaker of a opened until 2026-03-02 00:00:00+0800"
    assert said(T0 + timedelta(hours=4)) == tomorrow
