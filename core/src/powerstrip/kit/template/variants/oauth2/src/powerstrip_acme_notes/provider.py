"""The adapter's object: where Acme Notes is, how to sign in, how it spells, and whose key it is."""

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from powerstrip.adapter import Account, Adapter, Http, Model, OAuth2

adapter = Adapter(
    id="acme_notes",
    title="Acme Notes",
    description="Read and write notes.",
    base_url="https://api.acme-notes.example/v1",
    auth=OAuth2(
        authorize_url="https://acme-notes.example/oauth/authorize",
        token_url="https://acme-notes.example/oauth/token",  # noqa: S106 - an address
        scopes=("notes.read", "notes.write"),
        help="Acme Notes → Developers → Apps: register the hub's address as the redirect address.",
    ),
    category="Productivity",
    docs_url="https://docs.acme-notes.example/api",
)


class Wire(Model):
    """Acme Notes writes camelCase; people meet our names."""

    model_config = ConfigDict(alias_generator=to_camel)


class _Me(Wire):
    account_id: str
    name: str


@adapter.account
async def account(http: Http) -> Account:
    """Whose credential it is: the connection test, and what routes webhooks."""
    me = await http.get("/me", returns=_Me)
    return Account(id=me.account_id, name=me.name)
