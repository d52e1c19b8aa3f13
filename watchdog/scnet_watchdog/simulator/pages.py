"""The list endpoint's answers: every shape and every fault of paging that clients have met."""

import json
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

from .details import NONE, remaining, row
from .instance import Instance
from .platform import Platform


class Rows:
    """Encoded rows, kept as long as they look the same: a page of 200 is a join."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._encoded: dict[str, tuple[str, str, bytes]] = {}
        self._order: list[Instance] = []
        self._made_for: tuple[int, str] = (-1, "")

    def page(self, params: Mapping[str, Any], now: float) -> bytes:
        """The answer to one list request that was asked in a way that works."""
        manners = self._platform.manners
        try:
            limit = int(params.get("limit") or 0)
            start = int(params.get("start") or 0)
        except (TypeError, ValueError):
            return b'{"code":"10004","msg":"param_invalid","data":null}'
        if limit < 1 or start < 0 or not params.get("sort"):
            return b'{"code":"10003","msg":"param_incomplete","data":null}'
        if manners.page_cap is not None:
            limit = min(limit, manners.page_cap)
        if manners.ignores_start:
            start = 0
        self._platform.advance(now)
        chosen = self._chosen(params, now)
        rows = b",".join(self._shown(chosen[start : start + limit], now))
        return _shaped(manners.shape, b"[" + rows + b"]", len(chosen))

    def _chosen(self, params: Mapping[str, Any], now: float) -> list[Instance]:
        """Whom the filters leave, in order of creation, the newest first unless asked otherwise."""
        made_for = (self._platform.version, self._platform.manners.id_key)
        if self._made_for != made_for:
            self._order = list(reversed(self._platform.instances.values()))
            self._made_for = made_for
            self._encoded.clear()
        chosen = self._order
        status, lag = params.get("status"), self._platform.manners.lag
        if status:
            chosen = [one for one in chosen if one.shown(now, lag) == status]
        if str(params["sort"]).lower() == "asc":
            chosen = chosen[::-1]
        return chosen

    def _shown(self, page: list[Instance], now: float) -> list[bytes]:
        manners, random = self._platform.manners, self._platform.random
        moment = now - manners.lag
        rows = [self._row(one, moment) for one in page if one.listed]
        if manners.omits:
            rows = [text for text in rows if random.random() >= manners.omits]
        if manners.repeats:
            times = [1 + (random.random() < manners.repeats) for _ in rows]
            rows = list(chain.from_iterable(map(repeat, rows, times)))
        return rows

    def _row(self, one: Instance, moment: float) -> bytes:
        status = one.at(moment)
        left = NONE if one.time_limit is None else remaining(one, moment)
        kept = self._encoded.get(one.id)
        if kept is not None and kept[0] == status and kept[1] == left:
            return kept[2]
        shown = row(one, status, self._platform.manners.id_key, left, self._platform.epoch)
        encoded = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
        self._encoded[one.id] = (status, left, encoded)
        return encoded


def _shaped(shape: str, rows: bytes, total: int) -> bytes:
    if shape != "data":
        key = shape.split(".")[1].encode()
        rows = b'{"total":' + str(total).encode() + b',"' + key + b'":' + rows + b"}"
    return b'{"code":"0","msg":"success","data":' + rows + b"}"
