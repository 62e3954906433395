"""Computing an adapter's tier: the rules in a child process, its tests, the type checker, its size."""

import io
import json
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from powerstrip import __version__
from powerstrip.catalog import RECORD, Tier, TierRecord, code_digest
from powerstrip.clock import now
from powerstrip.kit.package import NoPackage, Package
from powerstrip.kit.requirements import REQUIREMENTS, TIERS, Requirement, State
from powerstrip.kit.task import Task

JUDGE_LIMIT = 180.0
"""Seconds for the rules."""
TEST_LIMIT = 600.0
"""Seconds for the project's tests."""
TYPES_LIMIT = 300.0
MAX_MODULE = 400
"""Lines of one module."""
SMALL = 300
"""Lines of code that every adapter may have."""
LINES_A_PART = 30


@dataclass(frozen=True)
class Verdict:
    """What came of one requirement. `findings` say what to mend, or why it is unknown; for "not needed", why."""

    requirement: Requirement
    state: State
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What was found of an adapter. `tier` is None where not even bronze is reached."""

    provider: str
    distribution: str
    version: str
    verdicts: tuple[Verdict, ...]
    at: str

    @property
    def tier(self) -> Tier | None:
        """The highest tier of which everything, and everything below it, is shown or not needed."""
        reached = None
        for tier in TIERS:
            if self.missing(tier):
                return reached
            reached = tier
        return reached

    def missing(self, tier: Tier) -> list[Verdict]:
        """What a tier asks beyond the lower ones and is not shown."""
        return [each for each in self.verdicts if each.requirement.tier == tier and each.state == "not shown"]


@dataclass
class Evidence:
    """Findings by requirement, gathered bit by bit. What nobody looked into is unknown."""

    findings: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    unneeded: dict[str, str] = field(default_factory=dict[str, str])

    def verdict(self, requirement: Requirement) -> Verdict:
        """The verdict on one requirement."""
        if reason := self.unneeded.get(requirement.id):
            return Verdict(requirement, "not needed", (reason,))
        found = self.findings.get(requirement.id, ["unknown: an earlier rule is broken"])
        return Verdict(requirement, "not shown" if found else "shown", tuple(found))


def check(package: Package, *, quick: bool = False) -> Report:
    """Judge a package. `quick` leaves out its tests and the type checker. Raises `NoPackage` where it cannot be imported."""
    judged = _judged(package)
    evidence = Evidence(judged["findings"], judged["unneeded"])
    if not evidence.findings["contract"]:
        evidence.findings["size"] = list(_size(package.root, judged["declared"]))
        later = "unknown: left out by --quick"
        evidence.findings["types"] = [later] if quick else list(_types(package))
        evidence.findings |= _unknown(later) if quick else _tests(package, judged)
    found = package.found
    verdicts = tuple(evidence.verdict(each) for each in REQUIREMENTS)
    return Report(judged["provider"], found.distribution, found.version, verdicts, now().isoformat(timespec="seconds"))


def write_record(package: Package, report: Report) -> Path:
    """Keep the tier beside the code, to be shipped with it. Raises `NoPackage` where there is nothing to keep."""
    if report.tier is None or not package.root.is_dir():
        raise NoPackage("There is no tier to write: `powerstrip plugin check` says what is missing")
    record = TierRecord(tier=report.tier, computed_at=report.at, digest=code_digest(package.root), kit=__version__)
    path = package.root / RECORD
    path.write_text(record.model_dump_json(indent=2) + "\n")
    return path


def task_of(package: Package) -> Task:
    """What there is to judge of a package without its tests."""
    return Task(
        path=[*package.path],
        name=package.found.name,
        value=package.found.value,
        readme=_readme(package),
        vectors=[str(file) for place in _places(package) if place.is_dir() for file in sorted(place.glob("vectors*.json"))],
    )


def _judged(package: Package) -> dict[str, Any]:
    command = [sys.executable, "-P", "-B", "-m", "powerstrip.kit.judge", json.dumps(task_of(package))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=JUDGE_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise NoPackage(f"{package.found.name} was not judged within {JUDGE_LIMIT:g} seconds") from None
    if done.returncode:
        raise NoPackage(f"{package.found.name} cannot be judged: {_last_line(done.stderr)}")
    return json.loads(done.stdout)


def _readme(package: Package) -> bool:
    """Whether there is one: in the project, or as the long description of what is installed."""
    if package.project is not None:
        return any(package.project.glob("README*"))
    where = list(package.path) or sys.path
    return any(each.metadata.json.get("description") for each in distributions(name=package.found.distribution, path=where))


def _places(package: Package) -> list[Path]:
    """Where the project's tests are."""
    if package.project is None:
        return []
    facts = tomllib.loads((package.project / "pyproject.toml").read_text())
    named = cast(list[str], facts.get("tool", {}).get("powerstrip", {}).get("check", {}).get("tests", ["tests"]))
    return [place for name in named if (place := package.project / name).exists()]


def _tests(package: Package, judged: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the project's tests show."""
    if not (places := _places(package)):
        return _unknown("unknown: there are no tests beside the package")
    if find_spec("pytest") is None:
        return _unknown("unknown: pytest is not installed here")
    with TemporaryDirectory(prefix="powerstrip-") as folder:
        notes = Path(folder) / "evidence.json"
        done = _pytest(package, places, notes)
        if not notes.exists():
            return _unknown(f"the tests cannot be run: {_last_line(done)}")
        seen = json.loads(notes.read_text())
    return {
        "tests": list(_passing(seen["ended"], done)),
        "tried": [f"{part} is not called by any test" for part in judged["parts"] if part not in seen["called"]],
        "description": list(_described(seen["shows"].get("description", {}))),
    }


def _unknown(why: str) -> dict[str, list[str]]:
    """The requirements that only tests can show."""
    return {requirement: [why] for requirement in ("tests", "tried", "description")}


def _pytest(package: Package, places: Sequence[Path], notes: Path) -> str:
    assert package.project is not None
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-p", "powerstrip.kit.evidence", "-p", "no:cacheprovider"]
    options = [f"--powerstrip-adapter={package.found.value}", f"--powerstrip-evidence={notes}"]
    path = [option for folder in package.path for option in ("-o", f"pythonpath={folder}")][-2:]
    try:
        done = subprocess.run(
            [*command, *options, *path, *map(str, places)],
            cwd=package.project,
            capture_output=True,
            text=True,
            timeout=TEST_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"they did not end within {TEST_LIMIT:g} seconds"
    return done.stdout + done.stderr


def _passing(ended: Mapping[str, int], said: str) -> Iterator[str]:
    names = [line.split(" - ")[0] for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
    reason = next((line[1:].strip() for line in said.splitlines() if line.startswith("E   ")), _last_line(said))
    if ended["failed"]:
        yield f"{ended['failed']} tests fail: {'; '.join(names[:3])}"
    if not ended["passed"]:
        yield f"no test passes: {'; '.join([*names[:3], reason])}"


def _described(ended: Mapping[str, int]) -> Iterator[str]:
    if not ended.get("passed"):
        yield 'no test that passes is marked `@pytest.mark.shows("description")`'
    if bad := ended.get("failed", 0) + ended.get("skipped", 0):
        yield f"{bad} of the marked tests fail or are skipped"


def _types(package: Package) -> Iterator[str]:
    if not package.root.is_dir() or not (package.root / "py.typed").exists():
        yield "the package has no py.typed"
        return
    if find_spec("basedpyright") is None:
        yield "unknown: basedpyright is not installed here"
        return
    with TemporaryDirectory(prefix="powerstrip-") as folder:
        settings = {
            "include": [str(package.root)],
            "typeCheckingMode": "strict",
            "extraPaths": list(package.path),
            "reportMissingTypeStubs": False,
            "reportUnusedFunction": False,
        }
        (Path(folder) / "pyrightconfig.json").write_text(json.dumps(settings))
        command = [sys.executable, "-m", "basedpyright", "--outputjson", "-p", folder, "--pythonpath", sys.executable]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TYPES_LIMIT, check=False)
            found = json.loads(done.stdout)["generalDiagnostics"]
        except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
            yield f"unknown: basedpyright did not answer ({type(error).__name__})"
            return
    for each in found:
        if each["severity"] == "error":
            yield f"{Path(each['file']).name}:{each['range']['start']['line'] + 1}: {each['message'].splitlines()[0]}"


def _size(root: Path, parts: int) -> Iterator[str]:
    files = sorted(root.rglob("*.py")) if root.is_dir() else [root]
    texts = {path: path.read_text() for path in files}
    for path, text in texts.items():
        if (lines := len(text.splitlines())) > MAX_MODULE:
            yield f"{path.name} has {lines} lines: split it below {MAX_MODULE}"
    code, allowed = sum(map(_code_lines, texts.values())), max(SMALL, LINES_A_PART * parts)
    if code > allowed:
        yield f"{code} lines of code for {parts} actions, events and the like: {allowed} at most"


def _code_lines(text: str) -> int:
    """Lines that hold code: not blank, no comment, no text that stands by itself."""
    lines: set[int] = set()
    fresh = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER):
            fresh = fresh or token.type == tokenize.NEWLINE
        elif not (fresh and token.type == tokenize.STRING):
            lines.update(range(token.start[0], token.end[0] + 1))
            fresh = False
    return len(lines)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no word")[:300]
