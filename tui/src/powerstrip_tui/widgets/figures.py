"""The figures of the last day, each with its course by the hour."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from powerstrip.client.shapes import HourOfActivity

BARS = "·▁▂▃▄▅▆▇█"
WIDE = 28


def course(values: Sequence[int]) -> str:
    """Values as bars of one letter each; the highest is full, and anything at all is seen."""
    top = max(values, default=0)
    if not top:
        return "·" * len(values)
    return "".join(BARS[max(1, round(each / top * (len(BARS) - 1))) if each else 0] for each in values)


class Figures(Static):
    """Calls, failures, events and runs: below each other where there is room beside the list, else in one line."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._hours: list[HourOfActivity] = []

    def put(self, hours: list[HourOfActivity]) -> None:
        """Show these hours."""
        self._hours = hours
        self._draw()

    def on_resize(self) -> None:
        """Lay out anew."""
        self._draw()

    def _draw(self) -> None:
        if not self._hours:
            return
        failures = [each["call_failures"] + each["event_failures"] + each["run_failures"] for each in self._hours]
        rows = (
            ("Calls", [each["calls"] for each in self._hours], "$text-primary"),
            ("Failures", failures, "$text-error"),
            ("Events", [each["events"] for each in self._hours], "$text-accent"),
            ("Runs", [each["runs"] for each in self._hours], "$text-success"),
        )
        if self.size.width > 2 * WIDE:
            parts = [_short(name, each, style) for name, each, style in rows]
            self.update(Content("   ").join(parts))
            return
        lines = [Content.styled("The last day", "bold")]
        for name, each, style in rows:
            total = f"{sum(each):,}"
            lines += [Content.assemble("\n", (name, "bold"), total.rjust(len(each) - len(name)), "\n", (course(each), style))]
        self.update(Content("\n").join(lines))


def _short(name: str, values: Sequence[int], style: str) -> Content:
    return Content.assemble((f"{name} ", "bold"), f"{sum(values):,} ", (course(values[-8:]), style))
