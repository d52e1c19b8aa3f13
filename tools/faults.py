"""The kinds of small faults: what a node of the code could have been by mistake."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

Change = tuple[ast.AST, str]
"""A node and the text to stand in its place."""
Fault = Callable[[ast.AST], Iterator[Change]]

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
CALLED = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "nsmallest": "nlargest",
    "sorted": "list",
}
PARTLY = frozenset({"replace", "care", "tell", "timedelta"})
"""Calls of which one named argument can be left out without a TypeError."""


def _compared(node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Compare):
        return
    for at, op in enumerate(node.ops):
        ops = [*node.ops[:at], COMPARED[type(op)](), *node.ops[at + 1 :]]
        yield node, ast.unparse(ast.Compare(node.left, ops, node.comparators))


def _joined(node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.BoolOp):
        return
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield node, ast.unparse(ast.BoolOp(other, node.values))
    for at in range(len(node.values)):
        rest = node.values[:at] + node.values[at + 1 :]
        yield node, ast.unparse(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))


def _signed(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node, ast.unparse(node.operand)


def _forced(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.If):
        yield node.test, "True"
        yield node.test, "False"
    elif isinstance(node, ast.While):
        yield node.test, "False"
    elif isinstance(node, ast.IfExp):
        yield node, ast.unparse(node.body)
        yield node, ast.unparse(node.orelse)
    elif isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield test, "True"
            yield test, "False"
    elif isinstance(node, ast.match_case) and node.guard is not None:
        yield node.guard, "True"
        yield node.guard, "False"


def _constant(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield node, str(not node.value)
        elif isinstance(node.value, int):
            yield node, str(node.value + 1)
            yield node, str(node.value - 1)
        elif isinstance(node.value, float):
            yield node, str(node.value * 2)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "timedelta" and node.keywords:
        yield node, f"2 * {ast.unparse(node)}"


def _counted(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and type(node.op) in COUNTED:
        yield node, ast.unparse(ast.BinOp(node.left, COUNTED[type(node.op)](), node.right))
    elif isinstance(node, ast.AugAssign) and type(node.op) in COUNTED:
        yield node, ast.unparse(ast.AugAssign(node.target, COUNTED[type(node.op)](), node.value))


def _called(node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id in CALLED:
        yield node.func, CALLED[node.func.id]
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    if name in PARTLY:
        for at in range(len(node.keywords)):
            rest = node.keywords[:at] + node.keywords[at + 1 :]
            yield node, ast.unparse(ast.Call(node.func, node.args, rest))


def _removed(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Delete() | ast.Raise():
            yield node, "pass"
        case ast.Break() | ast.Continue():
            yield node, "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield node, "pass"
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _names(value):
            yield node, "pass"
        case ast.Return(value=ast.Constant(value=None)) | ast.Return(value=None):
            yield node, "pass"


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _returned(node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Return) or node.value is None:
        return
    if isinstance(node.value, ast.Constant):
        return
    if isinstance(node.value, ast.Compare | ast.BoolOp):
        yield node.value, "True"
        yield node.value, "False"
    else:
        yield node.value, "None"


FAULTS: dict[str, Fault] = {
    "comparison": _compared,
    "and, or, an operand dropped": _joined,
    "not or minus removed": _signed,
    "branch forced": _forced,
    "constant": _constant,
    "arithmetic": _counted,
    "call swapped, named argument dropped": _called,
    "statement removed": _removed,
    "returned value": _returned,
}
"""Every kind of fault but one: see `other_member`."""


def members_of_enums(folder: Path) -> dict[str, list[str]]:
    """The members of every enum that a folder's modules define."""
    found = {}
    for path in folder.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(b) for b in node.bases):
                found[node.name] = [
                    target.id
                    for line in node.body
                    if isinstance(line, ast.Assign)
                    for target in line.targets
                    if isinstance(target, ast.Name)
                ]
    return found


def other_member(node: ast.AST, enums: dict[str, list[str]]) -> Iterator[Change]:
    """The next member of the same enum."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        members = enums.get(node.value.id, [])
        if node.attr in members:
            other = members[(members.index(node.attr) + 1) % len(members)]
            yield node, f"{node.value.id}.{other}"
