"""`plugin new`: a complete distribution made from the template that is shipped with the kit."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, TypeAlias

from powerstrip.adapter.rules import RESERVED

AuthKind: TypeAlias = Literal["api-key", "oauth2", "none"]
AUTHS: Final[tuple[AuthKind, ...]] = ("api-key", "oauth2", "none")
NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
MAX_NAME = 50
_SKIPPED = shutil.ignore_patterns("__pycache__", ".pytest_cache", "variants", "dist")
_WEBHOOK = ("src/powerstrip_acme_notes/webhook.py", "tests/test_webhook.py", "tests/vectors.json")
_ACCOUNT = ("tests/test_account.py",)


class NotMade(ValueError):
    """Nothing was made. The message says what to do."""


@dataclass(frozen=True)
class Plan:
    """What is asked for."""

    name: str
    folder: Path
    auth: AuthKind = "api-key"
    webhook: bool = False
    title: str = ""


def make(plan: Plan) -> list[Path]:
    """Make the distribution in `folder`; gives its files. Raises `NotMade`, and then nothing is written."""
    _must_be_name(plan.name)
    if plan.folder.exists() and (not plan.folder.is_dir() or any(plan.folder.iterdir())):
        raise NotMade(f"{plan.folder} is there already: name an empty or a new folder with --dir")
    with TemporaryDirectory(prefix="powerstrip-") as scratch:
        draft = Path(scratch) / "draft"
        with as_file(files("powerstrip.kit") / "template") as template:
            _lay_out(template, draft, plan)
        _rename(draft, plan)
        shutil.copytree(draft, plan.folder, dirs_exist_ok=True)
    return sorted(path for path in plan.folder.rglob("*") if path.is_file())


def _must_be_name(name: str) -> None:
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise NotMade(
            f"A provider's name is lower-case letters and digits, words joined by - or _, at most {MAX_NAME}: such as acme-notes"
        )
    if name.startswith(RESERVED):
        raise NotMade(f"A provider's name does not begin with {' or '.join(RESERVED)}: these are the platform's own")


def _lay_out(template: Path, draft: Path, plan: Plan) -> None:
    """The template with the variants laid over it, and without what they leave out."""
    shutil.copytree(template, draft, ignore=_SKIPPED)
    (draft / "gitignore").rename(draft / ".gitignore")  # under its real name it would hold for the template itself
    overlays = [] if plan.auth == "api-key" else [plan.auth]
    overlays += [] if plan.webhook else ["plain"]
    for overlay in overlays:
        shutil.copytree(template / "variants" / overlay, draft, dirs_exist_ok=True, ignore=_SKIPPED)
    for path in (*(() if plan.webhook else _WEBHOOK), *(_ACCOUNT if plan.auth == "none" else ())):
        (draft / path).unlink()


def _rename(draft: Path, plan: Plan) -> None:
    words = dict(_words(plan))
    for path in sorted(draft.rglob("*"), reverse=True):  # what lies deeper comes first
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for old, new in words.items():
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
        if "acme_notes" in path.name:
            path.rename(path.with_name(path.name.replace("acme_notes", words["acme_notes"])))


def _words(plan: Plan) -> Iterator[tuple[str, str]]:
    snake, kebab = plan.name.replace("-", "_"), plan.name.replace("_", "-")
    title = plan.title.replace('"', "").strip() or " ".join(part.capitalize() for part in kebab.split("-"))
    yield from {"acme_notes": snake, "acme-notes": kebab, "Acme-Notes": kebab.title(), "Acme Notes": title}.items()
