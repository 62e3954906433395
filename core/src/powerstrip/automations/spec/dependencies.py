"""What a plan uses: actions, providers, integrations, automations and events, each with the place of its use."""

from collections.abc import Iterator, Mapping, Sequence

from powerstrip.automations.spec.plan import Action, Plan, Step, SubAutomation, WaitForEvent
from powerstrip.catalog import Connection
from powerstrip.names import name_key
from powerstrip.value import Value


class Dependency(Value):
    """One use. `kind` is action, provider, integration, automation or event; `place` is step, cleanup or trigger."""

    kind: str
    target: str
    place: str
    key: str
    outward: bool = False


def dependencies(plan: Plan, connections: Mapping[str, Sequence[Connection]]) -> list[Dependency]:
    """Everything that a plan uses, once for each place.

    An integration that is not named is the project's only one of the provider at this moment; where there are more or none,
    the provider alone is known.
    """
    found: list[Dependency] = []
    for step, cleanup in plan.every_step():
        found += [
            Dependency(*use, "cleanup" if cleanup else "step", step.key, is_outward(step)) for use in _of_step(step, connections)
        ]
    for trigger in plan.triggers:
        if trigger.event:
            found.append(Dependency("event", trigger.event, "trigger", trigger.key))
            found += [
                Dependency(*use, "trigger", trigger.key) for use in _of_event(trigger.event, trigger.source_id, connections)
            ]
    return list(dict.fromkeys(found))


def is_outward(step: Step) -> bool:
    """Whether a step makes a call to somebody outside."""
    return isinstance(step.task, Action) and step.task.action_kind in ("server", "http")


def _of_step(step: Step, connections: Mapping[str, Sequence[Connection]]) -> Iterator[tuple[str, str]]:
    match step.task:
        case Action(action_kind="server") as task:
            provider = task.action.partition(".")[0]
            yield "action", task.action
            yield "provider", provider
            yield from _integration(provider, task.integration, connections)
        case Action() as task:
            yield "action", task.action
        case SubAutomation() as task:
            yield "automation", task.automation
        case WaitForEvent() as task:
            yield "event", task.event
            yield from _of_event(task.event, task.source_id, connections)
        case _:
            return


def _of_event(event: str, source_id: str | None, connections: Mapping[str, Sequence[Connection]]) -> Iterator[tuple[str, str]]:
    provider = event.partition(".")[0]
    if provider in connections:
        yield "provider", provider
        yield from _integration(provider, source_id, connections)


def _integration(provider: str, wanted: str | None, connections: Mapping[str, Sequence[Connection]]) -> Iterator[tuple[str, str]]:
    known = connections.get(provider, ())
    if wanted is not None:
        known = [each for each in known if wanted == each.id or name_key(wanted) == name_key(each.name)]
    if len(known) == 1:
        yield "integration", known[0].id
