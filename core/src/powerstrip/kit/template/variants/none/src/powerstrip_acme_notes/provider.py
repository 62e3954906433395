"""The adapter's object: where Acme Notes is, and how it spells."""

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from powerstrip.adapter import Adapter, Model, NoAuth

adapter = Adapter(
    id="acme_notes",
    title="Acme Notes",
    description="Read and write notes.",
    base_url="https://api.acme-notes.example/v1",
    auth=NoAuth(),
    category="Productivity",
    docs_url="https://docs.acme-notes.example/api",
)


class Wire(Model):
    """Acme Notes writes camelCase; people meet our names."""

    model_config = ConfigDict(alias_generator=to_camel)
