"""What went wrong, as a sentence and the next step."""

from dataclasses import dataclass

from powerstrip.client import BadAddress, ClientError, HubError, HubUnreachable
from powerstrip_tui.texts import line


@dataclass(frozen=True)
class Said:
    """A sentence, and what to do now."""

    words: str
    next: str = ""

    def __str__(self) -> str:
        return f"{self.words}  {self.next}".strip()


def said(error: ClientError) -> Said:
    """What a failure means for the person at the keyboard."""
    match error:
        case HubUnreachable():
            return Said(f"{line(error)}.", "It is asked again by itself; what is shown is from before.")
        case HubError(status=401):
            return Said(
                "The hub refuses the API key: it is expired, revoked or not of this hub.",
                "Press K to give another; `powerstrip keys create` makes one.",
            )
        case HubError(status=403):
            return Said(_full(error), "Ask an owner of the project for the permission, or use a key that has it.")
        case HubError(status=404):
            return Said(_full(error), "Press r to ask again, or Escape to go back.")
        case HubError(retry_after=float(seconds)):
            return Said(_full(error), f"Try again in {seconds:g} s.")
        case HubError():
            return Said(_full(error), line(error.details.get("hint", "")))
        case BadAddress():
            return Said(f"{line(error)}.")
        case _:
            return Said(line(error))


def _full(error: HubError) -> str:
    """The hub's sentence, and the reasons for each field that are not in it."""
    reasons = [f"{path}: {words}" if path else words for path, words in error.reasons]
    text = "; ".join([error.message, *(each for each in reasons if each not in error.message)])
    return line(text if text.endswith((".", "!", "?")) else f"{text}.")
