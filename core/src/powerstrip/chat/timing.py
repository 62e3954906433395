"""Times as people say them: schedules and moments."""

import re

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
_SHORT = {name[:3].lower(): number for number, name in enumerate(_DAYS[:7])}


def in_words(cron: str, zone: str = "UTC") -> str:
    """A cron expression of five fields in words, with its time zone; as it is, where words would be longer than it is clear."""
    fields = cron.split()
    if len(fields) != 5:
        return f"by the schedule {cron} ({zone})"
    minute, hour, day, month, weekday = fields
    when, times = _day(day, month, weekday), _times(minute, hour)
    if not when or not times:
        return f"by the schedule {cron} ({zone})"
    frequent = not (minute.isdigit() and hour != "*" and "/" not in hour)
    if frequent:
        return f"{times}{'' if when == 'every day' else f', {when}'} ({zone})"
    return f"{when} at {times} ({zone})"


def moment(stamp: str) -> str:
    """An RFC 3339 time to the minute, in UTC."""
    return f"{stamp[:10]} {stamp[11:16]} UTC"


def _times(minute: str, hour: str) -> str:
    if (step := re.fullmatch(r"\*/(\d+)", minute)) and hour == "*":
        return f"every {step[1]} minutes"
    if minute == "*" and hour == "*":
        return "every minute"
    if minute.isdigit() and (step := re.fullmatch(r"\*/(\d+)", hour)):
        return f"every {step[1]} hours, at minute {int(minute)}"
    if minute.isdigit() and hour == "*":
        return "every hour" if int(minute) == 0 else f"every hour at minute {int(minute)}"
    if minute.isdigit() and re.fullmatch(r"\d+(?:,\d+)*", hour):
        return _listed([f"{int(each):02}:{int(minute):02}" for each in hour.split(",")])
    if (step := re.fullmatch(r"\*/(\d+)|\*", minute)) and (hours := re.fullmatch(r"(\d+)-(\d+)", hour)):
        often = f"{step[1]} minutes" if step[1] else "minute"
        return f"every {often} from {int(hours[1]):02}:00 to {int(hours[2]):02}:59"
    return ""


def _day(day: str, month: str, weekday: str) -> str:
    months = (
        [_MONTHS[int(each)] for each in month.split(",")]
        if re.fullmatch(r"(?:[1-9]|1[0-2])(?:,(?:[1-9]|1[0-2]))*", month)
        else []
    )
    if month != "*" and not months:
        return ""
    within = f" of {_listed(months)}" if months else ""
    if weekday != "*":
        return "" if day != "*" or months else _weekdays(weekday)
    if day == "*":
        return f"every day in {_listed(months)}" if months else "every day"
    if day.upper() == "L":
        return f"on the last day{within or ' of every month'}"
    if re.fullmatch(r"\d+(?:,\d+)*", day):
        return f"on day {_listed(day.split(','))}{within or ' of every month'}"
    return ""


def _weekdays(said: str) -> str:
    numbers: list[int] = []
    for part in said.lower().split(","):
        ends = [int(each) if each.isdigit() else _SHORT.get(each, -1) for each in part.split("-")]
        if not all(0 <= each <= 7 for each in ends) or len(ends) > 2:
            return ""
        numbers += range(ends[0], ends[-1] + 1)
    if sorted(numbers) == [1, 2, 3, 4, 5]:
        return "from Monday to Friday"
    return f"every {_listed([_DAYS[each] for each in numbers])}" if numbers else ""


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
