"""A last look at a message that no rule understood: words that tell a kind of request wherever they stand.

Rules know how requests are put; here only what they speak of counts, so that an unusual order of words, or a language of which the
rules know less, is not taken for the wish to connect what is there already.
"""

import re

from powerstrip.chat.parser import rules
from powerstrip.chat.parser.tongues import english

_ASKS = re.compile(
    r"\?|¿|^\W*(?:so |and |ok |hey |hi |hello |please |tell me |say |know )*(?:what|which|who|whose|where|when|why|how|is|are|was|were|does|do|did|has|have|had|will|would|can|could|should|any|anything"
    r"|wo|wer|quien|quem|qui|was|wann|wird|werden|ist|sind|hat|haben|gibt|welche[rs]?|quel\w*|est|y a|combien|que|cual\w*|donde|esta|estan|hay|tiene|onde|qual|tem|dove|chi|quando|waar|wie|welke|heeft)\b"
)
_POLITE = re.compile(
    r"\W*(?:please |bitte |hey |hi |so )?(?:(?:can|could|would|will) (?:you|we|i)|konn\w* (?:du|sie|wir|ihr|man)|kann(?:st)? (?:ich|man|du)|puedes?|podrias?|podemos|peux tu|peux-tu|pou\w+ vous|pou\w+-vous|peut-on|pode\w*|puoi|potete|kun je|kunt u)\b"
)
"""A request in the form of a question."""
_KEY = r"(?:keys?|tokens?|secrets?|passwords?|passphrase|credentials?|creds|log ?ins?|sign[ -]?ins?|consent|grant|access|certificates?|authori[sz]\w*|authenticat\w*|session)"
_ASKED = (
    ("usage", "it asks who uses it", r"uses?|used|using|usage|utilis\w*|utiliz\w*|benutz\w*|verwend\w*|genutzt|nutzen|nutzt|gebruik\w*|usad[oa]s?|usam|usan|usano|rel(?:y|ies|ying)|depend\w*|referenc\w*|needs|needed|needing|break\w*|affected|suffer\w*|impact\w*|hang\w* on"),
    ("events", "it asks what was received", r"arriv\w*|receiv\w*|came|come in|sent (?:us|something|anything)|deliver\w*|reach(?:ed)? us|notified|web ?hooks?|events?|fired|callbacks?|payloads?"),
    ("test", "it tries a connection", r"(?:still |even |actually )?(?:works?|working|functions?|functional|accept\w*|responds?|responding|answers?|reachable|alive|get through|gets through|valid|good|still)"),
    ("status", "it asks for the state of a connection", r"active|inactive|aktiv|inaktiv|activ[oa]s?|actif|actief|ativ[oa]|attiv[oa]|connected|conectad[oa]|connectee?|verbunden|hooked up|linked|expir\w*|runs? out|lapse\w*|live|set ?up|finished|done|complet\w*|configured|state|status|condition|ready|paused|enabled|disabled|switched (?:on|off)|on|off|there|up and running|in place|signed in|logged in|doing|abgelaufen|angebunden|eingerichtet"),
)  # fmt: skip
_TOLD = (
    ("rotate", "a new credential for what exists", rf"{_KEY}\b.*\b(?:again|anew|once more|new|renew\w*|replac\w*|rotat\w*|fresh|chang\w*|reset|refresh\w*|another|different|updat\w*|swap\w*)|(?:again|anew|once more|new|renew\w*|replac\w*|rotat\w*|fresh|reset|refresh\w*|another|different|updat\w*|swap\w*)\b.*\b{_KEY}|(?:logged|signed|kicked|locked|threw) (?:us |me |itself )?out\b"),
    ("enable", "it makes a connection active", r"(?:back|again|once more)\b.*\b(?:on|in|to|work|live|active|online|running|service|life|use|action|track|business|go)|(?:on|work\w*|live|active|online|running|enabled?|activ\w*|resum\w*|start\w*|run|go|continue) (?:\S+ ){0,4}?(?:again|back|once more|anew)|un(?:pause|mute|freeze|suspend|block)\w*|re-?(?:enable|activate|start|sume|instate|vive)\w*"),
    ("disable", "it makes a connection inactive", r"paus\w*|on hold|hold|rest|switch\w* off|turn\w* off|offline|inactive|disab\w*|deactiv\w*|mut(?:e|ed|ing)|fr(?:eeze|ozen)|suspend\w*|silenc\w*|stop\w*|halt\w*|temporarily|sleep\w*|asleep|dormant|idle"),
    ("delete", "it removes a connection", r"delet\w*|remov\w*|eras\w*|rid of|throw\w*|thrown|trash\w*|discard\w*|scrap\w*|forget|goodbye|kill\w*|purg\w*|disconnect\w*|wip(?:e|ed|ing)|unlink\w*|uninstall\w*|tear\w*"),
    ("copy", "the same connection elsewhere", r"(?:cop(?:y|ied|ies)|clon\w*|duplicat\w*|replicat\w*|same|re-?us\w*|also|too|as well|mirror\w*|carry|transfer\w*)\b.*\bproject|project\b.*\b(?:cop(?:y|ied|ies)|clon\w*|duplicat\w*|replicat\w*|same|re-?us\w*|also|too|as well|mirror\w*|transfer\w*)"),
    ("test", "it tries a connection", r"test\w*|tr(?:y|ied|ying)|check\w*|ping\w*|prob(?:e|ing)|verif\w*|validat\w*|smoke"),
)  # fmt: skip


def _compiled(rows: tuple[tuple[str, str, str], ...]) -> tuple[rules.Rule, ...]:
    return tuple(rules.Rule(kind, why, re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")) for kind, why, words in rows)


_QUESTIONS, _WISHES = _compiled(_ASKED), _compiled(_TOLD)


def hinted(marked: str) -> rules.Rule | None:
    """The kind of request that a marked text's words speak of; None where they tell nothing."""
    for text in (marked, english(marked)):
        if found := rules.first(_QUESTIONS if _ASKS.search(text) and not _POLITE.match(text) else _WISHES, text):
            return found
    return None
