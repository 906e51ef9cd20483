"""Reading TOML that people write: every fault is one sentence with the file, the line, the key and a remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from meshtui.core.nearest import did_you_mean
from meshtui.core.text import mask_secrets, one_line
from meshtui.core.toml_lines import line_of


class ConfigError(Exception):
    """Settings or keys cannot be used as they are; `faults` holds one sentence each, the text all of them."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Source:
    """One TOML file: its text and what is wrong with it. `notices` are passed over, `faults` are not."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        self.faults: list[str] = []
        self.notices: list[str] = []

    def sentence(self, key: tuple[str, ...], what: str) -> str:
        """Return a sentence about a key of this file."""
        line = line_of(self.text, key)
        place = f"{self.path}, line {line}" if line else str(self.path)
        return f"{place}: `{one_line('.'.join(key), 80)}` {what}"

    def parse(self) -> dict[str, Any]:
        """Return the values of the file; raises ConfigError where it is no TOML."""
        import tomllib

        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            what = str(error)
            where = re.search(r"\(at line (\d+), column (\d+)\)", what)
            place = f", line {where[1]}, column {where[2]}" if where else ""
            if where is None and "(at end of document)" in what:
                place = f", line {self.text.count(chr(10)) + 1}"
            reason = one_line(re.sub(r"\s*\(at .*\)$", "", what))
            raise ConfigError(f"{self.path}{place}: this is not TOML ({reason}). Correct the line.") from None
        except RecursionError:
            raise ConfigError(f"{self.path}: nested too deeply to be read.") from None


def read_source(path: Path) -> Source | None:
    """Return the file at `path`, its line ends as they are, None where there is none; raises ConfigError otherwise."""
    try:
        return Source(path, path.read_bytes().decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start + 1} is not UTF-8 text. Save the file as UTF-8.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{path} cannot be read: {reason}. Check what it is and who may read it.") from None


def shown(value: Any) -> str:
    """Return a value as a fault may quote it: short, on one line, without keys and passwords."""
    return one_line(re.sub(r"//[^/\s]*@", "//…@", mask_secrets(repr(value))), 60)


class Table:
    """One table of a file. Each reading method takes a key; `close` then names the keys that nobody took."""

    def __init__(self, source: Source, values: Mapping[str, Any], path: tuple[str, ...] = ()) -> None:
        self.source, self.values, self.path = source, values, path
        self._taken: set[str] = set()

    def fault(self, key: str, what: str) -> None:
        """Note what is wrong with a key."""
        self.source.faults.append(self.source.sentence((*self.path, key), what))

    def notice(self, key: str, what: str) -> None:
        """Note that a key is passed over."""
        self.source.notices.append(self.source.sentence((*self.path, key), what))

    def take_any(self, key: str) -> Any:
        """Return a value of any type, None where there is none."""
        return self._take(key, lambda value: True, "")

    def _take(self, key: str, fits: Callable[[Any], bool], wanted: str) -> Any:
        self._taken.add(key)
        value = self.values.get(key)
        if value is None or fits(value):
            return value
        self.fault(key, f"is {shown(value)}, and must be {wanted}.")
        return None

    def text(self, key: str, default: str = "") -> str:
        """Return a text on one line."""
        value = self._take(key, lambda v: isinstance(v, str) and v.isprintable(), "a text in quotes, without line ends")
        return default if value is None else str(value)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key, lambda v: isinstance(v, bool), "true or false, without quotes")
        return default if value is None else bool(value)

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self._take(
            key,
            lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high,
            f"a whole number from {low} to {high}",
        )
        return default if value is None else int(value)

    def optional_whole(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number from `low` to `high`, or None where there is none."""
        return self.whole(key, 0, low, high) if key in self.values else None

    def seconds(self, key: str, default: float | None, high: float, *, zero: bool = False) -> float | None:
        """Return a number of seconds; with `zero` a 0 stands for no limit, returned as None."""
        value = self._take(
            key,
            lambda v: isinstance(v, int | float) and not isinstance(v, bool) and (0 < v <= high or (zero and v == 0)),
            f"a number of seconds above 0, at most {high:g}" + (", or 0 for no limit" if zero else ""),
        )
        return default if value is None else float(value) or None

    def amount(self, key: str) -> Decimal | None:
        """Return an amount of US dollars above 0, written as a number or as a text such as "0.50"."""

        def read(value: Any) -> Decimal | None:
            from meshtui.core.money import amount_from  # late: the first paint needs no money

            return None if isinstance(value, bool) else amount_from(value)

        value = self._take(key, lambda v: bool(read(v)), 'an amount in US dollars above 0, as in 0.50 or "0.50"')
        return None if value is None else read(value)

    def choice(self, key: str, default: str, choices: Sequence[str]) -> str:
        """Return one of several words."""
        wanted = " or ".join(f'"{word}"' for word in choices)
        value = self._take(key, lambda v: v in choices, wanted)
        return default if value is None else str(value)

    def table(self, key: str) -> Table:
        """Return the table under a key, an empty one where there is none."""
        value = self._take(key, lambda v: isinstance(v, dict), f"a table: [{'.'.join((*self.path, key))}]")
        return Table(self.source, value or {}, (*self.path, key))

    def tables(self) -> dict[str, Table]:
        """Return every member as a table, by name."""
        return {key: self.table(key) for key in self.values}

    def texts(self, key: str) -> dict[str, str]:
        """Return a table whose values are texts."""
        table = self.table(key)
        return {name: table.text(name) for name in table.values}

    def close(self, why: Mapping[str, str] | None = None) -> None:
        """Give a notice for each key that was not taken: why it cannot be here, or the name that was meant."""
        for key in self.values:
            if key in self._taken:
                continue
            if why and key in why:
                self.notice(key, f"is passed over: {why[key]}.")
                continue
            self.notice(key, f"is no setting and is passed over; {did_you_mean(key, sorted(self._taken))}")
