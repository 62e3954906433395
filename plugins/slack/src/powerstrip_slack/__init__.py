"""Slack: post messages and files, read channels and people, and hear what happens in a workspace."""

from powerstrip_slack import actions, events, models
from powerstrip_slack.actions import post_message, upload_file
from powerstrip_slack.models import Post, Upload
from powerstrip_slack.provider import slack

__all__ = ["Post", "Upload", "actions", "events", "models", "post_message", "slack", "upload_file"]
