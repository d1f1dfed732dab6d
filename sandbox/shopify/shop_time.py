"""A shop's local time, without a time zone database: some machines have none.

The shops are in New York, with the clock changes of the United States since 2007.
"""

from datetime import UTC, datetime, timedelta, timezone

WINTER = timezone(timedelta(hours=-5))
SUMMER = timezone(timedelta(hours=-4))


def local(instant: str) -> str:
    """The instant ("…Z") as REST writes it: in the shop's offset at that time."""
    moment = datetime.fromisoformat(instant)
    return moment.astimezone(SUMMER if _is_summer(moment) else WINTER).isoformat()


def _is_summer(moment: datetime) -> bool:
    begins = _sunday(moment.year, 3, 8).replace(hour=7)
    ends = _sunday(moment.year, 11, 1).replace(hour=6)
    return begins <= moment < ends


def _sunday(year: int, month: int, from_day: int) -> datetime:
    """The first Sunday from that day on, at midnight UTC."""
    day = datetime(year, month, from_day, tzinfo=UTC)
    return day + timedelta(days=6 - day.weekday())
