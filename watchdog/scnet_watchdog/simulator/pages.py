"""The list endpoint: every variant and shape that clients of the real one have met."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .instance import Instance
from .platform import Platform, detail

DEFAULT_LIMIT = 20


@dataclass(slots=True)
class Rows:
    """Encoded rows, cached per instance and status: a page of 200 is a join."""

    platform: Platform
    _cache: dict[tuple[str, str], bytes]
    _order: list[Instance]

    @classmethod
    def of(cls, platform: Platform) -> "Rows":
        """The rows of a platform."""
        return cls(platform, {}, [])

    def page(self, params: Mapping[str, Any], now: float) -> bytes:
        """The answer to one list request that was asked in a way that works."""
        manners = self.platform.manners
        if len(self._order) != len(self.platform.instances):
            self._order = list(reversed(self.platform.instances.values()))
        try:
            limit = int(params.get("limit") or DEFAULT_LIMIT)
            start = int(params.get("start") or 0)
        except (TypeError, ValueError):
            return b'{"code":"10004","msg":"param_invalid","data":null}'
        if limit < 1 or start < 0 or not params.get("sort"):
            return b'{"code":"10003","msg":"param_incomplete","data":null}'
        if manners.page_cap is not None:
            limit = min(limit, manners.page_cap)
        if manners.ignores_start:
            start = 0
        self.platform.advance(now)
        wanted = params.get("status")
        chosen = self._order if not wanted else [o for o in self._order if o.at(now) == wanted]
        rows = b",".join(self._row(one, now) for one in chosen[start : start + limit])
        return _shaped(manners.shape, b"[" + rows + b"]", len(chosen))

    def _row(self, one: Instance, now: float) -> bytes:
        status = one.shown(now, self.platform.manners.lag)
        key = (one.id, status)
        found = self._cache.get(key)
        if found is None:
            row = detail(one, status)
            if self.platform.manners.id_key != "id":
                row["instanceServiceId"] = row.pop("id")
            found = self._cache[key] = json.dumps(row, separators=(",", ":")).encode()
        return found


def _shaped(shape: str, rows: bytes, total: int) -> bytes:
    if shape != "data":
        key = shape.split(".")[1].encode()
        rows = b'{"total":' + str(total).encode() + b',"' + key + b'":' + rows + b"}"
    return b'{"code":"0","msg":"success","data":' + rows + b"}"
