"""From a document's security schemes to the ways of signing in that the adapter has."""

from typing import cast

from powerstrip.adapter import SignIn
from powerstrip_http.documents import Document
from powerstrip_http.refs import BadRef, Node

KINDS = ("none", "api_key", "basic", "bearer", "oauth2_client_credentials", "hmac", "mtls")


class SignIns:
    """Collects ways to sign in, the one that the document prefers first, and what could not be understood."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.found: list[SignIn] = []
        self.warnings: list[str] = []
        self._by_consent: list[str] = []

    def read(self, carried: list[tuple[str, str]]) -> list[SignIn]:
        """`carried` are the parameters that hold a credential, for documents that declare no scheme."""
        node, schemes = self._document.node, self._schemes()
        wanted = [name for each in _list(node.get("security")) for name in each]
        for name in dict.fromkeys([*wanted, *schemes]):
            if name in schemes:
                self._scheme(name, schemes[name])
            elif name not in self._declared():
                self.warnings.append(f"The document asks to sign in by {name!r} and does not say what that is")
        if self._by_consent:
            self.warnings.append(
                f"{', '.join(self._by_consent)}: OAuth with a person's consent is not offered for an imported API. Paste an "
                "access token, which the hub cannot renew, or use the provider's own adapter where there is one"
            )
        if not any(each.kind != "mtls" for each in self.found):
            for place, name in dict.fromkeys(carried):
                self._parameter(place, name)
        if not self.found:
            self.warnings.append("The document names no way to sign in: choose one, or `none` where the API is open")
        return self.found

    def _declared(self) -> Node:
        """The schemes as they stand there."""
        node = self._document.node
        components = node.get("components")
        declared = node.get("securityDefinitions") if self._document.swagger else None
        if isinstance(components, dict):
            declared = cast(Node, components).get("securitySchemes")
        return cast(Node, declared) if isinstance(declared, dict) else {}

    def _schemes(self) -> dict[str, Node]:
        made: dict[str, Node] = {}
        for name, each in self._declared().items():
            try:
                made[name] = self._document.refs.object(each)
            except BadRef as error:
                self.warnings.append(f"The way to sign in {name!r} cannot be followed: {error}")
        return made

    def _scheme(self, name: str, node: Node) -> None:
        kind, scheme = str(node.get("type", "")), str(node.get("scheme", "")).lower()
        match kind, scheme:
            case ("basic", _) | ("http", "basic"):
                self._add(SignIn("basic", {}, ("username", "password")))
            case "http", "bearer":
                self._add(SignIn("bearer", {}, ("token",)))
            case "apiKey", _ if node.get("in") in ("header", "query"):
                self._parameter(str(node["in"]), str(node.get("name", "")))
            case "oauth2", _:
                self._oauth2(name, node)
            case "openIdConnect", _:
                self._add(SignIn("bearer", {}, ("token",)))
                self.warnings.append(f"{name}: sign in at the provider and paste an access token; the hub cannot renew it")
            case "mutualTLS", _:
                self._add(SignIn("mtls", {}, ("certificate", "private_key")))
            case _:
                told = f"{kind} {scheme or node.get('in', '')}".strip()
                self.warnings.append(f"{name}: signing in by {told or 'an unnamed way'} is not understood")

    def _parameter(self, place: str, name: str) -> None:
        if not name.isascii() or not name.isprintable() or not name:
            return
        if place == "header" and name.lower() == "authorization":
            return self._add(SignIn("bearer", {}, ("token",)))
        setting = "auth_header" if place == "header" else "auth_query_param"
        self._add(SignIn("api_key", {setting: name}, ("api_key",)))

    def _oauth2(self, name: str, node: Node) -> None:
        flows = node.get("flows")
        given = cast(Node, flows) if isinstance(flows, dict) else {str(node.get("flow", "")): node}
        flow = given.get("clientCredentials") or given.get("application")
        if isinstance(flow, dict) and str(cast(Node, flow).get("tokenUrl", "")).startswith("https://"):
            scopes = cast(Node, flow).get("scopes")
            config = {"token_url": str(cast(Node, flow)["tokenUrl"])}
            if isinstance(scopes, dict) and 0 < len(cast(Node, scopes)) <= 5:
                config["scope"] = " ".join(cast(Node, scopes))
            return self._add(SignIn("oauth2_client_credentials", config, ("client_id", "client_secret")))
        self._add(SignIn("bearer", {}, ("token",)))
        self._by_consent.append(name)

    def _add(self, sign_in: SignIn) -> None:
        if all((each.kind, dict(each.config)) != (sign_in.kind, dict(sign_in.config)) for each in self.found):
            self.found.append(sign_in)


def _list(value: object) -> list[Node]:
    return [cast(Node, each) for each in cast("list[object]", value) if isinstance(each, dict)] if isinstance(value, list) else []
