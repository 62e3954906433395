"""The offline parser of sentences."""

from powerstrip.chat.parser.parser import Parser

__all__ = ["Parser"]
