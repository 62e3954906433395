"""Settings of a connection that a message states: names, regions, addresses, ways to sign in. Nothing is made up."""

import re
from collections.abc import Callable

from powerstrip.chat.intent import Value
from powerstrip.chat.parser.nameless import NO_BUCKET, NO_USER, NOT_NAMES
from powerstrip.chat.parser.things import Things

Config = dict[str, Value]
_WORD = r"[\"'“`]?([\w][\w.-]*[\w])[\"'”`]?"
_NAME = rf"\b(?:call(?:ed)? (?:it|this|that|the connection|the integration)|(?:re)?name (?:it|this|that)|label(?:led)? (?:it|this)|show(?:s)? up as|under the name(?: of)?|with the name|the name (?:is|should be)|(?:connection|integration) name(?: is|:)?|name(?: is|:| should be)|(?<=[,;] )name|(?<=\band )name|(?<=\bwith )name|named|called|known as|nenne? (?:sie|es|ihn|das)(?: bitte)?|namens|genannt|unter dem namen|name soll|ll[aá]mal[ao]|llamad[ao]|con el nombre(?: de)?|appelle[- ]l[ae]|nomme[- ]l[ae]|nomm[ée]e?|sous le nom(?: de)?|chame[- ]a|chamada|save it as|saved? as|store it as|register it as|list it as) {_WORD}"
_AS = r"\bas [\"'“`]?([a-z][a-z0-9]*(?:-[a-z0-9]+)+|[a-z]+_[a-z0-9_]+)[\"'”`]?"
SCHEMES = (
    ("smart_backend", r"smart[ -]?(?:on fhir )?backend|private[_ ]key[_ ]jwt|backend services?"),
    ("mtls", r"\bm-?tls\b|mutual[ -]tls|client certificates?|two-way tls|mutual ssl"),
    ("oauth2_client_credentials", r"client[ _-]credentials|\boauth ?2?\b(?!.*smart)"),
    ("hmac", r"\bhmac\b|signed requests|request signing"),
    ("none", r"\bno[ -](?:auth\w*|login|credentials?|(?:api )?(?:key|token)s?(?: is| are)? (?:needed|required|necessary)|(?:api )?(?:key|token)s?\s*(?:[:.,]|$))|(?:doesn t|does not|don t) (?:need|require|want) (?:an? |any )?(?:key|token|auth\w*|login|credentials?)|open data|\bwithout (?:any )?(?:auth\w*|login|credentials?|a key|password)\b|unauthenticated|no authentication|auth: none|(?:it s|is) (?:open|public)\b|anonymous|ohne (?:anmeldung|login|auth\w*)|sans auth\w*|sin auth\w*"),
    ("basic", r"\bbasic\b|(?:^|\s)-u \S+:|user(?:name)? and password|username/password|http login"),
    ("bearer", r"\bbearer\b"),
    ("api_key", r"\bapi[ -]?key|x-api-key|key (?:\w+ )?in (?:the|a) (?:url|header|query)|\bheader\b|query (?:string|param)"),
)  # fmt: skip


def settings_of(provider: str, things: Things, *, connects: bool) -> Config:
    """What the text states for a connection of this provider; with `connects` false only its name."""
    config: Config = {}
    if name := connection_name(things):
        config["name"] = name
    if connects:
        _READERS.get(provider, _other)(things, config)
        if provider in (
            "stripe",
            "http",
            "fhir",
            "sendgrid",
            "salesforce",
            "twilio",
            "openai",
            "mailgun",
            "postmark",
            "hubspot",
        ) and (mode := _mode(things)):
            config["mode"] = "test" if (provider, mode) == ("stripe", "sandbox") else mode
    return config


def connection_name(things: Things) -> str:
    """The name that the text gives a connection."""
    for source in (_NAME, _AS):
        for match in re.finditer(source, things.raw, re.IGNORECASE if source is _NAME else 0):
            before = things.raw[max(0, match.start() - 12) : match.start()].lower()
            if match[1].lower() not in NOT_NAMES and not re.search(
                r"\b(?:bucket|space|channel|room|org|stream|file|list|page|project|sheet|domain|user|header|parameter|param|field|key|model|table|database|thing|service|tool|app|company|something|software|product|program|system|platform|vendor|provider)(?: is)? $",
                before,
            ):
                return match[1]
    return ""


def _mode(things: Things) -> str:
    return things.find(
        r"\b(test|live|sandbox)(?:[ -]?(?:mode|account|environment|server|env|key|modus|modo|system)|\b(?! (?:the|it|if|my|our|whether|in)\b))",
        r"\bmodo? (test|live|sandbox|prueba)",
    ).lower()


def _scheme(things: Things, config: Config) -> None:
    text = re.sub(r"https?://\S+", " ", things.raw).lower().replace("'", " ")
    for scheme, source in SCHEMES:
        if re.search(source, text):
            config["auth_scheme"] = scheme
            break
    if header := things.find(
        r"\b(?:in|as|via|through|using|with|header:?|use|by)\s+(?:the |an? |its |our )?[\"'`]?((?:[A-Za-z]+-)+[A-Za-z]+|(?-i:[A-Z])[A-Za-z]+)[\"'`]?\s*header",
        r"\bheader(?: is| named| called| name|:)*\s+[\"'`]?([A-Za-z]+(?:-[A-Za-z]+)+)",
        r"\b(X-[A-Za-z-]+)(?=[:\s,;.)]|$)",
    ):
        config["auth_header"] = header
    if (
        parameter := things.find(
            r"\bquery (?:string )?param(?:eter)?(?: is| named| called|:)*\s+[\"'`]?(\w+)",
            r"[\"'`]?\b(\w+)[\"'`]? (?:as an? )?query (?:string )?param",
            r"\bquery(?: string| param\w*)? (?:as|named|called) (?:the )?[\"'`]?(\w+)",
            r"[\"'`]?\b(\w+)[\"'`]? (?:in|of) the query\b",
            r"\?(\w+)=(?=\s|$|\W)",
        )
    ) and parameter.lower() not in ("a", "the", "is", "in", "as", "string"):
        config["auth_query_param"] = parameter
    if user := _username(things):
        config["username"] = user
    if client := _client_id(things):
        config["client_id"] = client
    if token_url := things.find(r"token (?:url|endpoint)(?: is|:)?\s+(https?://[^\s,;]+)"):
        config["token_url"] = token_url.rstrip(".")


def _username(things: Things) -> str:
    found = things.find(
        r"\b(?:user ?name|user|login|account|(?:sign|log)(?:ged|s)? ?in (?:as|with)|benutzer(?:name)?|usuario|utilisateur|anmeldung)(?: is| as| ist| es| est|:| name)*(?:\s+|=)([\w.+-]+@[\w.-]+\w|[\w][\w.-]*[\w])",
        r"(?:^|\s)(?:-u|--user)[ =][\"']?([\w.+@-]{1,80}):<secret-\d+>",
        r"\b([\w.+-]{2,40}(?:@[\w.-]+\w)?)\s*/\s*<secret-\d+>",
    )
    return "" if found.lower() in NO_USER else found


def _client_id(things: Things) -> str:
    return things.find(
        r"\bclient[ _-]?id(?: is|:|=)?\s+[\"'`]?([\w.-]*\d[\w.-]*|[\w]+-[\w-]+)", r"\bconsumer key(?: is|:)?\s+([\w.]{12,})"
    )


def _base_url(things: Things, config: Config, name: str = "base_url") -> None:
    token_url = str(config.get("token_url", ""))
    for address in things.addresses:
        if address.url.rstrip("/") != token_url.rstrip("/"):
            config[name] = address.url
            if address.username and name == "base_url":
                config.update(auth_scheme="basic", username=address.username)
            if address.key_parameter:
                config.update(auth_scheme="api_key", auth_query_param=address.key_parameter)
            return
    if things.hosts:
        config[name] = things.hosts[0]


def _http(things: Things, config: Config) -> None:
    _scheme(things, config)
    _base_url(things, config)


def _s3(things: Things, config: Config) -> None:
    if (
        region := things.find(
            r"\b((?:us|eu|ap|sa|ca|me|af|il|cn)-(?:gov-)?(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-\d)\b"
        )
    ) or (
        region := things.find(
            r"\bregion(?: is|:|=)?\s*([a-z][\w-]*\d)\b",
            r"\b_?region(?: is|:|=)?\s+(?!is\b|and\b|the\b)([\w-]+)",
            r"\bin ((?:nyc|ams|sfo|sgp|lon|fra|tor|blr|syd)\d)\b",
        )
    ):
        config["region"] = region
    if bucket := bucket_of(things):
        config["bucket"] = bucket
    _base_url(things, config, "endpoint")


def bucket_of(things: Things) -> str:
    """The bucket that is spoken of."""
    found = things.find(
        r"\b(?:buckets?|the spaces?)(?: is| named| called| name|:| namens| llamado| appelé)*\s+[\"'“`]?([a-z0-9][a-z0-9.-]*[a-z0-9])(?![\w/]|\.\w)",
        r"[\"'“`]?\b([a-z0-9]+(?:[.-][a-z0-9]+)+)[\"'”`]?[ -]bucket\b",
        r"\bthe ([a-z0-9]+) bucket\b",
        r"\bs3://([a-z0-9.-]+)",
    )
    return "" if found.lower() in NO_BUCKET else found


def _email_server(things: Things, config: Config) -> None:
    ports = dict(
        re.findall(r"((?:[\w-]+\.)+[a-z]{2,})(?::|,? port:? | on port | on |,? )(\d{2,5})(?![\w.])", things.raw, re.IGNORECASE)
    )
    for host in things.hosts:
        bare, _, port = host.partition(":")
        kind = (
            "imap_"
            if bare.lower().startswith("imap") or re.search(rf"imap[^.;,]{{0,20}}{re.escape(bare)}", things.raw, re.IGNORECASE)
            else ""
        )
        config.setdefault(f"{kind}host", bare)
        if port or bare in ports:
            config.setdefault(f"{kind}port", int(port or ports[bare]))
    if (
        "port" not in config
        and (port := things.find(r"(?<!imap )\b(?:port|puerto|porta|porto|poort)(?: is|:)?(?:\s+|=)(\d{2,5})"))
        and "host" in config
        and int(port) not in config.values()
    ):
        config["port"] = int(port)
    if security := things.find(r"\b(starttls|ssl|tls)\b"):
        config["security"] = security.lower()
    if user := _username(things):
        config["username"] = user
    sender = _sender(things)
    if sender and sender != config.get("username"):
        config["from_address"] = sender
    elif things.emails and "username" not in config:
        config["username"] = things.emails[0]


def _sender(things: Things) -> str:
    return things.find(
        r"\b(?:from|sender|sending as|send as|as|absender|remitente|expéditeur|remetente|von|desde|depuis)(?: address| email| is| it| ist| es|:)*\s+([\w.+-]+@[\w.-]+\w)"
    )


def _mail_service(things: Things, config: Config) -> None:
    sender = _sender(things) or (things.emails[0] if things.emails else "")
    if sender:
        config["from_address"] = sender
    stream = things.find(
        r"\b(?:the )?(?!use\b|with\b|on\b|and\b|over\b|via\b|message\b|the\b|a\b|our\b|through\b)([\w-]+) (?:message )?stream\b",
        r"\b(?:message )?stream(?: is|:|,)?\s+([\w-]+)",
    )
    if stream and stream.lower() not in ("message", "the", "a"):
        config["message_stream"] = stream
    if "domain" in things.raw.lower() and (domain := _domain(things)):
        config["domain"] = domain


def _domain(things: Things) -> str:
    hosts = things.hosts or [re.sub(r"^https?://", "", address.url) for address in things.addresses]
    return hosts[0] if hosts else ""


def _mailgun(things: Things, config: Config) -> None:
    if domain := _domain(things):
        config["domain"] = domain
    if region := _continent(things):
        config["region"] = region
    if sender := _sender(things):
        config["from_address"] = sender


def _continent(things: Things) -> str:
    found = things.find(r"\b(EU|US|AU)\b(?![- ](?:customers?|team))", r"\b(europe\w*|united states|america\w*|australia\w*)\b")
    if found in ("us", "Us") and not re.search(r"region us|us region", things.raw):
        return ""
    return {"eur": "eu", "uni": "us", "ame": "us", "aus": "au"}.get(found.lower()[:3], found.lower())


def _twilio(things: Things, config: Config) -> None:
    if things.phones:
        config["from_number"] = things.phones[0]
    if sid := things.find(r"\b(AC[0-9a-f]{32})\b"):
        config["account_sid"] = sid


def _jira(things: Things, config: Config) -> None:
    _base_url(things, config, "site")
    if things.emails:
        config["email"] = things.emails[0]


def _slack(things: Things, config: Config) -> None:
    if things.channels:
        config["default_channel"] = things.channels[0]


_ORG = r"(?:org|organi[sz]ation|organisation|organización|organizacion)"


def _github(things: Things, config: Config) -> None:
    found = things.find(
        rf"\b{_ORG}(?: is| named| called|:)*\s+(?!(?:needs?|please|is|on|to|and|for|with|in|has|should|at|connection|wide|account|via|using)\b)([\w-]+)",
        rf"\b(?!github\b|for\b|the\b|our\b|my\b|whole\b|an?\b|git\b)([\w-]+) (?:github )?{_ORG}\b",
    )
    if found and found.lower() not in ("the", "our", "my", "github", "whole", "a", "an"):
        config["org"] = found


def _google(things: Things, config: Config) -> None:
    if account := next((each for each in things.emails if "gserviceaccount" in each), ""):
        config["client_email"] = account


def _salesforce(things: Things, config: Config) -> None:
    _base_url(things, config, "instance_url")
    if client := _client_id(things):
        config["client_id"] = client


def _openai(things: Things, config: Config) -> None:
    _base_url(things, config)
    if (
        model := things.find(
            r"\b(?:default )?model(?: is|:|,)?\s+[\"'`]?([\w.:/-]*\d[\w.:/-]*|[\w]+-[\w.-]+)",
            r"\b(gpt-[\w.-]*\w)\b(?! (?:connection|and call))",
        )
    ) and model != config.get("name"):
        config["model"] = model
    if org := things.find(r"\b(org-[A-Za-z0-9]+)\b", rf"\b{_ORG}(?: is| named|:)?\s+([a-z][\w]*-[\w-]+)"):
        config["org"] = org


def _intercom(things: Things, config: Config) -> None:
    if region := _continent(things):
        config["region"] = region


def _other(things: Things, config: Config) -> None:
    """A provider of which nothing special is known."""


_READERS: dict[str, Callable[[Things, Config], None]] = {
    "http": _http, "fhir": _http, "s3": _s3, "email": _email_server, "postmark": _mail_service, "sendgrid": _mail_service, "mailgun": _mailgun,
    "twilio": _twilio, "jira": _jira, "slack": _slack, "github": _github, "google": _google, "salesforce": _salesforce, "openai": _openai,
    "intercom": _intercom,
}  # fmt: skip
