"""Words that stand beside a word such as "password" and are no secret themselves."""

COMMON = frozenset([
    "the", "a", "an", "in", "on", "of", "to", "for", "and", "or", "not", "with", "from", "it", "is", "was", "are", "has",
    "have", "been", "here", "there", "stored", "saved", "set", "reset", "changed", "expired", "wrong", "invalid", "correct",
    "incorrect", "missing", "required", "needed", "right", "fine", "ok", "okay", "manager", "field", "policy", "login", "auth",
    "authentication", "later", "tomorrow", "today", "now", "yet", "below", "above", "attached", "via", "by", "at", "as", "that",
    "this", "these", "those", "which", "what", "where", "when", "how", "why", "who", "please", "still", "already", "again",
    "rotated", "leaked", "compromised", "protected", "secured", "encrypted", "hidden", "masked", "empty", "blank", "null",
    "none", "only", "grant", "flow", "rotation", "will", "would", "can", "could", "should", "may", "must", "be", "der", "die",
    "das", "und", "oder", "ist", "nicht", "im", "in", "mit", "für", "von", "zu", "bitte", "falsch", "abgelaufen", "el", "la",
    "los", "las", "de", "del", "y", "o", "no", "est", "pas", "et", "le", "les", "un", "une", "dans", "pour", "avec", "rejected",
    "refused", "accepted", "working", "broken", "ready", "coming", "going", "same", "different", "new", "old", "my", "our",
    "your", "their", "his", "her", "its", "prompt", "reminder", "auf", "unter", "neu",
])  # fmt: skip


LABEL_WORDS = frozenset([
    "password", "passwords", "passphrase", "passphrases", "token", "tokens", "key", "keys", "secret", "secrets", "credential",
    "credentials",
])  # fmt: skip
