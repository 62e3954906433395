"""Times that come again, from words to cron in five fields."""

import re

_DAYS = {
    "sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sonntag": 0, "montag": 1, "dienstag": 2, "mittwoch": 3,
    "donnerstag": 4, "freitag": 5, "samstag": 6, "dimanche": 0, "lundi": 1, "mardi": 2, "mercredi": 3, "jeudi": 4, "vendredi": 5, "samedi": 6,
    "domingo": 0, "lunes": 1, "martes": 2, "miercoles": 3, "jueves": 4, "viernes": 5, "sabado": 6, "segunda": 1, "terca": 2, "quarta": 3,
    "quinta": 4, "sexta": 5, "lunedi": 1, "martedi": 2, "mercoledi": 3, "giovedi": 4, "venerdi": 5, "sabato": 6, "domenica": 0,
    "maandag": 1, "dinsdag": 2, "woensdag": 3, "donderdag": 4, "vrijdag": 5, "zaterdag": 6, "zondag": 0,
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = r"(?:sun(?:day)?|mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?)s?"
_OTHER_DAY = "|".join(name for name in _DAYS if len(name) > 3)
_ANY_DAY = rf"(?:{_DAY}|(?:{_OTHER_DAY})(?:-feira)?s?)"
_EVERY = r"(?:every|each|jeden|jede|jedes|alle|cada|chaque|tous les|toutes les|todos los|todas las|todos os|todas as|toda|todo|ogni|elke|any|iedere)"
_JOIN = r"(?:\s*,?\s*(?:and|und|et|y|e|en|&|or)\s+|\s*[,/&+]\s*)"
_DAYLIST = rf"{_ANY_DAY}(?:(?:{_JOIN}|\s*(?:-|–|to|through|thru|bis|a|au)\s*){_ANY_DAY})*"
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
            "other": 2, "second": 2, "twice": 2, "zwei": 2, "deux": 2, "dos": 2, "duas": 2}  # fmt: skip
_NUMBER = rf"(?:\d{{1,2}}|{'|'.join(_NUMBERS)})"
_MINUTES = re.compile(rf"\b{_EVERY}\s+({_NUMBER})[ -]?(?:min(?:ute|uten|utos|uti)?s?|m)\b")
_EVERY_HOURS = re.compile(rf"\b{_EVERY}\s+({_NUMBER})[ -]?(?:hours?|hrs?|h|stunden|heures|horas|ore|uur)\b")
_EVERY_DAYS = re.compile(rf"\b{_EVERY}\s+(other|second|\d{{1,2}}|two|three|four|five)(?:nd|rd|th)? (?:days?|tage?|jours|dias)\b")
_HOURLY = re.compile(
    rf"\b(?:hourly|stundlich|{_EVERY} (?:full |single )?(?:hour|stunde|heures?|hora|uur)|once an hour|once per hour)\b"
)
_PAST_HOUR = re.compile(r"\b(?:at )?(?::(\d\d)|(\d{1,2}) minutes?|(quarter|half)) past (?:every|each|the) hour\b")
_MINUTELY = re.compile(rf"\b{_EVERY} (?:single )?(?:minute|minuto)\b|\bminutely\b|\bonce (?:a|per) minute\b")
_HALF_HOUR = re.compile(
    rf"\b{_EVERY} half[ -](?:an )?hour\b|\bhalf[- ]hourly\b|\btwice (?:an|per) hour\b|\b{_EVERY} halbe stunde\b"
)
_QUARTER_HOUR = re.compile(
    rf"\b{_EVERY} quarter(?: of an)?[ -]hour\b|\bquarter[- ]hourly\b|\b{_EVERY} viertelstunde\b|\bfour times an hour\b"
)
_TIMES_A_DAY = re.compile(r"\b(twice|three times|four times|six times|2x|3x|4x) (?:a|per|every|each) day\b|\b(twice) daily\b")
_WEEKDAYS = re.compile(
    rf"\b{_EVERY} (?:weekday|business day|work(?:ing)? ?day|week day|werktag|arbeitstag|jour ouvre|jour ouvrable|dia laborable|dia habil|dia util)s?\b"
    r"|\b(?:on )?(?:weekdays|workdays|business days|working days|werktags|work days|en semaine|dias uteis|dias laborables)\b"
    r"|\b(?:mon(?:day)?s?|montag|lundi|lunes|segunda)\s*(?:-|–|to|through|thru|bis|a|au)\s*(?:fri(?:day)?s?|freitag|vendredi|viernes|sexta)\b"
)
_WEEKENDS = re.compile(r"\b(?:week-?ends?|wochenende|fin de semana|fines de semana)\b|\bsat(?:urday)?s? and sun(?:day)?s?\b")
_ON_DAYS = re.compile(
    rf"\b{_EVERY} ({_DAYLIST})\b|\bon ({_ANY_DAY}s(?:{_JOIN}{_ANY_DAY}s?)*)\b|\b({_DAY[:-2]}s(?:{_JOIN}{_DAY})*)\b"
    rf"|\b(?:weekly|once a week|every week),? (?:on |every )?({_DAYLIST})|\b({_DAY}\s*(?:-|–|to|through|thru|bis)\s*{_DAY})\b|\b((?:montags|dienstags|mittwochs|donnerstags|freitags|samstags|sonntags)(?:{_JOIN}(?:{_OTHER_DAY})s)*)\b"
    rf"|\b({_DAY}{_JOIN}{_DAY}(?:{_JOIN}{_DAY})*)\b|\b(?:los|le|les|am|aos?|as|il|op) ({_ANY_DAY}(?:{_JOIN}(?:los |le |as )?{_ANY_DAY})*)\b"
)
_ORDINALS = {"first": 1, "premier": 1, "primero": 1, "primeiro": 1, "ersten": 1, "erster": 1, "1er": 1, "second": 2, "third": 3, "fifth": 5, "tenth": 10,
             "fifteenth": 15}  # fmt: skip
_ORDINAL = rf"(?:{'|'.join(_ORDINALS)}|\d{{1,2}})(?:st|nd|rd|th|\.|o)?"
_MONTH_WORD = r"(?:month|monats?|mois|mes|mese|maand)"
_OF_MONTH = re.compile(
    rf"\b(?:on |am |le |el |dia |no dia |il )?(?:the |dia )?(last|{_ORDINAL}(?:{_JOIN}(?:the )?{_ORDINAL})*)(?: day)?,? ?(?:of |in |du |de |del |do )?(?:each|every|the|a|any|jedes|jeden|chaque|cada|el|le|do|del|du) ?{_MONTH_WORD}"
    rf"|\b{_EVERY} {_MONTH_WORD},? (?:on|at|le|am|el|no)? ?(?:the |day |dia )?({_ORDINAL}(?:{_JOIN}(?:the )?{_ORDINAL})*)(?! ?(?:am|pm|uhr|o clock|h\b|:))"
    rf"|\b(?:monthly|monatlich|mensuel\w*|mensual\w*|mensal\w*),? (?:on|at|le|am|el|no)? ?(?:the |day |dia )?({_ORDINAL}(?:{_JOIN}(?:the )?{_ORDINAL})*)(?! ?(?:am|pm|uhr|o clock|h\b|:))"
    rf"|\b{_EVERY} ({_ORDINAL}) (?:of the|of|des|du|del|do|im) ?{_MONTH_WORD}"
    rf"|\bon the ((?:\d{{1,2}}(?:st|nd|rd|th))(?:{_JOIN}(?:the )?\d{{1,2}}(?:st|nd|rd|th))+)"
    rf"|\b(?:day|dia|tag|jour) (\d{{1,2}}) (?:of|de|des|du) (?:each|every|the|cada|jeden|chaque)"
)
_MONTHLY = re.compile(
    rf"\b(?:monthly|monatlich|{_EVERY} {_MONTH_WORD}|once a month|mensuel\w*|mensual\w*|mensal\w*)\b|\b(?:le|el|am|no) (?:premier|primero|ersten|1er|primeiro) "
)
_MONTH_DAY = re.compile(r"\b(?:on )?(?:the |day )(\d{1,2})(?:st|nd|rd|th)?\b(?! ?(?:am|pm|:))")
_QUARTERLY = re.compile(
    r"\b(?:quarterly|every quarter|each quarter|every (?:3|three) months|once a quarter|vierteljahrlich|trimestral\w*|trimestriel\w*)\b"
)
_YEARLY = re.compile(
    rf"\b(?:yearly|annually|every year|each year|once a year|jahrlich|cada ano|chaque annee)\b|\b{_EVERY} ({'|'.join(_MONTHS)})[a-z]* \d"
)
_DATE = re.compile(
    rf"\b({'|'.join(_MONTHS)})[a-z]* (\d{{1,2}})(?:st|nd|rd|th)?\b|\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({'|'.join(_MONTHS)})[a-z]*\b"
)
_WEEKLY = re.compile(
    r"\b(?:weekly|every week|each week|once (?:a|per) week|wochentlich|jede woche|hebdomadaire|chaque semaine|semanal\w*|cada semana|toda semana|wekelijks)\b"
)
_DAILY = re.compile(
    rf"\b(?:daily|nightly|taglich|diario|diariamente|quotidien\w*|dagelijks|{_EVERY} (?:single )?(?:day|night|morning|evening|afternoon|noon|midnight|tag|morgen|abend|nacht|jours?|matins?|soirs?|nuits?"
    r"|dia|dias|manana|mananas|noche|noches|manha|manhas|noite|tarde|giorno|giorni|mattina|dag|ochtend)s?|once (?:a|per) day|overnight|(?:^|(?<=\W))(?:mornings|evenings|nights|afternoons)(?= at)|morgens|abends|nachts)\b"
)
_CRON = re.compile(r"(?<![\w*/])((?:[\d*,/-]+\s+){4}(?:[\d*,/-]+|[a-z]{3}(?:[,-][a-z]{3})*))(?![\w*/])")
_MACRO = re.compile(r"(?<!\w)@(hourly|daily|midnight|weekly|monthly|yearly|annually)\b")
_MACROS = {"hourly": "0 * * * *", "daily": "0 0 * * *", "midnight": "0 0 * * *", "weekly": "0 0 * * 0", "monthly": "0 0 1 * *",
           "yearly": "0 0 1 1 *", "annually": "0 0 1 1 *"}  # fmt: skip
_AT = r"(?:at|um|a las?|as|a|alle|kl|@|om|by|around|gegen|vers|ab|every day at)"
_HALF = r"(am|pm|a\.m\.?|p\.m\.?|uhr|h|o clock|oclock|utc|horas|heures|in the (?:morning|evening|afternoon)|(?:de la |da )?(?:manana|tarde|noche|manha|noite)|du (?:matin|soir))"
_TIME = re.compile(
    rf"\b{_AT}\s*(\d{{1,2}})(?:[:h.](\d{{2}}))?\s*{_HALF}?(?![\w/%-])"
    rf"|\b(\d{{1,2}})[:h](\d{{2}})\s*(am|pm)?(?![\w-])|(?<![\w:.+-])(\d{{1,2}})\s*(am|pm|uhr|h|o clock|oclock)\b(?: (\d\d)\b)?"
)
_MORE_TIMES = re.compile(rf"{_JOIN}(?:{_AT}\s+)?(\d{{1,2}})(?:[:h](\d\d))?\s*(am|pm|uhr|h)?(?![\w/:.@-])")
_PAST = re.compile(
    r"\b(half|quarter) (past|to) (\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\s*(am|pm|in the (?:morning|evening|afternoon))?\b"
)
_HOUR_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_HALB = re.compile(r"\bhalb (\d{1,2}|eins|zwei|drei|vier|funf|sechs|sieben|acht|neun|zehn|elf|zwolf)\b")
_HALB_WORDS = {
    word: number
    for number, word in enumerate(
        ["eins", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwolf"], 1
    )
}
_HOURS_BETWEEN = re.compile(
    r"\b(?:between|from|zwischen|entre)\s+(\d{1,2})(?::00)?\s*(am|pm)?\s*(?:and|to|until|till|-|–|und|et|y)\s*(\d{1,2})(?::00)?\s*(am|pm)?\b"
)
_NAMED_TIMES = (
    (r"\bnoon|midday|mittags?\b|\bmidi\b|mediodia|meio-?dia|mezzogiorno", 12), (r"midnight|mitternacht|minuit|medianoche|meia-?noite|mezzanotte", 0),
    (r"\bmorning|\bmorgens?\b|matin|manana|manha\b|mattina|ochtend", 9), (r"\bevening|\babends?\b|\bsoirs?\b|\bavond", 18), (r"nightly|\bnight\b|overnight|\bnachts?\b", 0),
)  # fmt: skip
_FILES = re.compile(r"#[\w-]+|[\w./-]*\w\.(?:ya?ml|json|csv|pdf|txt|md|sh|py|js)\b")


def cron_of(text: str) -> str:
    """The schedule that a folded text speaks of; empty where it speaks of none."""
    if match := _CRON.search(text):
        return " ".join(match[1].split())
    if match := _MACRO.search(text):
        return _MACROS[match[1]]
    text = _FILES.sub(" ", text)
    return _within_day(text) or _by_day(text)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _within_day(text: str) -> str:
    """Every so many minutes or hours, perhaps between two hours and on some days."""
    minute, hour = "", "*"
    if match := _PAST_HOUR.search(text):
        minute = str(int(match[1] or match[2] or {"quarter": "15", "half": "30"}[match[3]]))
    elif match := _MINUTES.search(text):
        minute = f"*/{_number(match[1])}"
    elif _HALF_HOUR.search(text):
        minute = "*/30"
    elif _QUARTER_HOUR.search(text):
        minute = "*/15"
    elif match := _EVERY_HOURS.search(text):
        minute, hour = "0", f"*/{_number(match[1])}"
    elif _MINUTELY.search(text):
        minute = "*"
    elif _HOURLY.search(text):
        minute = "0"
    if not minute:
        return ""
    if hour == "*" and (between := _HOURS_BETWEEN.search(text)):
        last = _hour(between[3], between[4])
        hour = f"{_hour(between[1], between[2] or (between[4] if between[4] and int(between[1]) > int(between[3]) else None))}-{last}"
    return f"{minute} {hour} * * {_weekdays_of(text) or '*'}"


def _weekdays_of(text: str) -> str:
    if _WEEKDAYS.search(text):
        return "1-5"
    if match := _ON_DAYS.search(text):
        return _weekdays(next(filter(None, match.groups())))
    return "0,6" if _WEEKENDS.search(text) else ""


def _by_day(text: str) -> str:
    day, month, weekday = "*", "*", "*"
    if _QUARTERLY.search(text):
        day, month = (match[1] if (match := _MONTH_DAY.search(text)) else "1"), "1,4,7,10"
    elif (_YEARLY.search(text)) and (match := _DATE.search(text)):
        day, month = match[2] or match[3], str(_MONTHS.index(match[1] or match[4]) + 1)
        text = text.replace(match[0], " ")
    elif match := _OF_MONTH.search(text):
        said = next(filter(None, match.groups()))
        if said.startswith("last"):
            return ""
        found = re.findall(rf"\d{{1,2}}|{'|'.join(_ORDINALS)}", said)
        day = ",".join(str(_ORDINALS.get(each) or int(each)) for each in found)
        text = text.replace(match[0], " month ")
    elif _MONTHLY.search(text):
        on = _MONTH_DAY.search(text)
        day = on[1] if on else "1"
    elif found := _weekdays_of(text):
        weekday = found
    elif _WEEKLY.search(text):
        weekday = "1"
    elif match := _EVERY_DAYS.search(text):
        day = f"*/{_number(match[1])}"
    elif _YEARLY.search(text):
        day, month = "1", "1"
    elif match := _TIMES_A_DAY.search(text):
        hours = _times(text)
        if len(hours) < 2:
            often = {"tw": 2, "2x": 2, "th": 3, "3x": 3, "fo": 4, "4x": 4, "si": 6}[(match[1] or match[2])[:2]]
            return f"0 */{24 // often} * * *"
    elif not _DAILY.search(text):
        return ""
    return _at(_times(text), day, month, weekday)


def _at(times: list[tuple[int, int]], day: str, month: str, weekday: str) -> str:
    """One cron for all times where they share the minute; else the first time."""
    hour, minute = times[0] if times else (0, 0)
    hours = sorted({each for each, past in times if past == minute}) or [hour]
    return f"{minute} {','.join(map(str, hours))} {day} {month} {weekday}"


def _weekdays(words: str) -> str:
    found = re.findall(_ANY_DAY, words)
    numbers = [_day_number(word) for word in found]
    if len(numbers) == 2 and re.search(r"-|–|\bto\b|through|thru|\bbis\b|\bau\b", words.replace("-feira", "")):
        return f"{numbers[0]}-{numbers[1]}"
    return ",".join(str(number) for number in sorted(set(numbers)))


def _day_number(word: str) -> int:
    word = word.removesuffix("s").removesuffix("-feira")
    return next((_DAYS[each] for each in (word, f"{word}s", word[:3]) if each in _DAYS), 0)


def _hour(hour: str, half: str | None) -> int:
    number = int(hour)
    afternoon = bool(half) and bool(re.match(r"p|in the (?:ev|af)|(?:de la |da )?(?:tarde|noche|noite)|du soir", half or ""))
    morning = bool(half) and bool(re.match(r"a|in the mo", half or ""))
    if afternoon and number < 12:
        return number + 12
    return 0 if morning and number == 12 else number


def _times(text: str) -> list[tuple[int, int]]:
    """Times of day, hour and minute, in their order."""
    if match := _PAST.search(text):
        hour = _hour(match[3] if match[3].isdigit() else str(_HOUR_WORDS.index(match[3])), match[4])
        minute = {"half": 30, "quarter": 15}[match[1]]
        return [(hour, minute)] if match[2] == "past" else [((hour - 1) % 24, 60 - minute)]
    if match := _HALB.search(text):
        return [((int(match[1]) if match[1].isdigit() else _HALB_WORDS[match[1]]) - 1, 30)]
    found: list[tuple[int, int]] = []
    for match in _TIME.finditer(text):
        hour, minute, half = (
            (match[1], match[2], match[3])
            if match[1]
            else (match[4], match[5], match[6])
            if match[4]
            else (match[7], match[9], match[8])
        )
        if _hour(hour, half) > 23 or int(minute or 0) > 59:
            continue
        at = match.end()
        said = [(hour, minute, half)]
        while more := _MORE_TIMES.match(text, at):
            said.append((more[1], more[2], more[3]))
            at = more.end()
        last_half = said[-1][2]
        found += [
            (_hour(each, own or (last_half if last_half in ("am", "pm") else None)), int(past or 0)) for each, past, own in said
        ]
        break
    found = [each for each in found if each[0] < 24]
    return found or [(hour, 0) for words, hour in _NAMED_TIMES if re.search(words, text)][:1]
