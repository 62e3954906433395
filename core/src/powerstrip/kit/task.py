"""What the kit hands to the process that judges an adapter."""

from typing import TypedDict


class Task(TypedDict):
    """An entry point, folders to import it from, whether it has a README, and files of signed deliveries."""

    path: list[str]
    name: str
    value: str
    readme: bool
    vectors: list[str]
