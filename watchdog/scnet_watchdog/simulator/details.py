"""How an instance looks in an answer: the documented detail, and a row of the list."""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from .instance import DEPLOYING, RUNNING, Instance, is_down

LOCAL = timezone(timedelta(hours=8))
"""The platform shows local text without a zone."""
NONE = "--"


def detail(one: Instance, now: float, epoch: float) -> dict[str, Any]:
    """The documented detail of an instance; no field says why it is down."""
    since, status = one.turn_at(now)
    started = since if status == RUNNING else None
    return {
        "id": one.id,
        "headerNotebookId": f"{one.runs:04x}{one.id[4:]}",
        "instanceServiceName": one.name,
        "currentIndex": one.runs,
        "gpuNumber": 1,
        "cpuNumber": 3,
        "ramSize": 15360,
        "acceleratorType": "gpu",
        "resourceGroup": "TeslaM40",
        "resourceSpec": "3 核心; 1 加速器; 15.0G 内存",
        "taskNumber": 1,
        "timeoutLimit": _limit(one.time_limit),
        "userName": "alice_c",
        "version": "jupyter:4.4-py3.7-cpu",
        "imagePath": "10.0.35.26:5000/gpu/admin/base/jupyter:4.4-py3.7-cpu",
        "status": status,
        "taskType": "ssh",
        "description": "",
        "createTime": _text(epoch),
        "startTime": None if started is None else _text(epoch + started),
        "endTime": _text(epoch + since) if is_down(status) else None,
        "duration": NONE if started is None else _length(now - started),
        "remainingTime": remaining(one, now),
        "tensorboardId": None,
        "tensorboardPath": None,
        "mountInfoList": [],
        "containerPortInfoList": [],
        "useStartScript": False,
        "startScriptContent": "",
        "startScriptPath": None,
        "startScriptActionScope": "all",
        "headerNotebookIp": None if status != RUNNING else f"10.0.{one.runs % 250}.7",
    }


def row(one: Instance, status: str, id_key: str, left: str, epoch: float) -> dict[str, Any]:
    """A row of the list: the columns that a client written from the official page uses."""
    return {
        id_key: one.id,
        "instanceServiceName": one.name,
        "status": status,
        "taskType": "ssh",
        "cpuNumber": 3,
        "gpuNumber": 1,
        "ramSize": 15360,
        "createTime": _text(epoch),
        "remainingTime": left,
    }


def remaining(one: Instance, now: float) -> str:
    """The time until the platform stops it, as the console shows it, or `--`."""
    if one.time_limit is None:
        return NONE
    turn = one.turn_at(now)
    if turn[1] != RUNNING:
        return NONE if turn[1] != DEPLOYING else _length(one.time_limit)
    return _length(max(0.0, one.counted_from(turn) + one.time_limit - now))


def _limit(seconds: float | None) -> str:
    """`HH:MM:SS`, or `unlimited`."""
    if seconds is None:
        return "unlimited"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"


def _length(seconds: float) -> str:
    minutes = int(seconds) // 60
    return f"{minutes // 1440}d {minutes // 60 % 24}h {minutes % 60}m"


@lru_cache(maxsize=1024)
def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
