"""Literal inputs of an action that a message states, by the field's own pattern. What is not said is not made up."""

import re
from collections.abc import Callable

from powerstrip.chat.intent import Value
from powerstrip.chat.parser.literals import (
    QUOTED,
    STOP,
    WORD,
    Inputs,
    free_quotes,
    number_after,
    quoted_or,
    raw_after,
    read_amount,
    read_attachments,
    read_body,
    read_bucket,
    read_channel,
    read_currency,
    read_deal,
    read_email,
    read_expires,
    read_filename,
    read_from_phone,
    read_full_name,
    read_jql,
    read_key,
    read_labels,
    read_method,
    read_moment,
    read_new_channel,
    read_object,
    read_pair,
    read_person,
    read_query,
    read_range,
    read_resource,
    read_sender,
    read_sentence_after_verb,
    read_subject,
    read_text,
    read_title,
    read_to_mail,
    read_to_phone,
    read_url,
    read_values,
)
from powerstrip.chat.parser.things import Things


def inputs_of(action: str, fields: tuple[str, ...], things: Things, *, automates: bool) -> Inputs:
    """The inputs of an action with these fields, in an order where the plainer fields take what is left of the quotes."""
    provider = action.split(".", 1)[0]
    found: Inputs = {}
    for field in fields:
        reader = _BY_ACTION.get((action, field)) or _BY_PROVIDER.get((provider, field)) or _READERS.get(field)
        value = reader(things, found) if reader else _plain(field, things)
        if value not in ("", [], None) and not (field in _SAID_ONCE and value in found.values()):
            found[field] = value
    if automates:
        for name in ("text", "body", "title", "subject", "input"):
            if name in found and not things.quotes:
                del found[name]
    return found


def _plain(field: str, things: Things) -> str:
    """`field value` or `field: value`, for fields of adapters that nothing special is known of."""
    words = re.escape(field).replace("_", "[ _]")
    found = things.find(rf"\b{words}(?: is|:|=)?\s+(?:{QUOTED}|{WORD})")
    return "" if found.lower() in STOP else found


_SAID_ONCE = frozenset(["text", "body", "title", "subject", "input", "content", "query"])
_IN = r"(?:in|to|on|into|for|of|from|from the|in the|im|en|dans|at)"
_READERS: dict[str, Callable[[Things, Inputs], Value | None]] = {
    "channel": read_channel, "text": read_text, "to": read_to_mail, "from_address": read_sender, "from_number": read_from_phone, "subject": read_subject, "body": read_body,
    "title": read_title, "email": read_email, "bucket": read_bucket, "key": read_key, "source_key": read_pair(0), "target_key": read_pair(1), "values": read_values, "labels": read_labels,
    "amount": read_amount, "currency": read_currency, "expires_in": read_expires, "range": read_range, "start": read_moment(0), "end": read_moment(1), "post_at": read_moment(0),
    "query": read_query, "jql": read_jql, "input": read_sentence_after_verb, "url": read_url, "method": read_method, "attachments": read_attachments, "filename": read_filename,
    "object": read_object, "first_name": read_person(0), "last_name": read_person(1), "resource_type": read_resource(0),
    "template": quoted_or(rf"\btemplate(?: named| called| id| alias|:)*\s*{QUOTED}", rf"\b{QUOTED}\s+template", r"\b(?!the\b|our\b|a\b|with\b|my\b|postmark\b|sendgrid\b|mailgun\b|using\b|send\b)([\w-]+)[ -]template\b", r"\btemplate(?: named| called| id| alias|:)*\s+(?!to\b|from\b|with\b|for\b|via\b|in\b|on\b|through\b|by\b|when)([\w-]+)", r"\b(?:vorlage|plantilla|modèle|modelo)\s+([\w-]+)"),
    "message_stream": quoted_or(r"\b([\w-]+) (?:message )?stream\b", r"\bstream:?\s+([\w-]+)"),
    "message_id": quoted_or(r"\b([0-9a-f]{8}-[0-9a-f-]{27})\b", r"\b((?:SM|MM)[0-9a-f]{10,})\b", r"\b(?:message|id|sid)(?: id)?:?\s+([\w-]*\d[\w-]*)"),
    "list": quoted_or(rf"\b(?:list)(?: named| called|:)*\s*{QUOTED}", rf"{QUOTED} list", r"\b(?:to|on|onto|the|our)(?: the| our)? ([\w-]+(?: (?-i:[A-Z])[\w-]+)?) (?:contact |mailing |marketing )?list\b", r"\blist(?: named| called|:)*\s+([\w-]+)"),
    "domain": quoted_or(r"(?<![\w@.])((?:[\w-]+\.)+[a-z]{2,})(?![\w@])"),
    "phone_number": lambda things, _: things.phones[0] if things.phones else "",
    "code": quoted_or(r"\b(?:code|otp|pin)(?: is|:)?\s+(\d{4,8})\b", r"\b(\d{4,8})\b(?= (?:the )?(?:right|correct|valid))"),
    "limit": number_after(r"\b(?:last|latest|first|top|recent|newest|past|letzten)\s+(\d{1,3})\b", r"\b(\d{1,3})\s+(?:most recent|latest|newest|last|messages|bounces|results|items|events)\b", r"\blimit(?: of|:)?\s+(\d+)"),
    "ts": quoted_or(r"\b(\d{10}\.\d{4,6})\b"),
    "emoji": quoted_or(r":([a-z0-9_+-]+):", r"\b(?:with|a|an|the|add)\s+(?:an? |the )?([a-z_+0-9-]+?)(?:[ -]emoji| reaction)\b", r"\b(?:react|reaction|emoji)(?: with| to \S+ with|:)*\s+(?:an? |the )?([a-z_]+)\b(?!:)", r"\b(?:an? |the |with )(thumbs?[ _]?(?:up|down)|tada|eyes|white_check_mark|check ?mark|heart|rocket|fire|party|wave|clap|raised_hands|ok_hand|\+1|-1)\b"),
    "repo": quoted_or(r"\bfrom (?:the )?(?:repo(?:sitory)? )?([A-Za-z0-9][\w-]*/[A-Za-z0-9][\w.-]*[A-Za-z0-9])(?=\W*$| (?:at|on|branch|ref|tag|version|as)\b)", r"\b(?:in|of|on|at|for|repo|repository|project) (?:the )?(?:repo(?:sitory)? )?([A-Za-z0-9][\w-]*/[A-Za-z0-9][\w.-]*[A-Za-z0-9])(?![\w/@])", r"(?<![\w@./:])(?![\w./-]*\.(?:md|ya?ml|json|txt|toml|csv|html|pdf|py|js|ts|sh)\b)([A-Za-z0-9][\w-]*/[A-Za-z0-9][\w.-]*[A-Za-z0-9])(?![\w/@])"),
    "number": number_after(r"\b(?:issue|pr|pull request|pull|bug|ticket)\s+(?:number |no\.? ?)?#?(\d+)\b", r"#(\d+)\b", r"[\w-]+/[\w.-]+#(\d+)\b"),
    "head": quoted_or(r"\bfrom (?:the )?(?:branch )?[\"'`]?([\w./-]*\w)[\"'`]?(?: branch)? (?:in)?to\b", r"\bfrom (?:the )?(?:branch )?[\"'`]?([\w./-]*\w)", r"\bhead:?\s+([\w./-]+\w)"),
    "base": quoted_or(r"\b(?:into|onto|against|base:?|to) (?:the )?(?:branch )?[\"'`]?((?:main|master|develop|dev|staging|production|release\S*|[\w-]+))[\"'`]?(?= branch| in\b| of\b| titled| with| called| named|[,.:]|$)"),
    "path": quoted_or(r"(?<![\w@./:-])((?:[\w.-]+/)*[\w-]*\.?[\w-]+\.(?:md|ya?ml|json|txt|toml|py|js|ts|csv|html|cfg|ini|lock|sh|go|rs|java|rb|xml|sql))\b", r"\b(?:the )?(README|LICENSE|Dockerfile|Makefile|CHANGELOG|CODEOWNERS)\b", r"\bfile ([\w./-]+\w)"),
    "ref": quoted_or(r"\b(?:on|from|at|branch|ref|auf|en|sur)(?: the)?(?: branch)?:?\s+[\"'`]?(main|master|develop|dev|staging|production|release[\w./-]*|v\d[\w.]*|(?:feature|fix|hotfix)/[\w.-]+|[\w.-]+(?= branch))\b", r"\bbranch:?\s+([\w./-]+\w)"),
    "tag": quoted_or(r"\b(?:release|tag|version)(?: called| named| is|:)?\s+[\"'`]?(v?\d[\w.-]*\w|v?\d)", r"\b(v\d+(?:\.\d+)*[\w-]*)\b", r"\btag\b[^,;\"]*? (?:as|with) [\"']?(?!the\b|a\b)([\w-]+)", rf"\b(?:tag|label)\b[^,;\"]*?{QUOTED}", rf"{QUOTED} tag\b", r"\b(?:the|a) ([\w-]+) tag\b"),
    "workflow": quoted_or(r"\b([\w.-]+\.ya?ml)\b", r"\b(?:the )?([\w-]+) (?:workflow|pipeline|action)\b", r"\bworkflow:?\s+([\w.-]+)"),
    "team": quoted_or(rf"\bteam\s*{QUOTED}", r"\b(?:team|für team)(?: named| called|:)?\s+((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)*)", r"\b(?:the|our) ((?-i:[A-Z])[\w-]*) team\b", r"\bteam\s+(?!and|in|on|for|to|with)([\w-]+)"),
    "project": quoted_or(rf"\b(?:project|projekt|proyecto|projet|board)\s*{QUOTED}", r"\b(?:project|projekt|proyecto|projet|board)(?: key| named| called|:)?\s+((?-i:[A-Z])[\w-]*)", r"\b(?:the|our|in|into|to) ((?-i:[A-Z])(?-i:[A-Z0-9])+)(?: project| board)?\b(?!-\d)"),
    "issue": quoted_or(r"\b((?-i:[A-Z])(?-i:[A-Z0-9]){1,9}-\d+)\b", r"\b([a-z]{2,6}-\d+)\b"),
    "issue_type": quoted_or(r"\b(?:create|file|open|raise|make|add|log|new|report)\s+(?:an? |the )?(?:new )?(?:jira )?(bug|task|story|epic|sub-task|incident|improvement)\b", r"\b(?:issue )?type:?\s+(bug|task|story|epic|incident)"),
    "transition": quoted_or(rf"\b(?:to|as|into|auf|a|in)\s*{QUOTED}", r"\b(?:to|as|into|auf|a|en|in)(?: status| state| column| the)?\s+((?:in progress|in review|to do|done|closed|resolved|reopened|blocked|backlog|selected for development|ready for \w+|waiting for \w+|won t do|qa|testing|open|cancelled|canceled|review|erledigt|hecho|terminé|(?-i:[A-Z])\w*(?: (?-i:[A-Z])\w*)*))\b(?!-\d)"),
    "state": quoted_or(r"\b(?:to|as|into|auf|a|en)(?: status| state| the)?\s+[\"']?((?:in progress|in review|to ?do|done|closed|resolved|reopened|blocked|backlog|cancell?ed|open|triage|(?-i:[A-Z])\w*(?: (?-i:[A-Z])\w*)*))\b(?!-\d)", r"\b(open|closed) (?:issues|bugs|tickets)", r"\b(close|reopen)\b"),
    "assignee": quoted_or(r"\b(?:to|assignee|assigned to|an|a)(?: is|:)?\s+([\w.+-]+@[\w.-]+\w)", r"\bassign(?: \S+){1,3} to ([A-Za-z][\w.-]*(?: (?-i:[A-Z])\w+)?)"),
    "time_spent": quoted_or(r"\b(\d+(?:\.\d+)?\s?(?:h|hours?|hrs?|m|min|minutes?|d|days?)(?:\s?\d+\s?(?:m|min|minutes?))?)\b"),
    "page": quoted_or(rf"\bpage(?: named| called| titled|:)*\s*{QUOTED}", rf"{QUOTED} (?:notion )?page", r"\b(?:the|our|my) ((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])?[\w-]+){0,3}?)(?: notion)? page\b", r"\bpage(?: named| called| titled|:)*\s+((?-i:[A-Z])[\w-]*(?: (?!(?:in|and|to|from|with|on|for|at|via|when)\b)[\w-]+)*)", r"\b(?!notion\b|new\b|the\b|a\b|this\b|that\b)([\w-]+) (?:notion )?page\b"),
    "database": quoted_or(rf"\b(?:database|db)(?: named| called|:)*\s*{QUOTED}", rf"{QUOTED} (?:notion )?(?:database|db)", r"\b(?:the|our|my) ((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])?[\w-]+){0,3}?)(?: notion)? (?:database|db|table)\b", r"\b(?:database|db)(?: named| called|:)*\s+((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)*)", r"\b(?!notion\b|the\b|a\b|our\b|my\b)([\w-]+) (?:notion )?(?:database|db)\b"),
    "spreadsheet": quoted_or(rf"\b(?:spreadsheet|sheet|tabelle|hoja)(?: named| called|:)*\s*{QUOTED}", rf"{QUOTED} (?:google )?(?:spread)?sheet", r"\b(?:the|our|my|of|in|to|der|die|la)(?: the| our| my)? ((?-i:[A-Z0-9])[\w-]*(?: (?-i:[A-Z0-9])[\w-]*){0,3})(?: google)? (?:spread)?sheet\b", r"\b(?:spreadsheet|sheet|tabelle|hoja)(?: named| called|:)*\s+((?-i:[A-Z0-9])[\w-]*(?: (?-i:[A-Z0-9])[\w-]*)*)", r"\b(?:feuille|planilha|foglio|tabelle|hoja)(?: de calculo)?\s+((?-i:[A-Z])[\w-]*)", r"\b(?!google\b|the\b|a\b|our\b|my\b|new\b|that\b|this\b)([\w-]+) (?:google )?(?:spread)?sheet\b"),
    "sheet_tab": quoted_or(rf"\b(?:tab|worksheet)\s*{QUOTED}", rf"{QUOTED} tab\b", r"\b(?:the|our) ((?-i:[A-Z])[\w-]*) tab\b", r"\b(?:tab|worksheet)(?: named| called|:)?\s+((?-i:[A-Z0-9])[\w-]*)"),
    "document": quoted_or(rf"\b(?:doc|document|dokument)(?: named| called|:)*\s*{QUOTED}", rf"{QUOTED} (?:google )?(?:doc|document)", r"\b(?:the|our|my|to|of)(?: the| our| my)? ((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])?[\w-]+){0,3}?)(?: google)? (?:doc|document)\b", r"\b(?:doc|document|dokument)(?: named| called|:)*\s+((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)*)"),
    "calendar": quoted_or(rf"\bcalendar(?: named| called|:)*\s*{QUOTED}", r"\b(?:the|our) ((?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)?) calendar\b", r"\bcalendar(?: named| called|:)+\s+((?-i:[A-Z])[\w-]*)"),
    "name": lambda things, found: things.find(rf"\b(?:company|firm|firma|organi[sz]ation|customer|project|account|empresa)(?: named| called|:)?\s+{QUOTED}", r"\b(?:company|firm|firma|empresa)(?: named| called|:)?\s+((?-i:[A-Z])[\w&.-]*(?: (?-i:[A-Z&])[\w&.-]*)*)") or read_full_name(things) or next(iter(free_quotes(things, found)), "") or things.find(r"\b(?:called|named|name)(?: is|:)?\s+([^,;\"]+?)(?=\s+(?:in|for|on|to|with|worth|at|and|over)\b|[,;.]|$)"),
    "stage": quoted_or(rf"\b(?:to|in|stage|into|as)\s*{QUOTED}", r"\b(?:stage(?: to| is|:)?|to|into|as)(?: stage)?\s+((?:closed won|closed lost|closed-won|closed-lost|negotiation|proposal|qualified\w*|appointment scheduled|contract sent|(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)*))\b", r"\bas (won|lost)\b"),
    "id": quoted_or(r"\b((?=\w*\d)[0-9][0-9A-Za-z]{14}(?:[0-9A-Za-z]{3})?)\b", r"\b(?:id|number|record)(?: is|:|#)*\s+#?([\w-]*\d[\w-]*)"),
    "soql": raw_after(r"\bselect\b.+\bfrom\b.+$"),
    "conversation_id": quoted_or(r"\b(?:conversation|chat|thread|ticket|unterhaltung)(?: id| number|:|#)*\s*#?(\d{3,})\b", r"\b(\d{4,})\b"),
    "customer": quoted_or(r"\b(cus_\w+)\b"), "price": quoted_or(r"\b(price_\w+)\b"), "charge": quoted_or(r"\b(ch_\w+)\b"), "payment_intent": quoted_or(r"\b(pi_\w+)\b"),
    "invoice": quoted_or(r"\b(in_\w+)\b"), "quantity": number_after(r"\b(?:quantity|qty)(?: of|:)?\s+(\d+)", r"\b(\d+)\s?(?:x|×|seats?|units?|licen[sc]es)\b"),
    "patient": quoted_or(r"\bPatient/([\w-]+)", r"\bpatient(?: id|:|#)*\s+([\w-]*\d[\w-]*)"), "birth_date": quoted_or(r"\b(?:born|birth ?date|dob|birthday|geboren)(?: on| is|:| am)*\s+(\d{4}-\d\d-\d\d)"),
    "prefix": quoted_or(r"\b(?:under|prefix|in|inside|below|within|starting with|folder)(?: the| is|:)?\s+[\"'`]?([\w.-]+/(?:[\w./-]*))", r"\b(?:prefix)(?: is|:)?\s+([\w./-]+)"),
    "content": lambda things, found: things.find(rf"\b(?:content|saying|containing|with(?: the)? (?:text|content)?|text)(?: is|:)?\s*{QUOTED}") or next(iter(free_quotes(things, found)), ""),
    "model": quoted_or(r"\b(gpt-[\w.-]*\w|text-embedding-[\w-]+|dall-e-\d|gpt-image-\d|omni-moderation-\w+|o\d(?:-\w+)?)\b"),
}  # fmt: skip
_JSON = re.compile(r"\{.*\}|\[.*\]", re.DOTALL)
_BY_PROVIDER: dict[tuple[str, str], Callable[[Things, Inputs], Value | None]] = {
    ("http", "body"): lambda things, found: (
        match[0] if (match := _JSON.search(things.raw)) else body if "<secret-" not in (body := read_body(things, found)) else ""
    ),
    ("twilio", "to"): read_to_phone,
    ("fhir", "id"): read_resource(1),
    ("intercom", "name"): read_full_name,
    ("hubspot", "query"): lambda things, found: "" if "email" in found else read_query(things, found),
    ("stripe", "query"): lambda things, found: "" if "email" in found else read_query(things, found),
    ("intercom", "query"): lambda things, found: "" if "email" in found else read_query(things, found),
    ("jira", "project"): lambda things, found: "" if "jql" in found else str(_READERS["project"](things, found) or ""),
    ("jira", "query"): lambda things, found: "" if "jql" in found else read_query(things, found),
    ("github", "body"): lambda things, found: (
        read_body(things, found) if "title" not in found or len(free_quotes(things, found)) else ""
    ),
    ("jira", "body"): lambda things, found: (
        next(iter(free_quotes(things, found)), "") if "title" in found else read_body(things, found)
    ),
    ("linear", "body"): lambda things, found: (
        next(iter(free_quotes(things, found)), "") if "title" in found else read_body(things, found)
    ),
}
_BY_ACTION: dict[tuple[str, str], Callable[[Things, Inputs], Value | None]] = {
    ("slack.channel.create", "name"): read_new_channel,
    ("hubspot.deal.create", "name"): read_deal,
    ("hubspot.deal.update", "name"): read_deal,
    ("github.issue.update", "state"): lambda things, _: {"c": "closed", "r": "open"}.get(
        things.find(r"\b(clos|re-?open)")[:1].lower(), ""
    ),
    ("intercom.conversation.assign", "team"): lambda things, _: things.find(
        r"\bto (?:the |our )?([\w-]+) team\b", r"\bteam ([\w-]+)"
    ),
    ("google.sheet.update", "values"): lambda things, found: (
        [value] if (value := things.find(r"\b(?:to|=|as|auf|a|en|with)\s+([^,;\s]+)\W*$")) else read_values(things, found)
    ),
    ("github.release.create", "body"): lambda things, found: next(iter(free_quotes(things, found)), ""),
    ("github.release.create", "name"): lambda things, found: things.find(rf"\b(?:named|called|titled?)\s*{QUOTED}"),
}
