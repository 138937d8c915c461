"""Reading moments: ISO text, datetimes and microseconds become naive datetimes in UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from mlops_desktop.core.errors import UserError

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  Ours have no zone: they are UTC.
FIRST_US = -62_135_596_800_000_000  # 0001-01-01
LAST_US = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999
_US = timedelta(microseconds=1)
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august"]
_MONTHS += ["september", "october", "november", "december"]
_MONTH_OF = {name: i + 1 for i, name in enumerate(_MONTHS)}
_MONTH_OF |= {name[:3]: number for name, number in _MONTH_OF.items()}
# What each directive of a format matches. Month names are English whatever the locale.
_DIRECTIVES = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<I>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{1,2})",
    "S": r"(?P<S>[0-9]{1,2})",
    "f": r"(?P<f>[0-9]{1,6})",
    "p": r"(?P<p>[AaPp]\.?[Mm]\.?)",
    "b": rf"(?P<b>{'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
_DIRECTIVES["B"] = _DIRECTIVES["b"]
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*", re.DOTALL)


def microseconds(moment: datetime) -> int:
    """Since 1970, of a moment without a zone."""
    return (moment - EPOCH) // _US


def from_microseconds(count: int) -> datetime | None:
    """The moment; None where Python's calendar (years 1 to 9999) does not hold it."""
    return EPOCH + timedelta(microseconds=count) if FIRST_US <= count <= LAST_US else None


def moment(value: Any) -> datetime | None:
    """A moment from ISO text, a datetime or microseconds; None where it is missing. Raises
    ValueError for a text that is no moment."""
    if value is None or value != value:
        return None
    if isinstance(value, str):
        return _in_utc(datetime.fromisoformat(value))
    if isinstance(value, datetime):
        return _in_utc(value)
    return from_microseconds(int(value))


def from_iso(text: str) -> datetime | None:
    """The moment of an ISO text such as 2024-12-31 or 2024-12-31T18:00+01:00; None for others."""
    text = text.strip()
    if not _ISO.fullmatch(text):
        return None
    try:
        return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


@lru_cache(maxsize=64)
def reader(form: str) -> Callable[[str], datetime | None]:
    """What reads texts of a form such as %d/%m/%Y %H:%M; ISO where it is empty. Of several forms
    with a bar between them the first that fits. Raises UserError for a form that cannot be read."""
    if not form:
        return from_iso
    if "|" in form:
        return _any_of([reader(one.strip()) for one in form.split("|")])
    pattern, used, at = "", set[str](), 0
    while at < len(form):
        sign = form[at]
        if sign != "%":
            pattern += r"\s+" if sign.isspace() else re.escape(sign)
            at += 1
            continue
        name = form[at + 1 : at + 2]
        if name not in _DIRECTIVES or name in used - {"%"}:
            what = f"%{name} twice" if name in used else f"%{name}"
            raise UserError(
                f"The date format {form!r} holds {what}, which cannot be read.",
                hint="Use %Y %m %d %H %M %S, %y for two digits, %b for Jan, %I with %p, %f, %z.",
            )
        used.add(name)
        pattern += _DIRECTIVES[name]
        at += 2
    whole = {"Y", "y"} & used and {"m", "b", "B"} & used and "d" in used
    if not whole or ("I" in used) != ("p" in used):
        raise UserError(
            f"The date format {form!r} does not tell the whole day.",
            hint="It needs %Y, %m and %d, such as %d/%m/%Y; %I goes with %p.",
        )
    match = re.compile(pattern, re.IGNORECASE | re.ASCII).fullmatch

    def read(text: str) -> datetime | None:
        found = match(text.strip())
        return None if found is None else _built(found.groupdict())

    return read


def _any_of(readers: list[Callable[[str], datetime | None]]) -> Callable[[str], datetime | None]:
    def read(text: str) -> datetime | None:
        return next((found for one in readers if (found := one(text)) is not None), None)

    return read


def _built(part: dict[str, str]) -> datetime | None:
    year = int(part["Y"]) if "Y" in part else _full_year(int(part["y"]))
    month = _MONTH_OF[part["b"].lower()] if "b" in part else int(part["m"])
    hour = int(part.get("H", 0))
    if "I" in part:
        clock = int(part["I"])
        if not 1 <= clock <= 12:
            return None
        hour = clock % 12 + 12 * (part["p"][0] in "pP")
    fraction = int(part["f"].ljust(6, "0")) if "f" in part else 0
    try:
        day, minute, second = int(part["d"]), int(part.get("M", 0)), int(part.get("S", 0))
        found = datetime(year, month, day, hour, minute, second, fraction)  # noqa: DTZ001
        zone = part.get("z", "Z")
        if zone in "Zz":
            return found
        away = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        return found + away if zone[0] == "-" else found - away
    except (ValueError, OverflowError):
        return None


def _full_year(two: int) -> int:
    """As POSIX has it: 69 to 99 are of the last century."""
    return two + (1900 if two >= 69 else 2000)
