"""What handlers are given beside the parts of the request."""

from typing import Annotated, TypeAlias

from litestar.params import Dependency

from powerstrip.api.documents import Documents
from powerstrip.api.hub import Hub
from powerstrip.api.visit import Visit

GivenVisit: TypeAlias = Annotated[Visit, Dependency(skip_validation=True)]
GivenHub: TypeAlias = Annotated[Hub, Dependency(skip_validation=True)]
GivenDocuments: TypeAlias = Annotated[Documents, Dependency(skip_validation=True)]

NAMES = ("visit", "hub", "documents")
"""The parameters by which handlers ask for them."""
