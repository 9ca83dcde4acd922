"""Whose records somebody may see."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How wide a scope is."""

    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    COMPANY = "company"
    OUTLET = "outlet"


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the ledger that a reader may see; every read takes one.

    Parameters
    ----------
    level
        How wide it is.
    division
        GB/T 2260 code of the province or city (six digits); only for these levels.
    company
        Number of the company; only for companies and their outlets.
    site
        Number of the outlet's site; only for outlets.
    """

    level: Level
    division: str | None = None
    company: int | None = None
    site: int | None = None

    def __post_init__(self) -> None:
        wants = {
            Level.NATION: (False, False, False),
            Level.PROVINCE: (True, False, False),
            Level.CITY: (True, False, False),
            Level.COMPANY: (False, True, False),
            Level.OUTLET: (False, True, True),
        }[self.level]
        has = (self.division is not None, self.company is not None, self.site is not None)
        if has != wants:
            raise ValueError(f"a scope of level {self.level} cannot be {self}")
        if self.division is not None and not re.fullmatch(r"[0-9]{6}", self.division):
            raise ValueError(f"a division code has six digits, not {self.division!r}")

    @classmethod
    def of_nation(cls) -> "Scope":
        """Everything; also what the program itself reads with when it checks records."""
        return cls(Level.NATION)

    @classmethod
    def of_province(cls, division: str) -> "Scope":
        """A province, by any division code inside it."""
        return cls(Level.PROVINCE, division=division)

    @classmethod
    def of_city(cls, division: str) -> "Scope":
        """A city of the second level, by any division code inside it."""
        return cls(Level.CITY, division=division)

    @classmethod
    def of_company(cls, company: int) -> "Scope":
        """One company with all its sites."""
        return cls(Level.COMPANY, company=company)

    @classmethod
    def of_outlet(cls, company: int, site: int) -> "Scope":
        """One site of a company."""
        return cls(Level.OUTLET, company=company, site=site)

    @property
    def division_prefix(self) -> str | None:
        """What the division codes inside start with; "" for the nation, None for companies and outlets.

        >>> Scope.of_province("440000").division_prefix, Scope.of_city("440300").division_prefix
        ('44', '4403')
        """
        match self.level:
            case Level.NATION:
                return ""
            case Level.PROVINCE:
                return (self.division or "")[:2]
            case Level.CITY:
                return (self.division or "")[:4]
            case _:
                return None

    def covers(self, other: "Scope") -> bool:
        """Whether everything in `other` lies in this scope, as far as the two can tell without the registry.

        Where a company lies is for the registry to say, so that a province never covers a company here.

        >>> Scope.of_province("440000").covers(Scope.of_city("440300"))
        True
        """
        if self.level is Level.NATION:
            return True
        if self.division_prefix is not None:
            inner = other.division_prefix
            return bool(inner) and (inner or "").startswith(self.division_prefix)
        return other.company == self.company and self.site in (None, other.site)
