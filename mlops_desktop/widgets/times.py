"""Times as a person reads them: local, and near ones by their distance."""

from __future__ import annotations

from datetime import UTC, datetime


def parsed(time: str | datetime | None) -> datetime | None:
    """Stored ISO text (UTC) or a datetime as a local datetime."""
    if time is None or time == "":
        return None
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone()


def local_time(time: str | datetime | None) -> str:
    """`2026-11-24 10:15:00`, or nothing."""
    moment = parsed(time)
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def clock_time(time: str | datetime | None) -> str:
    """`14:02`, of another day `3 Nov 14:02`, of another year `3 Nov 2025 14:02`."""
    moment = parsed(time)
    if moment is None:
        return ""
    today = datetime.now(UTC).astimezone().date()
    if moment.date() == today:
        return f"{moment:%H:%M}"
    year = "" if moment.year == today.year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year} {moment:%H:%M}"


def ago(time: str | datetime | None) -> str:
    """`just now`, `5 min ago`, `yesterday`, `3 Nov`, `3 Nov 2025`."""
    moment = parsed(time)
    if moment is None:
        return ""
    now = datetime.now(UTC).astimezone()
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    days = (now.date() - moment.date()).days
    if days == 0:
        return f"{seconds // 3600:.0f} h ago"
    if days == 1:
        return "yesterday"
    day = f"{moment.day} {moment:%b}"
    return day if moment.year == now.year else f"{day} {moment.year}"
