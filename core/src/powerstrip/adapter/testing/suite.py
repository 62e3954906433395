"""The conformance suite, as one line of a test file."""

from collections.abc import Callable
from typing import Final

from powerstrip.adapter.adapter import Adapter
from powerstrip.adapter.rules import RULES, Rule
from powerstrip.adapter.testing import conformance, imports

CONFORMANCE: Final[tuple[Rule, ...]] = (
    *RULES,
    conformance.everything_is_documented,
    conformance.fields_are_clear,
    conformance.examples_validate,
    conformance.mocks_round_trip,
    conformance.dependent_pickers_read_real_fields,
    conformance.events_are_told_apart,
    conformance.bad_deliveries_are_rejected,
    conformance.actions_send_what_may_be_sent,
    conformance.pickers_and_account_run,
    conformance.hostile_input_stays_below_the_base,
    imports.importing_opens_nothing,
)
"""Every rule of the contract: what a hub insists on, and what makes an adapter good."""


def check(adapter: Adapter) -> Callable[[Rule], None]:
    """A pytest test for each rule: `test_contract = check(slack)`. A failing one says what to mend."""
    import pytest

    @pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.__name__) for rule in CONFORMANCE])
    def test_contract(rule: Rule) -> None:
        broken = [f"- {sentence}" for sentence in rule(adapter)]
        if broken:
            pytest.fail("\n".join([f"{adapter.title}: {rule.__doc__}", *broken]), pytrace=False)

    return test_contract
