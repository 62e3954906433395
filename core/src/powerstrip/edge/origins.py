"""Where an integration's requests go, as text: what a credential is given for."""

from collections.abc import Mapping
from typing import Any

from powerstrip.adapter import Adapter
from powerstrip.edge.bind import base_of, names_in, setting_of
from powerstrip.edge.mail import places_of
from powerstrip.settings import Settings


def origin_of(adapter: Adapter, config: Mapping[str, Any], settings: Settings) -> str:
    """`https://host[:port]/base/path` of an integration with this config. Raises `Refused` where there is none.

    Where the provider has further APIs, their addresses follow, each after a blank: a credential is given for all of them. One
    whose settings are not filled in cannot be called, and is left out.
    Of a provider that is spoken to by mail these are its servers.
    """
    if adapter.mail is not None:
        return " ".join(base.text for base in places_of(adapter, config, settings.provider_urls))
    apis = [
        name for name, url in sorted(adapter.apis.items()) if all(setting_of(adapter, config, each) for each in names_in(url))
    ]
    return " ".join(base_of(adapter, config, settings.provider_urls, api).text for api in ("", *apis))
