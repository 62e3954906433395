"""The route table as tests see it: what to send so that a route gets as far as looking for things."""

from dataclasses import dataclass
from typing import Any

from powerstrip.api.app import create_inner, declared
from powerstrip.api.routes import HANDLERS

MISSING = "{kind}_aaaaaaaaaaaaaaaaaaaaaaaaaa"
EMAIL = {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"}

DESCRIPTION = '{"operations": {"users.get": {"get": "/users/{id}"}}, "base_url": "https://api.acme.example"}'
BODIES: dict[str, Any] = {
    "startRun": {},
    "cancelRun": {},
    "signalRun": {"step_key": "hook"},
    "resumeRun": {},
    "retryRun": {},
    "createAutomation": {"handle": "made", "name": "Made"},
    "updateAutomation": {"description": "changed"},
    "checkAutomation": {"spec": {"steps": []}},
    "createAutomationVersion": {"spec": {"steps": [{"name": "rest", "sleep": "1s"}]}},
    "createProject": {"name": "Made"},
    "updateProject": {"description": "changed"},
    "createPrincipal": {"name": "made"},
    "updatePrincipal": {"description": "changed"},
    "createRole": {"name": "made", "permissions": ["project.view"]},
    "updateRole": {"description": "changed"},
    "createRoleAssignment": {"user_id": MISSING.format(kind="prn"), "role_name": "Viewer"},
    "createAPIKey": {"name": "made", "principal_id": MISSING.format(kind="prn")},
    "createIntegration": {"name": "made", "provider": "postmark", "credentials": {"server_token": "pm-invented-token"}},
    "updateIntegration": {"config": {}},
    "copyIntegration": {"source_project_id": MISSING.format(kind="prj"), "source_integration_id": MISSING.format(kind="int")},
    "rotateIntegration": {"credentials": {"server_token": "pm-invented-other"}, "probe": False},
    "expireIntegration": {"reason": "It leaked"},
    "exportIntegrations": {},
    "importIntegrations": {"bundle": {"format": "powerstrip-integrations", "version": 1, "exported_at": "", "integrations": []}},
    "readDescription": {"document": DESCRIPTION},
    "createFromDescription": {"document": DESCRIPTION, "name": "described"},
    "applyDescription": {"document": DESCRIPTION},
    "createSecret": {"name": "made", "values": {"token": "invented-value"}},
    "updateSecret": {"description": "changed"},
    "rotateDataKeys": {"step": "rotate"},
    "rotateMasterKey": {"step": "rotate"},
    "invokeAction": {"input": EMAIL},
    "createEndpoint": {"provider": "postmark"},
    "updateEndpoint": {"enabled": True},
    "rotateEndpoint": {},
    "confirmEndpoint": {},
    "publishSubscription": {"watch": {}},
    "enablePoll": {"integration_id": MISSING.format(kind="int"), "poll": "object"},
    "disablePoll": {"integration_id": MISSING.format(kind="int"), "poll": "object"},
    "pollNow": {"integration_id": MISSING.format(kind="int"), "poll": "object"},
    "createIntegrationEventTestFire": {"event_type": "postmark.email.opened"},
    "replayIntegrationEvents": {"since": "2030-01-01T00:00:00Z"},
    "redriveDeadLetters": {},
    "createWebhook": {"name": "made", "events": []},
    "updateWebhook": {"enabled": False},
    "pingWebhook": {},
    "createAction": {"name": "made", "endpoint_kind": "worker"},
    "updateAction": {"title": "changed"},
    "rotateActionSecret": {},
    "cancelJob": {"reason": "not needed"},
    "rotateWebhookSecret": {},
    "createEntity": {"name": "made", "fields": [{"name": "text"}]},
    "updateEntity": {"title": "Changed"},
    "putEntityRecord": {"key": "k", "value": {}},
    "setPlatformApp": {"client_id": "invented-client", "client_secret": "invented-secret"},
    "connectIntegration": {"integration_id": MISSING.format(kind="int")},
    "answerConsent": {"answer": "invented-code"},
    "createConnectSession": {"provider": "postmark", "name": "made"},
    "sendChatMessage": {"text": "what is connected?"},
    "submitChatForm": {"values": {"x": "y"}},
}
KINDS = {
    "getRun": "run", "listRunSteps": "run", "listRunEvents": "run", "streamRunEvents": "run", "cancelRun": "run",
    "signalRun": "run", "resumeRun": "run", "retryRun": "run", "diffRuns": "run",
    "getPrincipal": "prn", "updatePrincipal": "prn", "deletePrincipal": "prn",
    "getRole": "role", "updateRole": "role", "deleteRole": "role", "deleteRoleAssignment": "ra",
    "getAPIKey": "key", "revokeAPIKey": "key",
    "getIntegration": "int", "updateIntegration": "int", "deleteIntegration": "int", "testIntegration": "int",
    "applyDescription": "int", "getDefinition": "int", "diffDefinitions": "int",
    "rotateIntegration": "int", "pickValue": "int", "expireIntegration": "int",
    "getIntegrationImpact": "int", "getIntegrationHistory": "int",
    "getConsent": "con", "answerConsent": "con", "getConnectSession": "cs", "revokeConnectSession": "cs",
    "listCredentialVersions": "int", "confirmRotation": "int", "rollBackRotation": "int",
    "getWebhook": "wbh", "updateWebhook": "wbh", "deleteWebhook": "wbh", "rotateWebhookSecret": "wbh", "pingWebhook": "wbh",
    "listWebhookDeliveries": "wbh", "resendWebhookDelivery": "wbh", "getEntityRecord": "rec", "deleteEntityRecord": "rec",
    "getJob": "job", "cancelJob": "job", "retryJob": "job", "drainWorkerSession": "wsess",
    "getEndpoint": "hook", "updateEndpoint": "hook", "rotateEndpoint": "hook", "confirmEndpoint": "hook",
    "deleteEndpoint": "hook", "listSubscriptions": "hook", "publishSubscription": "hook",
    "checkSubscription": "hook", "removeSubscription": "hook",
    "getIntegrationEvent": "pev", "traceIntegrationEvent": "pev",
    "getChatSession": "cht", "deleteChatSession": "cht", "sendChatMessage": "cht", "submitChatForm": "cht",
    "streamChatEvents": "cht",
    "getActionInvocation": "inv", "getFile": "file", "deleteFile": "file",
}  # fmt: skip
"""The kind of thing that `{id}` names, by operation."""
FILLED = {
    "action_name": "postmark.email.send",
    "provider": "postmark",
    "picker": "template",
    "entity": "thing",
    "delivery_id": "whdel_x",
    "subscription": MISSING.format(kind="sub"),
    "secret": MISSING.format(kind="sec"),
    "handle": "no-such-automation",
    "version": "latest",
    "http_handle": MISSING.format(kind="hook"),
    "key": "door",
    "token": "invented-token-of-no-link",
}

QUERIES = {
    "diffRuns": "?other=" + MISSING.format(kind="run"),
    "streamIntegrationEvents": "?seconds=0",
    "streamChatEvents": "?seconds=0",
    "diffDefinitions": "?old=1&new=2",
}
"""What keeps an answer from going on for ever."""


@dataclass(frozen=True)
class Route:
    """One operation."""

    operation: str
    method: str
    path: str
    permission: str
    takes_json: bool
    fields: tuple[str, ...] = ()
    """The names that the body may have."""

    def at(self, project: str = "main", id: str = "") -> str:
        """The address, filled in."""
        filled = FILLED | {"project": project, "id": id or MISSING.format(kind=KINDS.get(self.operation, "x"))}
        return self.path.format(**filled) + QUERIES.get(self.operation, "")

    @property
    def body(self) -> Any:
        """A body that is valid, where one is taken."""
        return BODIES[self.operation] if self.takes_json else None

    @property
    def scoped(self) -> bool:
        """True where the address names a project."""
        return "{project}" in self.path


class _NoHub:
    """Routes are registered without a hub."""


def routes() -> list[Route]:
    """Every route there is."""
    app = create_inner(_NoHub(), _NoHub(), HANDLERS)  # pyright: ignore[reportArgumentType]
    found = []
    for handler in declared(app):
        path = next(iter(handler.paths)).replace(":str", "")
        body = handler.parsed_fn_signature.parameters.get("data")
        fields = tuple(getattr(body.annotation, "model_fields", ())) if body else ()
        method, permission = next(iter(handler.http_methods)), handler.opt["permission"]
        found.append(Route(str(handler.operation_id), method, path, permission, body is not None, fields))
    return found


ROUTES = sorted(routes(), key=lambda route: route.operation)
SCOPED = [route for route in ROUTES if route.scoped]


def named(routes: list[Route]) -> dict[str, Any]:
    """Arguments for `parametrize`."""
    return {"argvalues": routes, "ids": [route.operation for route in routes]}


__all__ = ["BODIES", "EMAIL", "KINDS", "MISSING", "ROUTES", "SCOPED", "Route", "named"]
