"""What people are told, in Chinese."""

from collections.abc import Mapping

from ...core.event import EventKind, Level
from .words import Facts, Language

_CAUSES: Mapping[str, tuple[str, str]] = {
    "arrears": ("账户欠费", "请充值,之后会自动恢复重启"),
    "disabled": ("账户被停用", "请恢复账户,之后会自动恢复重启"),
    "frozen": ("账户被冻结", "请解冻账户,之后会自动恢复重启"),
    "token_expired": ("令牌已过期", "请把新令牌写入令牌文件,或改用 AK/SK"),
    "credentials": ("凭据无效", "请检查用户名、access key 和 secret key"),
    "permission": ("没有权限", "请授予该账户重启容器实例的权限"),
}
"""Why a center is blocked and what to do: the core's causes and next steps."""

_STATUSES: Mapping[str, str] = {
    "running": "运行中",
    "waiting": "等待资源",
    "deploying": "部署中",
    "stopped": "已停止",
    "failed": "失败",
    "completed": "已完成",
    "missing": "不存在",
    "unknown": "未知",
}
_SCOPES: Mapping[str, str] = {"group": "分组", "center": "中心", "fleet": "全部实例"}
_COMMANDS: Mapping[str, str] = {
    "hold": "保持不动",
    "release": "解除保持",
    "restart": "重启",
    "reset": "重置",
}


def _status(f: Facts) -> str:
    word = f.text("status")
    return _STATUSES.get(word, word)


def _breaker(f: Facts, center: str, instance: str) -> str:
    return center if f.text("scope") == "center" else instance


def _blocked(f: Facts) -> str:
    cause, step = _CAUSES.get(f.text("cause"), (f.text("cause"), f.text("next_step")))
    code = f.when("(代码 ", "code", ")")
    return f"中心 {f.center} 被阻断:{cause}{code},该中心暂停重启。下一步:{step}"


def _first_look(f: Facts) -> str:
    which = f.when(";将重启:", "restarts") + f.when(",最早 ", "next_at")
    return f"首次查看 {f.center}:{f.text('instances')} 个实例中有 {f.text('down')} 个停机{which}"


def _hold(f: Facts) -> str:
    scope = f.text("scope")
    return f.who or f"{_SCOPES.get(scope, scope)} {f.text('target')}".strip()


def _command(f: Facts) -> str:
    target = f.who or f.center or f.text("target") or "全部实例"
    command = f.text("command")
    refused = f.when(";被拒绝:", "refused")
    return f"{f.text('by')} 要求对 {target} 执行:{_COMMANDS.get(command, command)}{refused}"


E = EventKind
CHINESE = Language(
    units=("天", "小时", "分", "秒"),
    sentences={
        E.BREAKER_OPENED: lambda f: _breaker(
            f,
            f"中心 {f.center} 熔断,暂停重启该中心的实例{f.when(',直到 ', 'open_until')}",
            f"{f.who} 多次启动失败,已熔断{f.when(';下次尝试 ', 'open_until')}",
        ),
        E.BREAKER_CLOSED: lambda f: _breaker(
            f, f"中心 {f.center} 的熔断已恢复", f"{f.who} 的熔断已恢复"
        ),
        E.RESTART_STUCK_WAITING: lambda f: f"{f.who} 等待资源已 {f.span('waiting_for_s')}",
        E.CENTER_BLOCKED: _blocked,
        E.CENTER_UNBLOCKED: lambda f: f"中心 {f.center} 不再被阻断,历时 {f.span('blocked_for_s')}",
        E.SOURCE_BLIND: lambda f: (
            f"{f.center} 的状态源 {f.text('source')} 失明:看不到 {f.text('instances')} 个实例,"
            "不会重启它们"
        ),
        E.SOURCE_RECOVERED: lambda f: (
            f"{f.center} 的状态源 {f.text('source')} 恢复应答,历时 {f.span('failed_for_s')}"
        ),
        E.STORM_BEGAN: lambda f: (
            f"{f.center} 发生风暴:{f.text('eligible')} 个实例中有 {f.text('instances')} 个同时停机;"
            "先试重启一个,其余等待"
        ),
        E.STORM_ENDED: lambda f: f"{f.center} 的风暴结束,历时 {f.span('lasted_s')}",
        E.BUDGET_SPENT: lambda f: (
            f"{f.who} 的重启额度({f.text('spent')} 次)已用完{f.when(';下次尝试 ', 'next_at')}"
        ),
        E.STATE_FAILED: lambda f: (
            f"状态无法写入{f.when('(', 'error', ')')},恢复之前不会重启任何实例"
        ),
        E.STATE_RECOVERED: lambda f: f"状态恢复可写,历时 {f.span('failed_for_s')}",
        E.STATE_CREATED: lambda f: "新建了状态:以前的记录都不在了",
        E.CONFIG_REJECTED: lambda f: f"新配置无效,继续使用旧配置:{f.text('error')}",
        E.CONFIG_RELOADED: lambda f: "新配置已生效",
        E.STATUS_UNRECOGNISED: lambda f: (
            f"平台给出未知状态“{f.text('text')}”,处于该状态的实例不会被处理"
        ),
        E.FLEET_FIRST_LOOK: _first_look,
        E.INSTANCE_MISSING: lambda f: f"{f.who} 不存在:平台查不到它,无法重启",
        E.INSTANCE_RETURNED: lambda f: f"平台又能查到 {f.who}",
        E.INSTANCE_STABLE: lambda f: f"{f.who} 已稳定运行 {f.span('running_for_s')}",
        E.INSTANCE_STATUS_CHANGED: lambda f: f"{f.who} {_status(f)}",
        E.RESTART_REFUSED: lambda f: (
            f"{f.who} 的重启被拒绝{f.when('(代码 ', 'code', ')')}{f.when(':', 'error')}"
        ),
        E.RESTART_DID_NOT_HELP: lambda f: (
            f"{f.who} 重启无效:{f.span('took_s')}后状态为{_status(f)}"
        ),
        E.RESTART_RELAPSED: lambda f: f"{f.who} 重启后 {f.span('took_s')}又停机,状态为{_status(f)}",
        E.RESTART_RECOVERED: lambda f: f"{f.who} 已重启并恢复运行,用时 {f.span('took_s')}",
        E.HOLD_PLACED: lambda f: (
            f"{_hold(f)} 由 {f.text('author')} 设为保持不动{f.when(',直到 ', 'next_at')}"
        ),
        E.HOLD_ENDED: lambda f: f"{_hold(f)} 的保持已结束:{f.text('cause')}",
        E.OPERATOR_COMMAND: _command,
        E.DAEMON_STARTED: lambda f: f"scnet-watchdog {f.text('version')} 已启动",
        E.DAEMON_STOPPED: lambda f: "scnet-watchdog 已停止,不再重启任何实例",
    },
    decided={
        "rejected": lambda f: (
            f"{f.who} 停机,平台认为重启请求无效:请到平台检查该实例{f.when(';下次尝试 ', 'next_at')}"
        ),
        "not_restartable": lambda f: (
            f"{f.who} 运行后{_status(f)},不会重启:restart_on 只包含 {f.text('restart_on') or '空'}"
        ),
    },
    titles={
        Level.DEBUG: "通知",
        Level.INFO: "通知",
        Level.WARNING: "警告",
        Level.ERROR: "需要处理",
    },
    ended="已恢复",
    titled=lambda word, first, others: (
        f"[scnet-watchdog] {word}:{first}" + (f"(另有 {others} 条)" if others else "")
    ),
    still="仍然:",
    since=lambda at: f"(自 {at})",
    keep=lambda command: f"若要让它保持停止:{command}",
    more=lambda number: f"…… 另有 {number} 条",
    digest=lambda number: f"[scnet-watchdog] 过去一天:{number} 个实例重启后恢复运行",
    healed=lambda one, at, took: f"{one.name}:已重启,最近一次 {at},用时 {took}",
    test=("[scnet-watchdog] 测试", "这是一条测试消息:通道可用。"),
)
