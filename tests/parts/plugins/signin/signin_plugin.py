"""Providers for the tests of signing in: each is at a real authorization server on loopback, where the operator moves it."""

from powerstrip.adapter import Account, Adapter, Http, Model, OAuth2

ISSUER = "https://signin.example"


class Nothing(Model):
    """No input."""


class Person(Model):
    """Whose token it is."""

    sub: str


def provider(id: str, title: str, api: str, me: str, auth: OAuth2) -> Adapter:
    """A provider with one action and the question whose account it is, both answered at `me`."""
    adapter = Adapter(id=id, title=title, base_url=api, auth=(auth,))

    @adapter.action("person.get", read_only=True)
    async def person(http: Http, nothing: Nothing) -> Person:
        """Read whose token it is."""
        return await http.get(me, returns=Person)

    @adapter.account
    async def whoami(http: Http) -> Account:
        body = await http.get(me)
        return Account(id=str(body["sub"]), name=str(body.get("name") or body["sub"]))

    return adapter


def consent(**changes: object) -> OAuth2:
    """Signing in at oidc-provider."""
    given = {
        "authorize_url": f"{ISSUER}/auth",
        "token_url": f"{ISSUER}/token",
        "revoke_url": f"{ISSUER}/token/revocation",
        "device_url": f"{ISSUER}/device/auth",
        "scopes": ("openid", "offline_access", "read", "write"),
        "authorize_params": (("prompt", "consent"),),
        "issuer": ISSUER,
    }
    return OAuth2(**given | changes)


signin = provider("signin", "Signin", ISSUER, "/me", consent())
posing = provider("signin_posing", "Posing", ISSUER, "/me", consent(issuer="https://another.example"))
MOCK = "https://mock.signin.example"
mock = provider(
    "signin_mock",
    "Mock",
    MOCK,
    "/userinfo",
    OAuth2(
        authorize_url=f"{MOCK}/oauth2/authorize",
        token_url=f"{MOCK}/oauth2/token",
        scopes=("openid", "profile"),
        client_auth="basic",
    ),
)
