"""OpenAI and servers that speak its API: answers of language models, embeddings, images, moderation."""

from powerstrip_openai import actions, events, models, responses
from powerstrip_openai.provider import openai

__all__ = ["actions", "events", "models", "openai", "responses"]
