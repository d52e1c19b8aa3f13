"""Account and tokens of one user: AK/SK signatures, one token per region, expiry, arrears.

Several platforms may share one account: then a login names the region of each.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

SKEW_S = 600
"""Clock skew a login allows; the real limit is documented nowhere."""
RENEWABLE_S = 24 * 3600.0
"""How long after its end a token can still be renewed, as the official page says."""
PLATFORM = "0"
"""The region of the platform's own token: it opens no region's containers."""
STATES = ("Trial", "Owe", "Disable", "null", "frozen")


@dataclass(slots=True)
class Region:
    """One region of the account.

    Args:
        gateway: the URL of its AI gateway; None = it has none, as some regions.
        stopped: whether the account is stopped here: a login brings null in place of a token.
    """

    name: str
    gateway: str | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Minted:
    """What is known of a token: for which region, and until when."""

    cluster_id: str
    ends: float


@dataclass(slots=True)
class Account:
    """One user.

    Args:
        cluster_id: the region that a platform is in unless it says otherwise.
        status: Trial (in order); Owe or Disable (said inside the token); null (no token at all);
            frozen (10007).
        token_life: seconds a token is valid.
        fixed: a token that is always valid, for users who try things by hand.
    """

    user: str = "alice"
    access_key: str = "AKsimulated"
    secret_key: str = "SKsimulated"
    cluster_id: str = "11250"
    cluster_name: str = "simulated region"
    status: str = "Trial"
    token_life: float = 6 * 3600.0
    fixed: str | None = None
    regions: dict[str, Region] = field(default_factory=dict)
    _tokens: dict[str, Minted] = field(default_factory=dict)
    _minted: int = 0

    def __post_init__(self) -> None:
        self.regions.setdefault(self.cluster_id, Region(self.cluster_name))

    @property
    def stopped(self) -> bool:
        """Whether money or a person stopped the account: nothing is started."""
        return self.status in ("Owe", "Disable", "null", "frozen")

    def login(self, headers: Mapping[str, str], wall: float) -> dict[str, Any]:
        """The answer of the token endpoint."""
        names = ("user", "accesskey", "signature", "timestamp")
        if any(not headers.get(name) for name in names):
            return envelope("10003", "参数不全")
        why = self._unproven(headers, wall)
        return envelope("10009", why) if why else envelope("0", "success", self._everywhere(wall))

    def _unproven(self, headers: Mapping[str, str], wall: float) -> str | None:
        """What is wrong with a login's proof, or None."""
        stamp = headers["timestamp"]
        if headers["user"] != self.user:
            return "用户不存在"
        wanted = signature(self.secret_key, headers["accesskey"], stamp, headers["user"])
        known = headers["accesskey"] == self.access_key
        if not known or not hmac.compare_digest(wanted.encode(), headers["signature"].encode()):
            return "AK/SK签名校验失败"
        if not (stamp.isascii() and stamp.isdigit()) or abs(int(stamp[:15]) - wall) > SKEW_S:
            return "时间戳无效"
        return None

    def region_of(self, token: str | None, wall: float) -> str | None:
        """The region that a token opens, or None where it is not valid."""
        if token is None:
            return None
        if token == self.fixed:
            return self.cluster_id
        minted = self._tokens.get(token)
        return minted.cluster_id if minted is not None and wall < minted.ends else None

    def renew(self, token: str | None, wall: float, as_list: bool) -> dict[str, Any]:
        """The answer of the renewal endpoint: a token of the same region, or regions as a login."""
        minted = self._tokens.get(token or "")
        region = self.region_of(token, wall)
        if region is None and minted is not None and wall < minted.ends + RENEWABLE_S:
            region = minted.cluster_id
        if region is None:
            return envelope("10008", "auth_fail", "token is invalid")
        found = self._everywhere(wall) if as_list else self.mint(region, wall)
        return envelope("0", "success", found)

    def expire_all(self) -> None:
        """Every minted token ends now, and cannot be renewed."""
        self._tokens.clear()

    def mint(self, cluster_id: str, wall: float) -> str:
        """A new token for a region."""
        for token, minted in list(self._tokens.items()):
            if minted.ends + RENEWABLE_S < wall:
                del self._tokens[token]
        token = self._jwt(cluster_id, wall)
        self._tokens[token] = Minted(cluster_id, wall + self.token_life)
        return token

    def _everywhere(self, wall: float) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for cluster_id, region in self.regions.items():
            stopped = region.stopped or self.status == "null"
            token = None if stopped else self.mint(cluster_id, wall)
            found.append({"clusterName": region.name, "clusterId": cluster_id, "token": token})
        platform = self.mint(PLATFORM, wall)
        return [*found, {"clusterName": "ac", "clusterId": PLATFORM, "token": platform}]

    def _jwt(self, cluster_id: str, wall: float) -> str:
        """A token as the platform writes it: `expireTime` is text of epoch milliseconds."""
        self._minted += 1
        payload = {
            "computeUser": f"{self.user}_c",
            "accountStatus": self.status if self.status in ("Owe", "Disable") else "Trial",
            "creator": "ac",
            "role": "1",
            "expireTime": str(int((wall + self.token_life) * 1000)),
            "clusterId": cluster_id,
            "invoker": str(self._minted),
            "user": self.user,
            "userId": "1",
        }
        parts = (_b64({"alg": "HS256", "typ": "JWT"}), _b64(payload))
        return f"{parts[0]}.{parts[1]}.{sha256(parts[1].encode()).hexdigest()[:43]}"


def signature(secret_key: str, access_key: str, timestamp: str, user: str) -> str:
    """What a login must be signed with: HMAC-SHA256 in lower-case hex, over compact JSON with a
    fixed key order, in which only the backslash and the quote are escaped."""
    named = (("accessKey", access_key), ("timestamp", timestamp), ("user", user))
    inner = ",".join(f'"{key}":"{_escaped(value)}"' for key, value in named)
    return hmac.new(secret_key.encode(), f"{{{inner}}}".encode(), sha256).hexdigest()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _b64(value: dict[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def envelope(code: str, msg: str, data: Any = None) -> dict[str, Any]:
    """The platform's envelope."""
    return {"code": code, "msg": msg, "data": data}
