"""What handlers are given beside the parts of the request."""

from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from powerstrip.api.documents import Documents
from powerstrip.api.hub import Hub
from powerstrip.api.visit import Visit

GivenVisit: TypeAlias = NamedDependency[SkipValidation[Visit]]
GivenHub: TypeAlias = NamedDependency[SkipValidation[Hub]]
GivenDocuments: TypeAlias = NamedDependency[SkipValidation[Documents]]

NAMES = ("visit", "hub", "documents")
"""The parameters by which handlers ask for them."""
