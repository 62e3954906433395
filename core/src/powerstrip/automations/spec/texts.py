"""The texts of a spec: references are read in the step's spelling, collected for the check, and kept in one spelling."""

from typing import Any, cast

from powerstrip.automations.expressions import Reference, TemplateRefused, parse_dollar, parse_mustache
from powerstrip.automations.spec.findings import Findings, Path
from powerstrip.value import Value

AUTHORING = "authoring"
MAX_KEY = 200
"""Characters of a field's name within parameters."""


class Use(Value):
    """A reference: where it stands, in which step, whether `default` stands around it, and which roots are allowed there."""

    reference: Reference
    path: Path
    step: str | None
    optional: bool = False
    roots: tuple[str, ...] = ()


class Texts:
    """Reads templates. `begin` says in which step and spelling what follows stands."""

    def __init__(self, findings: Findings, uses: list[Use]) -> None:
        self._findings = findings
        self._uses = uses
        self._spelling = AUTHORING
        self.step: str | None = None

    def begin(self, spelling: str, step: str) -> None:
        """A step begins."""
        self._spelling, self.step = spelling, step

    @property
    def state(self) -> tuple[str, str | None]:
        """Where `resume` goes back to after nested steps."""
        return self._spelling, self.step

    def resume(self, state: tuple[str, str | None]) -> None:
        """Go on with a step."""
        self._spelling, self.step = state

    def text(self, text: str, path: Path, step: str | None, *, roots: tuple[str, ...] = ()) -> str:
        """One template, in the spelling `${…}`."""
        api = bool(step) and self._spelling != AUTHORING
        try:
            template = parse_mustache(text) if api else parse_dollar(text)
        except TemplateRefused as error:
            self._findings.error(path, "bad_template", str(error), "A literal ${ is written $${" if not api else "")
            return text
        self._uses += [Use(reference, path, step, optional, roots) for reference, optional in template.references()]
        return template.dollar()

    def values(self, value: Any, path: Path, step: str | None, *, roots: tuple[str, ...] = ()) -> Any:
        """Every text within a value."""
        if isinstance(value, str):
            return self.text(value, path, step, roots=roots)
        if isinstance(value, dict):
            items = cast(dict[str, Any], value).items()
            return {name: self.values(item, (*path, name), step, roots=roots) for name, item in items}
        if isinstance(value, list):
            items = enumerate(cast(list[Any], value))
            return [self.values(item, (*path, place), step, roots=roots) for place, item in items]
        return value
