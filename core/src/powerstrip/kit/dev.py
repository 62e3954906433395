"""`plugin dev`: a hub in a folder that is thrown away, with the adapter of a project in it, begun anew on every change."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from powerstrip.catalog import stamp_of
from powerstrip.kit import checking
from powerstrip.kit.package import NoPackage, Package, of_project
from powerstrip.settings import installation_index

PAUSE = 0.5
"""Seconds between two looks at the files."""
START_LIMIT = 60.0
STOP_LIMIT = 10.0
PROJECT = "dev"
COMMAND = (sys.executable, "-c", "import sys; from powerstrip.cli import main; sys.exit(main(sys.argv[1:]))")
NOT_CODE = ("tests", "build", "dist", "node_modules", "site-packages")
SHOWN = 12
"""Findings that are printed on each change."""


class Workbench:
    """A project's folder, its hub, and what is found on each change. `say` prints a line."""

    def __init__(self, folder: Path, port: int, say: Callable[[str], None]) -> None:
        """Raises `NoPackage` where the folder holds no project."""
        self._folder, self._port, self._say = folder.resolve(), port, say
        self._home = Path(tempfile.mkdtemp(prefix="powerstrip-dev-"))
        self._index = self._home / "catalog"
        if known := installation_index(os.environ):
            shutil.copytree(known, self._index)  # so that only this adapter is looked into, and others' hubs never hear of it
        self._hub: subprocess.Popen[str] | None = None
        self._key = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        shutil.rmtree(self._home)

    async def run(self) -> None:
        """Serve and watch until it is interrupted or its terminal is closed.

        Raises `NoPackage` where there is nothing to serve at the beginning.
        """
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        self._package()
        code = whole = ""
        while not ended.is_set():
            if (seen := stamp_of([str(self._folder)])) != whole:
                before, code, whole = code, self._code(), seen
                await asyncio.to_thread(self._again, anew=code != before)
            try:
                await asyncio.wait_for(ended.wait(), PAUSE)
            except TimeoutError:
                continue

    def _code(self) -> str:
        """A stamp of what the hub serves: not of tests, nor of what they leave behind."""
        code = self._source()
        return stamp_of([str(self._folder / "pyproject.toml"), str(code)] if code != self._folder else [str(self._folder)])

    def _source(self) -> Path:
        """Where the code is."""
        code = self._folder / "src"
        return code if code.is_dir() else self._folder

    def _again(self, *, anew: bool) -> None:
        """One round: the hub anew where its code changed, then what is found."""
        try:
            package = self._package()
            if anew and (wrong := _unreadable(self._source())):
                self._say("\n".join(wrong))  # at once: the hub of before goes on meanwhile
                return
            if anew:
                self._say(f"loading {package.found.name} …")
                self._serve(package)
            self._tell(package)
        except NoPackage as reason:
            self._say(f"not usable: {reason}")

    def _package(self) -> Package:
        site = self._home / "site"
        shutil.rmtree(site, ignore_errors=True)  # a version that was renamed must not be found beside the new one
        return of_project(self._folder, self._home)

    def _tell(self, package: Package) -> None:
        report = checking.check(package, quick=True)
        found = [(each.requirement, text) for each in report.verdicts for text in each.findings if each.state == "not shown"]
        known = [(requirement, text) for requirement, text in found if not text.startswith("unknown")]
        for requirement, text in known[:SHOWN]:
            self._say(f"{requirement.tier} {requirement.id}: {text}")
        more = f", {len(known) - SHOWN} more not shown here" if len(known) > SHOWN else ""
        self._say(f"{report.provider}: {len(known)} {'finding' if len(known) == 1 else 'findings'}{more}")

    def _serve(self, package: Package) -> None:
        self._stop()
        environment = self._environment(package)
        if not self._key:
            self._key = json.loads(self._command(environment, "init", "--project", PROJECT, "--mode", "sandbox"))["api_key"]
        command = [*COMMAND, "serve", "--json", "--port", str(self._port), "--data", str(self._home / "hub")]
        log = (self._home / "serve.log").open("w")
        with log:
            self._hub = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._hub.stdout is not None
        said = ""
        while line := self._hub.stdout.readline():
            said += line
            if line == "}\n":
                break
        if not said:
            raise NoPackage((self._home / "serve.log").read_text().strip()[-500:] or "the hub did not start")
        url = json.loads(said)["url"]
        self._port = int(url.rpartition(":")[2])  # the same one after the next change
        self._say(f"serving {package.found.name} on {url} (sandbox)")
        self._say(f"  export POWERSTRIP_URL={url} POWERSTRIP_API_KEY={self._key} POWERSTRIP_PROJECT={PROJECT}")

    def _stop(self) -> None:
        if self._hub is None:
            return
        self._hub.terminate()
        try:
            self._hub.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._hub.kill()
            self._hub.wait()
        if self._hub.stdout is not None:
            self._hub.stdout.close()
        self._hub = None

    def _command(self, environment: Mapping[str, str], *words: str) -> str:
        command = [*COMMAND, *words, "--json", "--data", str(self._home / "hub")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_LIMIT, check=False)
        if done.returncode:
            raise NoPackage(f"the hub cannot be made: {done.stderr.strip()[-500:]}")
        return done.stdout

    def _environment(self, package: Package) -> dict[str, str]:
        """The operator's settings and keys do not reach into it; the project's code does."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("POWERSTRIP_", "MOBIUS_"))}
        path = [*package.path, *filter(None, [kept.get("PYTHONPATH", "")])]
        return kept | {"PYTHONPATH": os.pathsep.join(path), "POWERSTRIP_CATALOG": str(self._index)}


def _unreadable(folder: Path) -> list[str]:
    """Modules that are no Python, each with its line: told without the seconds that a hub takes to begin."""
    found: list[str] = []
    for path in sorted(folder.rglob("*.py")):
        if any(part.startswith(".") or part in NOT_CODE for part in path.relative_to(folder).parts):
            continue
        try:
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            why = error.msg if isinstance(error, SyntaxError) else str(error)
            shown = f"\n    {error.text.strip()}" if isinstance(error, SyntaxError) and error.text else ""
            found.append(f"not usable: {path.relative_to(folder.parent)}{line}: {why}{shown}")
    return found
