"""`powerstrip integrations`: connect services and look after the connections."""

import difflib

from powerstrip.cli import bundling, lifecycle, lists
from powerstrip.cli.commands.sealing import configure_integrations
from powerstrip.cli.consenting import add_ways, consent
from powerstrip.cli.context import Context
from powerstrip.cli.failures import FAILED, OK, Stop
from powerstrip.cli.finding import find_integration
from powerstrip.cli.inputs import read_object
from powerstrip.cli.parser import Parser
from powerstrip.cli.planning import add_plan, shown
from powerstrip.cli.secrets import add_credentials, ask_form, read_credentials
from powerstrip.cli.text import plain, table, when
from powerstrip.cli.views import account, describe
from powerstrip.client import Client, HubError
from powerstrip.client.shapes import Consent, Integration, Json, Probe, ProviderForms


def configure(parser: Parser) -> None:
    """Arguments of `integrations`."""
    listing = parser.command("list", "the project's integrations", list_integrations)
    listing.add_argument("--provider", metavar="ID", help="only of this provider")
    listing.add_argument("--status", choices=("active", "inactive", "expired"), help="only in this state")
    lists.add_paging(listing)
    _configure_create(parser.command("create", "connect a provider", create))
    _named(parser.command("show", "one integration", show))
    _named(parser.command("test", "ask the provider whether the credentials are good", test))
    again = _named(
        parser.command(
            "reconnect",
            "sign in to the same account again, keeping the integration: in a browser, or with new credentials",
            reconnect,
        )
    )
    add_ways(again)
    add_credentials(again)
    again.add_argument("--accept-other-account", action="store_true", help="take the consent of another account")
    rotate_parser = add_plan(
        _named(parser.command("rotate", "replace the credentials; those before are kept until confirm or rollback", rotate))
    )
    add_credentials(rotate_parser)
    rotate_parser.add_argument("--no-probe", action="store_true", help="keep the new ones without trying them first")
    rotate_parser.add_argument("--accept-other-account", action="store_true", help="take credentials of another account")
    lifecycle.configure(parser)
    bundling.configure(parser)
    configure_integrations(parser)


def _configure_create(parser: Parser) -> None:
    parser.add_argument("provider", help="such as slack; see `powerstrip providers list`")
    parser.add_argument("--name", required=True, help="unique among the provider's integrations")
    words = "settings: JSON, @file, field=text or field:=json"
    parser.add_argument("--config", action="append", default=[], metavar="JSON", help=words)
    add_credentials(parser)
    parser.add_argument("--auth", metavar="KIND", help="which way to sign in, where the provider has several")
    parser.add_argument("--mode", choices=("live", "sandbox"), help="a sandbox never sends; fixed for good")
    parser.add_argument("--probe", action="store_true", help="try the credentials first; refused ones are not kept")


def _named(parser: Parser) -> Parser:
    parser.add_argument("integration", help="its id or its name")
    return parser


async def list_integrations(context: Context) -> None:
    """Print the project's integrations."""
    args = context.args
    async with context.project() as hub:
        page = await lists.read(context, hub.integrations.list(provider=args.provider, status=args.status))
    rows = [
        (
            entry["name"],
            entry["provider"],
            entry["status"],
            entry.get("mode", ""),
            account(entry),
            when(entry.get("last_used_at")),
            entry["id"],
        )
        for entry in page.items
    ]
    text = table(("NAME", "PROVIDER", "STATUS", "MODE", "ACCOUNT", "LAST USED", "ID"), rows)
    lists.put(context, page, text, "No integrations yet. Connect one:  powerstrip integrations create PROVIDER --name NAME")


async def create(context: Context) -> None:
    """Connect a provider; a person at a terminal is asked for what was not given."""
    args = context.args
    config = read_object(args.config, "--config")
    credentials = read_credentials(args.credentials, args.credential, context.environ, context.console)
    async with context.project() as hub:
        provider = await _provider(context, hub)
        if credentials is None and provider is not None and context.console.interactive:
            credentials = ask_form(auth_form(provider, args.auth), args.provider, context.console) or None
        made = await hub.integrations.create(
            args.name,
            args.provider,
            credentials=credentials,
            config=config or None,
            auth_kind=args.auth,
            mode=args.mode,
            probe=args.probe or None,
        )
    done = "Connected." if provider is not None or made.get("auth_kind") else "Kept, and not usable yet."
    context.console.put(made, f"{done}\n\n{describe(made)}")


async def _provider(context: Context, hub: Client) -> ProviderForms | None:
    """The provider's forms. None where the key may not see them, and with a note where no adapter is installed."""
    name: str = context.args.provider
    try:
        return await hub.providers.get(name)
    except HubError as error:
        if error.status == 404:
            context.console.note(
                f"note: no adapter for {name} is installed; the integration is kept, and cannot be used until one is"
            )
            known: list[str] = [each["name"] for each in await hub.providers.list()]
            alike = difflib.get_close_matches(name.lower(), known, n=3)
            if alike:
                context.console.note(
                    f"note: did you mean {' or '.join(alike)}? `powerstrip integrations delete` takes this one back"
                )
        elif error.status != 403:
            raise
        return None


async def show(context: Context) -> None:
    """Print one integration."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
    context.console.put(found, describe(found))


async def test(context: Context) -> int:
    """Ask the provider; exit code 1 where it refuses."""
    async with context.project() as hub:
        found = await find_integration(hub, context.args.integration)
        probe = await hub.integrations.test(found["id"])
    if probe["ok"]:
        context.console.put(probe, _good(found, probe))
        return OK
    if context.console.json:
        context.console.put(probe, "")
    words = probe.get("error") or "the provider refused"
    context.console.trouble(f"{found['name']}: {words}", _remedy(found, probe))
    return FAILED


def _remedy(found: Integration, probe: Probe) -> str:
    """What to do about a test that failed: only a refused credential is mended by another one."""
    match probe.get("error_type"):
        case "auth_failed":
            return f"powerstrip integrations rotate {found['name']}"
        case "rate_limited":
            return f"wait a minute, then powerstrip integrations test {found['name']}"
        case "unavailable" | "timeout":
            return f"is the service up, and its address right? powerstrip integrations show {found['name']}"
        case _:
            return f"see its settings: powerstrip integrations show {found['name']}"


def _good(found: Integration, probe: Probe) -> str:
    if probe["simulated"]:
        return f"{plain(found['name'])} is in a sandbox: nothing was sent, so its credentials were not tried."
    name = account(probe)
    return f"{plain(found['name'])} works" + (f": {plain(name)}" if name else "") + "."


async def reconnect(context: Context) -> None:
    """Consent again, or fill the form again; the integration stays, with its id."""
    args = context.args
    credentials = read_credentials(args.credentials, args.credential, context.environ, context.console)
    async with context.project() as hub:
        found = await find_integration(hub, args.integration)
        if credentials is not None or await _has_form(hub, found):
            credentials = credentials or await _asked(context, hub, found)
            changed = await hub.integrations.rotate(found["id"], credentials, accept_other_account=args.accept_other_account)
            context.console.put(changed, f"Connected again.\n\n{describe(changed)}")
            return

        async def begin(way: str, redirect_uri: str | None) -> Consent:
            return await hub.consents.again(
                found["id"],
                scopes=args.scope,
                accept_other_account=args.accept_other_account,
                way=way,  # pyright: ignore[reportArgumentType] - one of the options
                redirect_uri=redirect_uri,
            )

        end = await consent(context, hub, found["provider"], begin)
        changed = await hub.integrations.get(found["id"])
    if missing := end.get("missing_scopes"):
        context.console.note(f"note: not granted: {', '.join(map(plain, missing))}")
    context.console.put(changed, f"Connected again.\n\n{describe(changed)}")


async def _has_form(hub: Client, found: Integration) -> bool:
    """Whether its way to sign in is filled in by hand. One that is not known is left to the hub to judge."""
    ways = (await hub.providers.get(found["provider"]))["auth"]
    return any(way["kind"] == found.get("auth_kind") and way["connect_mode"] != "redirect" for way in ways)


async def rotate(context: Context) -> None:
    """Replace the credentials; by default they are tried first."""
    args = context.args
    credentials = read_credentials(args.credentials, args.credential, context.environ, context.console)
    async with context.project() as hub:
        found = await find_integration(hub, args.integration)
        if credentials is None:
            credentials = await _asked(context, hub, found)
        if args.dry_run and shown(context, await hub.integrations.plan_rotate(found["id"], credentials)):
            return
        changed = await hub.integrations.rotate(
            found["id"], credentials, probe=False if args.no_probe else None, accept_other_account=args.accept_other_account
        )
    context.console.put(changed, f"Rotated.\n\n{describe(changed)}")


async def _asked(context: Context, hub: Client, found: Integration) -> dict[str, str]:
    if not context.console.interactive:
        raise Stop(
            "No credentials were given",
            hint="--credential FIELD=@file, FIELD=env:NAME, or --credentials -",
            code="usage",
            exit_code=2,
        )
    form = auth_form(await hub.providers.get(found["provider"]), found.get("auth_kind"))
    return ask_form(form, found["name"], context.console)


def auth_form(provider: ProviderForms, kind: str | None) -> Json:
    """The form of one way to sign in: the one named, else the first that is filled in by hand."""
    ways = [way for way in provider["auth"] if (way["kind"] == kind if kind else way["connect_mode"] != "redirect")]
    if not ways:
        known = ", ".join(way["kind"] for way in provider["auth"])
        raise Stop(f"{provider['display_name']} has no form for that; its ways to sign in are: {known}", code="no_form")
    return ways[0]["form"]
