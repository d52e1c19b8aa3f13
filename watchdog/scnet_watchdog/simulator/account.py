"""Account and tokens of one user: AK/SK signatures, one token per region, expiry, arrears."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

SKEW_S = 600
"""Clock skew a login allows; the real limit is documented nowhere."""


@dataclass(slots=True)
class Account:
    """One user.

    Args:
        status: Trial (in order), Owe, Disable, null (no token at all) or frozen (10007).
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
    _tokens: dict[str, float] = field(default_factory=dict)
    _minted: int = 0

    def login(self, headers: dict[str, str], wall: float) -> dict[str, Any]:
        """The answer of the token endpoint."""
        names = ("user", "accesskey", "signature", "timestamp")
        if any(not headers.get(name) for name in names):
            return envelope("10003", "参数不全")
        stamp = headers["timestamp"]
        if headers["user"] != self.user:
            return envelope("10009", "用户不存在")
        text = json.dumps(
            {"accessKey": headers["accesskey"], "timestamp": stamp, "user": headers["user"]},
            separators=(",", ":"),
            ensure_ascii=False,
        )
        wanted = hmac.new(self.secret_key.encode(), text.encode(), sha256).hexdigest()
        known = headers["accesskey"] == self.access_key
        if not known or not hmac.compare_digest(wanted, headers["signature"]):
            return envelope("10009", "AK/SK签名校验失败")
        if not stamp.isdigit() or abs(int(stamp) - wall) > SKEW_S:
            return envelope("10009", "时间戳无效")
        return envelope("0", "success", [self._region(wall), self._platform(wall)])

    def valid(self, token: str | None, wall: float) -> bool:
        """Whether a token is accepted by the region's endpoints."""
        if token is None:
            return False
        if self.fixed is not None and token == self.fixed:
            return True
        return wall < self._tokens.get(token, 0.0)

    def expire_all(self) -> None:
        """Every minted token ends now."""
        self._tokens.clear()

    def renewed(self, wall: float) -> str:
        """A token that follows another one."""
        return self._mint(self.cluster_id, wall)

    def _region(self, wall: float) -> dict[str, Any]:
        token = None if self.status == "null" else self._mint(self.cluster_id, wall)
        return {"clusterName": self.cluster_name, "clusterId": self.cluster_id, "token": token}

    def _platform(self, wall: float) -> dict[str, Any]:
        return {"clusterName": "ac", "clusterId": "0", "token": self._jwt("0", wall)}

    def _mint(self, cluster_id: str, wall: float) -> str:
        token = self._jwt(cluster_id, wall)
        self._tokens[token] = wall + self.token_life
        return token

    def _jwt(self, cluster_id: str, wall: float) -> str:
        """A token as the platform writes it: `expireTime` is text of epoch milliseconds."""
        self._minted += 1
        payload = {
            "computeUser": f"{self.user}_c",
            "accountStatus": self.status if self.status != "frozen" else "Trial",
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


def _b64(value: dict[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def envelope(code: str, msg: str, data: Any = None) -> dict[str, Any]:
    """The platform's envelope."""
    return {"code": code, "msg": msg, "data": data}
