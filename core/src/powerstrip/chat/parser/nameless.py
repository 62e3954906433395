"""Words that are no name of a connection, a user or a bucket where one may stand."""

NOT_NAMES = frozenset([
    "the", "a", "an", "it", "that", "this", "for", "in", "on", "with", "by", "from", "to", "default", "main-channel", "user",
    "admin", "well", "soon", "basic", "follow-up", "api-key", "service-account", "e-mail",
])  # fmt: skip
NO_USER = frozenset([
    "and", "password", "is", "the", "with", "at", "as", "a", "in", "to", "for", "name", "named", "of", "still", "works", "work",
    "data", "records", "from", "on", "test", "page", "our", "my", "we", "info", "experience", "interface", "id",
])  # fmt: skip
NO_BUCKET = frozenset([
    "is", "in", "on", "at", "to", "for", "with", "and", "from", "as", "called", "named", "please", "using", "the", "a", "an",
    "by", "into", "that", "our", "via", "list", "or", "which", "where", "it", "s3", "aws", "we", "region", "under", "if",
    "gets", "policy",
])  # fmt: skip
NOBODY = frozenset([
    "it", "that", "this", "them", "those", "these", "one", "both", "all", "everything", "anything", "nothing",
    "something", "here", "there", "now", "please", "connection", "connections", "integration", "integrations", "key",
    "keys", "token", "tokens", "secret", "secrets", "password", "passwords", "credential", "credentials", "access",
    "webhook", "webhooks", "automation", "automations", "workflow", "workflows", "account", "accounts", "project",
    "projects", "provider", "providers", "notifications", "emails", "messages", "records", "everybody", "everyone",
])  # fmt: skip
