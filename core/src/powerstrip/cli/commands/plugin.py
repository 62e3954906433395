"""`powerstrip plugin`: tools for people who write adapters. They work on the installed package; no hub is needed."""

from pathlib import Path
from typing import TYPE_CHECKING

from powerstrip.cli import kit, target
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK, Stop
from powerstrip.cli.parser import Parser
from powerstrip.cli.text import plain
from powerstrip.value import replace

if TYPE_CHECKING:
    from powerstrip.adapter import Verify
    from powerstrip.adapter.adapter import Receive
    from powerstrip.adapter.testing.vectors import Vectors
    from powerstrip.inbound.verifying import Judged


def configure(parser: Parser) -> None:
    """Arguments of `plugin`."""
    vectors = parser.command("vectors", "judge a file of signed deliveries by an adapter's scheme", vectors_of)
    vectors.add_argument("provider", metavar="PROVIDER", help="a provider's id, such as slack")
    what = "deliveries with secret, clock and whether they are genuine: a file, or a folder of them (*.json)"
    vectors.add_argument("file", metavar="FILE.json", help=what)
    vectors.epilog = "Ends with 1 where any is judged otherwise than the file says."
    kit.configure(parser)


async def vectors_of(context: Context) -> int:
    """Judge every vector and print those that failed, and the sums."""
    from powerstrip.inbound.verifying import run_vectors

    files = _files(Path(context.args.file))
    scheme, receive = _scheme(context)
    judged: list[Judged] = []
    for path, file in files.items():
        if file.provider and file.provider != context.args.provider:
            words = f"{path.name} says it is for {file.provider}; it is judged by the scheme of {context.args.provider}"
            context.console.note(words)
        within = f"{path.name}: " if len(files) > 1 else ""
        judged += [replace(each, id=f"{within}{each.id}") for each in await run_vectors(scheme, file, receive)]
    failed = [each for each in judged if each.problem]
    sums = f"{len(judged) - len(failed)} passed, {len(failed)} failed"
    lines = [f"{plain(each.id)}: {plain(each.problem)} (expected: {each.expected})" for each in failed]
    payload = {
        "provider": context.args.provider,
        "scheme": scheme.scheme,
        "passed": len(judged) - len(failed),
        "failed": len(failed),
        "vectors": [_entry(each) for each in judged],
    }
    context.console.put(payload, "\n".join([*lines, sums]))
    return FAILED if failed else OK


def _entry(judged: "Judged") -> dict[str, str | bool]:
    return {
        "id": judged.id,
        "passed": not judged.problem,
        "expected": judged.expected,
        "verdict": judged.verdict,
        "code": judged.code,
        "problem": judged.problem,
    }


def _files(path: Path) -> "dict[Path, Vectors]":
    """The file, or those of the folder that hold vectors. Stops where there are none."""
    if not path.is_dir():
        return {path: _read(path)}
    found = sorted(path.glob("*.json"))
    if not found:
        raise Stop(f"{path} holds no *.json", hint="docs/adapters/webhooks.md shows the form", code="no_vectors")
    return {each: _read(each) for each in found}


def _read(path: Path) -> "Vectors":
    from powerstrip.adapter.testing.vectors import NotVectors, read_vectors

    try:
        return read_vectors(path.read_bytes())
    except NotVectors as reason:
        raise Stop(
            f"{path} holds no vectors: {reason}", hint="docs/adapters/webhooks.md shows the form", code="no_vectors"
        ) from None


def _scheme(context: Context) -> "tuple[Verify, Receive | None]":
    """The scheme of the installed adapter with its function; else the one the hub knows for this id."""
    from powerstrip.inbound.verifying import known_scheme
    from powerstrip.problems import Problem

    provider = context.args.provider
    with target.installed(target.folder_settings(context.args, context.environ)) as catalog:
        try:
            adapter = catalog.adapter(provider) if catalog.has(provider) else None
        except Problem as error:
            raise Stop(error.message, code=error.code) from None
        if adapter is not None and adapter.verify is not None:
            return adapter.verify, adapter.receive
        if (known := known_scheme(provider)) is not None:
            return known, None
        if adapter is not None:
            raise Stop(f"{provider} takes no webhooks", hint="its adapter registers none: `@adapter.webhook(verify=…)`")
        try:
            catalog.summary(provider)
        except Problem as error:
            raise Stop(error.message, hint="powerstrip providers list", code=error.code) from None
    raise AssertionError("a provider that is not installed has no summary")
