"""Entities: types with fields, records with a key, changes told as events; and what providers' events say of their things."""

from powerstrip.entities.changes import CONSUMER, DataChanges
from powerstrip.entities.entities import Entities
from powerstrip.entities.fields import Field, FieldType, read_fields
from powerstrip.entities.provider import entity_provider
from powerstrip.entities.query import Condition, read_condition
from powerstrip.entities.values import Kept, NewType, TypeChanges

__all__ = [
    "CONSUMER",
    "Condition",
    "DataChanges",
    "Entities",
    "Field",
    "FieldType",
    "Kept",
    "NewType",
    "TypeChanges",
    "entity_provider",
    "read_condition",
    "read_fields",
]
