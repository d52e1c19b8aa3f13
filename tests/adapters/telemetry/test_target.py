"""Where lines go: whoever does not take them, the daemon goes on."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scnet_watchdog.adapters.telemetry.patience import Stuck, send
from scnet_watchdog.adapters.telemetry.target import Target

SCRIPT = """
import os, sys, time
from scnet_watchdog.adapters.telemetry.target import Target
target = Target()
began = time.monotonic()
for n in range(int(sys.argv[1])):
    target.write(f"{n:05d} " + sys.argv[2] * 90)
print(f"{target.lost} {time.monotonic() - began:.1f}", file=sys.stderr)
"""


def test_a_reader_that_stopped_costs_lines_but_no_time() -> None:
    """`run | less`, a paused terminal: a pipe holds 64 KiB, 2000 lines of 97 bytes are more."""
    reading, writing = os.pipe()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "2000", "x"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=True,
    )
    os.close(writing)
    complaint, figures = done.stderr.splitlines()
    assert "its reader takes nothing" in complaint
    lost, seconds = figures.split()
    with open(reading, encoding="utf-8") as got:
        whole = [line for line in got if line.endswith("\n")]
    assert len(whole) + int(lost) == 2000
    assert len(whole) >= 500
    # It is waited for once (0.25 s), not once a line.
    assert float(seconds) < 5


def test_a_reader_that_went_away_stops_nobody() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "3", "x"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    os.close(writing)
    assert done.stderr.count("Broken pipe") == 1
    assert done.stderr.splitlines()[-1].startswith("3 ")


def test_a_standard_output_that_is_closed_stops_nobody() -> None:
    shell = f'exec "{sys.executable}" -c "$0" 3 x >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", shell, SCRIPT], stderr=subprocess.PIPE, text=True, check=True
    )
    assert "closed before the start" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("3 ")


def test_a_torn_line_is_ended_before_the_next_one() -> None:
    """A line longer than the pipe's room goes out in part; what follows begins anew."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with pytest.raises(Stuck) as caught:
        send(writing, b"x" * 200_000, 0)
    assert caught.value.torn
    os.read(reading, 1 << 20)
    send(writing, b"y\n", 0)
    assert os.read(reading, 100) == b"y\n"
    os.close(reading)
    os.close(writing)


def test_lines_after_a_torn_one_are_whole() -> None:
    reading, writing = os.pipe()
    torn = f"target.write('t' * 200_000)\nos.read({reading}, 1 << 20)\nfor n"
    code = SCRIPT.replace("for n", torn, 1)
    done = subprocess.run(
        [sys.executable, "-c", code, "2", "x"],
        stdout=writing,
        stderr=subprocess.PIPE,
        pass_fds=(reading,),
        text=True,
        check=True,
    )
    os.close(writing)
    assert done.stderr.splitlines()[-1].startswith("1 ")
    with open(reading, encoding="utf-8") as got:
        lines = got.read().splitlines()
    assert lines == ["", "00000 " + "x" * 90, "00001 " + "x" * 90]


def test_an_output_of_another_encoding_gets_json_that_can_be_read() -> None:
    script = (
        "from datetime import datetime, UTC\n"
        "from scnet_watchdog.adapters.telemetry.log import Log, LogOptions\n"
        "from scnet_watchdog.adapters.telemetry.secrets import Secrets\n"
        "from scnet_watchdog.core.event import Level\n"
        "log = Log(LogOptions(format='json'), Secrets(), lambda: datetime.now(UTC))\n"
        "log.line(Level.INFO, 'e', '中文 ü \\ud83d')\n"
    )
    for encoding in ("gbk", "latin-1", "ascii", "utf-8"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=True,
        )
        assert json.loads(done.stdout.decode("utf-8"))["message"] == "中文 ü \ud83d"


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    """By somebody else's log rotation; nobody would read what goes to the old file."""
    target = Target(tmp_path / "log")
    target.write("one")
    (tmp_path / "log").rename(tmp_path / "log.old")
    target.write("two")
    (tmp_path / "log").unlink()
    target.write("three")
    target.close()
    assert (tmp_path / "log.old").read_text() == "one\n"
    assert (tmp_path / "log").read_text() == "three\n"


def test_a_rotation_that_fails_loses_no_line_and_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log.1").mkdir()
    (tmp_path / "log.1" / "in the way").touch()
    target = Target(tmp_path / "log", rotate=10, keep=1)
    for n in range(3):
        target.write(f"line {n} of many")
    target.close()
    assert (tmp_path / "log").read_text().count("\n") == 3
    assert target.lost == 0
    assert capsys.readouterr().err.count("cannot be rotated") == 1


def test_a_named_pipe_without_a_reader_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "log")
    began = time.monotonic()
    target = Target(tmp_path / "log", rotate=10, keep=1)
    target.write("nobody listens")
    assert target.lost == 1
    assert time.monotonic() - began < 2
    assert "the log cannot be written" in capsys.readouterr().err
