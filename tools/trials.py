"""Try mutants: each in a forked process, against the tests that can notice it, until one fails.

Tests are collected once. A fault in a function: its code is exchanged in a process that has
everything imported, and only tests run that reach the changed statement. A fault outside functions
(a default, a table) needs a fresh import: its process collects the tests itself. A test that runs
longer than it ever should has noticed. What each test reaches is kept in build/ for the next run.
"""

import gc
import hashlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import coverage
import hypothesis
import pytest
from mutants import Mutant

PACKAGE = "scnet_watchdog.core"
ARGS = ["-q", "-s", "--timeout=0", "--hypothesis-profile=mutants"]
ARGS += ["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"]
ARGS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
# Histories made at random notice much, but slowly; the tests of one rule each must do.
ARGS += ["-k", "not test_limits_always and not test_properties"]
QUICK = 0.2
"""Only tests quicker than this (seconds, measured with coverage on) judge."""
PATIENCE = 4
"""A test may take this many times as long as it took unchanged (processor time)."""
LEAST_PATIENCE = 0.5
"""Seconds allowed beyond that."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one process: survived, killed (and by which test) or timeout."""

    how: str
    killer: str = ""


class Trials:
    """One run over some mutants; `told` receives what became of each."""

    def __init__(self, root: Path, core: Path, tests: list[str], told: dict[str, str]) -> None:
        self._core = core
        self._tests = root / "tests"
        self._folder = root / "build"
        self._args = [*tests, f"--rootdir={root}", *ARGS]
        self._told = told
        self._took: dict[str, float] = {}
        self._lines: dict[str, dict[str, list[str]]] = {}
        self._killers: dict[str, Counter[str]] = {}

    def run(self, mutants: list[Mutant]) -> bool:
        """Try all; False when the tests fail without any fault."""
        hypothesis.settings.register_profile(
            "mutants",
            hypothesis.settings.get_profile("ci"),
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )
        path = self._folder / f"reach-{self._fingerprint()}.json"
        if not path.exists():
            self._folder.mkdir(exist_ok=True)
            seen = _forked(lambda _: self._session(lambda items: self._reach(items, path)))
            if seen.how != "survived":
                return False
        took, self._lines = json.loads(path.read_text(encoding="utf-8"))
        self._took = {name: took[name] for name in took if took[name] < QUICK}
        for mutant in mutants:
            if not mutant.function:
                self._note(mutant, self._imported(mutant))
        warm = [one for one in mutants if one.function]
        return self._session(lambda items: self._every(warm, items))

    def _fingerprint(self) -> str:
        """Of all that decides which test reaches what: core, tests and how they are asked for."""
        digest = hashlib.blake2b(repr(self._args).encode(), digest_size=8)
        for path in (*sorted(self._core.glob("*.py")), *sorted(self._tests.rglob("*.py"))):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def _session(self, work: Callable[[list[pytest.Item]], bool]) -> bool:
        """Collect the tests and do something else than run them all."""
        loop = _Loop(work)
        pytest.main(self._args, plugins=[loop])
        return loop.went_well

    def _reach(self, items: list[pytest.Item], file: Path) -> bool:
        """Run every test once, noting what it takes and the lines of the core it runs."""
        watched = coverage.Coverage(
            data_file=None, include=[str(self._core / "*")], config_file=False
        )
        took = {}
        watched.start()
        for item in items:
            watched.switch_context(item.nodeid)
            begun = time.process_time()
            if not _passes(item):
                return False
            took[item.nodeid] = time.process_time() - begun
        watched.stop()
        data = watched.get_data()
        lines = {Path(one).stem: data.contexts_by_lineno(one) for one in data.measured_files()}
        file.write_text(json.dumps([took, lines]), encoding="utf-8")
        return True

    def _imported(self, mutant: Mutant) -> Ended:
        """Import the module with its fault, in a process that has not imported the core yet."""
        order = self._order(mutant, set(self._took))

        def work(write: int) -> bool:
            sys.meta_path.insert(0, _Instead(mutant, self._core))
            return self._session(lambda items: self._run(items, order, write))

        return _forked(work)

    def _every(self, mutants: list[Mutant], items: list[pytest.Item]) -> bool:
        gc.collect()
        gc.freeze()
        for mutant in mutants:
            order = self._order(mutant, self._reaching(mutant))
            self._note(mutant, self._exchanged(mutant, items, order))
        return True

    def _exchanged(self, mutant: Mutant, items: list[pytest.Item], order: list[str]) -> Ended:
        """Exchange one function's code, in a process that has everything imported."""

        def work(write: int) -> bool:
            file = str(self._core / f"{mutant.module}.py")
            code = _code_of(compile(mutant.source, file, "exec"), mutant.function)
            module = sys.modules[f"{PACKAGE}.{mutant.module}"]
            _function_of(module, mutant.function).__code__ = code
            return self._run(items, order, write)

        return _forked(work) if order else Ended("survived")

    def _reaching(self, mutant: Mutant) -> set[str]:
        """The tests that ran the changed statement."""
        first, last = mutant.lines
        lines = self._lines.get(mutant.module, {})
        ran = {at for line in range(first, last + 1) for at in lines.get(str(line), [])}
        return ran.intersection(self._took)

    def _order(self, mutant: Mutant, tests: set[str]) -> list[str]:
        """First the tests that noticed a neighbour, then the quick ones."""
        kills = self._killers.get(f"{mutant.module}.{mutant.function}", Counter())
        return sorted(tests, key=lambda one: (-kills[one], self._took[one]))

    def _run(self, items: list[pytest.Item], order: list[str], write: int) -> bool:
        """Run tests in order; tell which one noticed. The system ends one that takes too long."""
        named = {one.nodeid: one for one in items}
        for name in order:
            signal.setitimer(signal.ITIMER_VIRTUAL, LEAST_PATIENCE + PATIENCE * self._took[name])
            if name not in named or not _passes(named[name]):
                os.write(write, name.encode()[:1000])
                return False
        return True

    def _note(self, mutant: Mutant, ended: Ended) -> None:
        self._told[mutant.key] = ended.how
        if ended.killer:
            name = f"{mutant.module}.{mutant.function}"
            self._killers.setdefault(name, Counter())[ended.killer] += 1
        if ended.how != "killed":
            sys.stdout.write(f"{ended.how}: {mutant.module}.py:{mutant.line}: {mutant.key}\n")
            sys.stdout.flush()


class _Loop:
    """A pytest plugin that takes the place of pytest's own loop over the tests."""

    def __init__(self, work: Callable[[list[pytest.Item]], bool]) -> None:
        self._work = work
        self.went_well = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do the work; tell pytest that the tests have been run."""
        self.went_well = self._work(session.items)
        return True


def _forked(work: Callable[[int], bool]) -> Ended:
    """Do work in a child that may write who killed it to a pipe; False or a crash is a kill.

    The pipe's closing tells that the child has gone.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        try:
            os._exit(0 if work(write) else 1)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read) as told:
        killer = told.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGVTALRM:
        return Ended("timeout")
    return Ended("survived" if status == 0 else "killed", killer)


def _passes(item: pytest.Item) -> bool:
    """Run one test without pytest's reports: drawing up a failure takes longer than the test."""
    state = item.session._setupstate
    try:
        state.setup(item)
        item.runtest()
    except pytest.skip.Exception:
        return True
    except (Exception, pytest.fail.Exception):
        return False
    finally:
        state.teardown_exact(None)
    return True


def _code_of(code: CodeType, function: str) -> CodeType:
    """The compiled function of that qualified name."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    for one in inner:
        if one.co_qualname == function:
            return one
    for one in inner:
        if function.startswith(f"{one.co_qualname}."):
            return _code_of(one, function)
    raise LookupError(function)


def _function_of(module: ModuleType, name: str) -> FunctionType:
    """The live function of that name, below whatever decorates it."""
    found: Any = module
    for part in name.split("."):
        found = vars(found)[part]
    while not isinstance(found, FunctionType):
        found = getattr(found, "__wrapped__", None) or getattr(found, "fget", None)
    return found


class _Instead:
    """An importer that gives one module's changed text."""

    def __init__(self, mutant: Mutant, core: Path) -> None:
        self._mutant = mutant
        self._core = core

    def find_spec(self, name: str, path: object, target: object = None) -> Any:
        """Take the one module; leave all others to those behind."""
        if name != f"{PACKAGE}.{self._mutant.module}":
            return None
        return spec_from_loader(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: object) -> None:
        """Let the import system make an ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed text in it."""
        file = str(self._core / f"{self._mutant.module}.py")
        exec(compile(self._mutant.source, file, "exec"), vars(module))  # noqa: S102
