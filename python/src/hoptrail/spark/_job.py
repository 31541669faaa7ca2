"""What one run is asked for, and the options that each command of the program gets of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Union

from hoptrail.spark import _program

Flag = Union[None, bool, int, str, Sequence[Union[int, str]]]

# What a run itself says of its range, its pieces, and its pipes.
RESERVED = frozenset(
    "day dest folders form from help keys last output preflight readings reopen shard source sums "
    "summary-json to".split()
)
# Options that a command has in its help, and is not given. Model invocation logs and outputs of batch jobs are
# read by the builds, each for its day: every `plan` and `read` would read all of them. `settle` refuses what
# would replace days.
NOT_GIVEN = {
    "plan": {
        *("batch-outputs", "digest-keys", "include-orphans"),
        *("invocation-logs", "request-metadata", "verify-digests"),
    },
    "read": {"invocation-logs"},
    "settle": {"allow-shrink", "force"},
}


@dataclass(frozen=True)
class Job:
    """Sources, destination, range, and options. Tasks get it with their function; it holds nothing secret."""

    sources: tuple[str, ...]
    # None where nothing is written.
    dest: str | None
    first: datetime.date
    # Included.
    last: datetime.date
    # By command.
    options: Mapping[str, tuple[str, ...]]

    def days(self) -> list[str]:
        """The days of the range as YYYY-MM-DD, in order."""
        count = (self.last - self.first).days + 1
        return [(self.first + datetime.timedelta(n)).isoformat() for n in range(count)]

    def command(self, command: str, *more: str, dest: bool = False) -> list[str]:
        """The arguments of a command for the whole range."""
        return self._command(command, *more, f"--from={self.first}", f"--to={self.last}", dest=dest)

    def command_of_day(self, command: str, day: str, *more: str) -> list[str]:
        """The arguments of a command for one day, with the destination."""
        return self._command(command, *more, f"--day={day}", dest=True)

    def _command(self, command: str, *more: str, dest: bool) -> list[str]:
        arguments = [command, *(f"--source={source}" for source in self.sources), *self.options[command], *more]
        if dest and self.dest is not None:
            arguments.append(f"--dest={self.dest}")
        return arguments


def job(
    source: str | Sequence[str],
    dest: str | None,
    from_: str | datetime.date,
    to: str | datetime.date,
    flags: Mapping[str, Flag],
    defaults: Mapping[str, Mapping[str, Flag]],
) -> Job:
    """A checked job. Days are dates or `YYYY-MM-DD`; a flag that no command knows is a `TypeError`.

    `defaults` has the commands of the job, and for each the flags that it is given unless `flags` has them.
    """
    first, last = _date(from_), _date(to)
    if last < first:
        raise ValueError(f"the last day {last} is before the first day {first}")
    sources = (source,) if isinstance(source, str) else tuple(source)
    if not sources:
        raise ValueError("no source")
    return Job(sources, dest, first, last, _options(flags, defaults))


def _date(day: str | datetime.date) -> datetime.date:
    # Also of `datetime`, which is a `date`: days are written without a time.
    text = day if isinstance(day, str) else day.strftime("%Y-%m-%d")
    return datetime.date.fromisoformat(text)


def _options(
    flags: Mapping[str, Flag], defaults: Mapping[str, Mapping[str, Flag]]
) -> dict[str, tuple[str, ...]]:
    """Each command is given the flags that its own `--help` has."""
    known = {command: _program.options_of(command) - NOT_GIVEN.get(command, set()) for command in defaults}
    for flag in flags:
        name = _name(flag)
        if name in RESERVED:
            raise TypeError(f"{flag} is not an option of this function: it sets --{name} itself")
        if not any(name in options for options in known.values()):
            raise TypeError(f"no command of {', '.join(known)} has an option --{name} ({flag})")
    return {
        command: tuple(
            argument
            for flag, value in {**defaults[command], **flags}.items()
            if _name(flag) in options
            for argument in _arguments(_name(flag), value)
        )
        for command, options in known.items()
    }


def _name(flag: str) -> str:
    return flag.replace("_", "-")


def _arguments(name: str, value: Flag) -> list[str]:
    """`6h` is `--name=6h`; True is `--name`; False and None are nothing; a sequence is the option repeated."""
    if value is None or value is False:
        return []
    if value is True:
        return [f"--{name}"]
    if isinstance(value, (int, str)):
        return [f"--{name}={value}"]
    return [argument for one in value for argument in _arguments(name, one)]
