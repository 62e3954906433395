"""The adapter's object: where Acme Notes is, how to sign in, how it spells, and whose key it is."""

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from powerstrip.adapter import Account, Adapter, ApiKey, Http, Model

adapter = Adapter(
    id="acme_notes",
    title="Acme Notes",
    description="Read and write notes.",
    base_url="https://api.acme-notes.example/v1",
    auth=ApiKey(header="X-Acme-Notes-Key", help="Acme Notes → Settings → API keys."),
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
