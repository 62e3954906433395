"""Bundles: a project's integrations as one JSON document, for another project or another hub."""

from powerstrip.connect.bundles.differences import Difference, Entry, State
from powerstrip.connect.bundles.exporting import Exporter
from powerstrip.connect.bundles.importing import Importer

__all__ = ["Difference", "Entry", "Exporter", "Importer", "State"]
