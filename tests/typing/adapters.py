"""For the type checker alone: right uses of the adapter contract pass, wrong ones carry the error they must give."""

from collections.abc import Mapping
from typing import Annotated, Any, assert_type

from powerstrip.adapter import (
    Account,
    Adapter,
    ApiKey,
    Basic,
    BasicPassword,
    Choice,
    Content,
    Delivery,
    Event,
    Hmac,
    Http,
    Incoming,
    Model,
    OAuth2,
    Page,
    Pick,
    PowerstripError,
    Query,
    Rate,
    Rejected,
    Reply,
    Response,
    Secret,
    SigV4,
    Unverified,
    segment,
)
from powerstrip.adapter.testing import FakeHttp, check, provider


class Ask(Model):
    channel: Annotated[str, Pick("channel")]
    text: str


class Told(Model):
    id: str


# --- making an adapter ------------------------------------------------------------------------------------------------

acme = Adapter(id="acme", title="Acme", base_url="https://acme.example", auth=ApiKey(header="X-Key"))
both = Adapter("acme", "Acme", "https://acme.example", (ApiKey(query="key"), Basic()), rate=Rate(10))
Adapter(id="acme", title="Acme")  # pyright: ignore[reportCallIssue]
Adapter("acme", "Acme", "https://acme.example", auth="key")  # pyright: ignore[reportArgumentType]
Adapter("acme", "Acme", "https://acme.example", hosts=["a.example"])  # pyright: ignore[reportArgumentType]
Adapter("acme", "Acme", "https://acme.example", config=dict)  # pyright: ignore[reportArgumentType]
Adapter("acme", "Acme", "https://acme.example", colour="red")  # pyright: ignore[reportCallIssue]
ApiKey("X-Key")  # pyright: ignore[reportCallIssue]
OAuth2(authorize_url="https://acme.example/a")  # pyright: ignore[reportCallIssue]
SigV4(service="s3")
Unverified()  # pyright: ignore[reportCallIssue]
Hmac(header="x-sig", digest="md5")  # pyright: ignore[reportArgumentType]


# --- actions: the function stays what it was --------------------------------------------------------------------------


@acme.action("question.ask", read_only=True)
async def ask(http: Http, question: Ask) -> Told:
    """Ask."""
    return await http.post("/ask", json=question, returns=Told)


@acme.action("question.count")  # pyright: ignore[reportArgumentType]
async def count(http: Http, question: Ask) -> int:
    return 1


@acme.action("question.now")  # pyright: ignore[reportArgumentType]
def now(http: Http, question: Ask) -> Told:
    return Told(id="1")


@acme.action("question.bare")  # pyright: ignore[reportArgumentType]
async def bare(http: Http) -> Told:
    return Told(id="1")


@acme.action("question.plain")  # pyright: ignore[reportArgumentType]
async def plain(http: Http, question: dict[str, str]) -> Told:
    return Told(id="1")


async def uses(http: Http) -> None:
    assert_type(await ask(http, Ask(channel="C0", text="hi")), Told)
    await ask(http, "hi")  # pyright: ignore[reportArgumentType]
    await ask(Ask(channel="C0", text="hi"), http)  # pyright: ignore[reportArgumentType]


# --- the way to the provider ------------------------------------------------------------------------------------------


async def calls(http: Http) -> None:
    assert_type(await http.get("/x", returns=Told), Told)
    assert_type(await http.put("/x", content=b"x", returns=Told), Told)
    assert_type(await http.send("HEAD", "/x"), Response)
    assert_type((await http.download("/x")).content, Content | None)
    assert_type(http.presign("GET", f"/{segment('a b')}", seconds=60), str)
    assert_type(http.config, Mapping[str, Any])
    await http.get("/x", json={})  # pyright: ignore[reportCallIssue]
    await http.post("/x", body=b"x")  # pyright: ignore[reportCallIssue]
    await http.send("FETCH", "/x")  # pyright: ignore[reportArgumentType]
    await http.get("/x", returns=Told(id="1"))  # pyright: ignore[reportArgumentType]
    print(http.token)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    http.presign("GET", "/x", 60)  # pyright: ignore[reportCallIssue]


# --- events, webhooks, pickers, account, errors -----------------------------------------------------------------------


@acme.event("question.asked", entity="question", key="id")
class Asked(Model):
    """It was asked."""

    id: str


assert_type(Asked(id="1").id, str)
assert_type(acme.events["question.asked"], Event)


@acme.event("question.lost")  # pyright: ignore[reportArgumentType, reportUntypedClassDecorator]
class Lost:
    id: str


@acme.webhook(verify=BasicPassword())
def receive(delivery: Delivery) -> Incoming | Reply:
    return Reply("ok") if delivery.form() else Incoming(delivery.json(), key="1")


@acme.webhook(verify="hmac")  # pyright: ignore[reportArgumentType]
def receive_any(delivery: Delivery) -> Incoming:
    return Incoming({})


@acme.webhook(verify=BasicPassword())  # pyright: ignore[reportArgumentType]
def receive_text(delivery: Delivery) -> str:
    return "ok"


@acme.picker("channel", searches=True, depends=("team",))
async def channels(http: Http, query: Query) -> Page:
    """Channels."""
    return Page([Choice(value="C0", label="#general")], next=query.cursor)


@acme.picker("user")  # pyright: ignore[reportArgumentType]
async def users(http: Http, query: Query) -> list[Choice]:
    return []


@acme.account
async def account(http: Http) -> Account:
    return Account(id="1", name="Acme")


@acme.errors
def told(response: Response) -> PowerstripError | None:
    return Rejected("no", response.status)


@acme.errors  # pyright: ignore[reportArgumentType]
def told_badly(response: Response) -> str:
    return "no"


# --- secrets stay closed ----------------------------------------------------------------------------------------------

secret = Secret("invented")
assert_type(secret.reveal(), str)
print(secret.value)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
text: str = secret  # pyright: ignore[reportAssignmentType]
print("Bearer " + secret)  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]

# --- tests of adapters ------------------------------------------------------------------------------------------------

test_contract = check(acme)
fake = provider(acme, {"POST /ask": {"id": "1"}, "GET /x": (404, {}), "GET /y": Response(204)}, config={"region": "eu"})
assert_type(fake, FakeHttp)
assert_type(fake.sent[0].target, str)
check("acme")  # pyright: ignore[reportArgumentType]
