"""What all tables share.

Times are RFC 3339 texts in UTC, JSON is text, ids are `prefix_` + 128 random bits: the same on both databases.
"""

import json
import re
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, Text
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from powerstrip.clock import new_id


class JsonText(TypeDecorator[Any]):
    """JSON kept as text, so that hot inserts can pass a ready string on either database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


ROWID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps its rows by an INTEGER key and needs no index beside."""


def json_column(**column: Any) -> Any:
    return Field(default_factory=dict, sa_column=Column(JsonText, nullable=False, **column))


def list_column() -> Any:
    return Field(default_factory=list, sa_column=Column(JsonText, nullable=False))


def optional_json() -> Any:
    return Field(default=None, sa_column=Column(JsonText, nullable=True))


def optional_bytes() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


def id_column(prefix: str) -> Any:
    return Field(default_factory=lambda: new_id(prefix), primary_key=True, max_length=40)


def project_column() -> Any:
    return Field(foreign_key="project.id", index=True, max_length=40)


class Table(SQLModel):
    """The base of all tables: `RoleAssignment` is kept as `role_assignment`."""

    # rows are not validated: few of them ever need a validator
    model_config = ConfigDict(defer_build=True)  # pyright: ignore[reportAssignmentType] - its further keys have defaults

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride] - SQLAlchemy's own way
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
