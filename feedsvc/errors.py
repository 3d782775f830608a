"""Every error the service raises on purpose.

    FeedsvcError
    ├── SettingsError          a setting or a feed definition the operator must mend
    ├── InvalidIdError         text that is no arXiv identifier
    ├── QueryError             a keyword query that cannot be read; knows the position
    ├── AddressError           a feed address that cannot be served
    │   ├── UnknownParameterError  a parameter that nothing there knows
    │   ├── UnknownPaperError  papers like one that is not stored
    │   ├── UnknownDayError    a day of which the ledger knows nothing; knows the nearest ones
    │   └── UnknownFeedError   no such feed; knows the names that come near
    │       ├── UnfollowedError    a category that the operator does not follow
    │       └── GivenUpError       a saved feed that was deleted
    ├── UnrecordedPaperError   a paper that the ledger does not have, at least not yet
    ├── SavedFeedError         a feed that cannot be saved so; knows the field
    ├── TooOftenError          a client asks for more than it may have; knows for how long
    ├── HubRequestError        a request to the hub that cannot be taken
    ├── UpstreamError          arXiv could not be reached, or refused
    │   └── StoppedError       we were told to stop before it was asked: nobody failed
    ├── AnswerError            arXiv answered something that cannot be used
    │   ├── ErrorAnswer        a well-formed answer that says what arXiv found wrong
    │   │   └── TokenExpired   a list cannot be gone on with from where it stood: begin it anew
    │   └── BrokenAnswer       not the document that was asked for, or cut off
    ├── ModelError             a model's endpoint could not be reached, or refused
    ├── BudgetSpent            the day's budget for a model is used up
    ├── MirrorError            a folder or file of the static site cannot be written
    └── StoreError             the database is missing, locked for too long, or of another schema

A leaf exists where a caller tells it apart. Messages name the offending value and say what was expected.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import reduce

from feedsvc.told import Told, tell


class FeedsvcError(Exception):
    """Root of all errors raised on purpose."""

    @property
    def told(self) -> str:
        """The message, as it was told: it may be one that can be said in another language."""
        return self.args[0] if self.args else ""


class SettingsError(FeedsvcError, ValueError):
    """The operator's settings or feed definitions cannot be used."""


class InvalidIdError(FeedsvcError, ValueError):
    """The text is no arXiv identifier."""

    def __init__(self, text: str) -> None:
        pattern = "{text!r} is no arXiv identifier: expected one like 2601.06098v2 or hep-th/9901001"
        super().__init__(tell(pattern, text=text))
        self.text = text


class QueryError(FeedsvcError, ValueError):
    """A keyword query cannot be read; `position` counts characters from 0."""

    def __init__(self, text: str, position: int, expected: str) -> None:
        pattern = "at character {place} of {text!r}: {expected}"
        super().__init__(tell(pattern, place=position + 1, text=text, expected=expected))
        self.text = text
        self.position = position
        self.expected = expected

    def pointer(self) -> str:
        """Give the query with a caret under the offending character, in two lines.

        Where characters take no room, or twice as much as others, the second line does too.
        """
        line = "".join(" " if character.isspace() else character for character in self.text)
        return f"{line}\n{''.join(map(_blank_for, line[: self.position]))}^"


def _blank_for(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    return "\u3000" if unicodedata.east_asian_width(character) in "WF" else " "


class AddressError(FeedsvcError, ValueError):
    """A feed's address has a part or a parameter that is not understood."""


class UnknownParameterError(AddressError):
    """An address has a parameter that nothing there knows."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        listed = ", ".join(known)
        pattern = (
            "{name!r} is no parameter here: expected {known}"
            if listed
            else "{name!r} is no parameter here: expected none"
        )
        super().__init__(tell(pattern, name=name, known=listed))


class UnknownPaperError(AddressError):
    """Papers like this one were asked for, and no version of it is stored."""

    def __init__(self, paper: str) -> None:
        pattern = "paper {paper} is not stored here: expected one that is, to tell what is like it"
        super().__init__(tell(pattern, paper=paper))
        self.paper = paper


class UnrecordedPaperError(FeedsvcError):
    """A paper was asked for of which the ledger has no announcement, at least not yet."""

    def __init__(self, paper: str) -> None:
        super().__init__(tell("paper {paper} is not in the ledger, at least not yet", paper=paper))
        self.paper = paper


class UnknownDayError(AddressError):
    """A day of which the ledger knows nothing; `near` are the nearest ones before and after it."""

    def __init__(self, day: date, near: tuple[date, ...] = ()) -> None:
        nothing = tell("nothing is known of {day} here", day=day)
        hinted = "{nothing}: expected a day such as {near}"
        super().__init__(tell(hinted, nothing=nothing, near=_join(near)) if near else nothing)
        self.day = day
        self.near = near


class UnknownFeedError(AddressError):
    """No feed has this name; `near` lists names that come close, best first."""

    def __init__(self, name: str, near: tuple[str, ...] = ()) -> None:
        sentence = self.sentence(name)
        hinted = tell("{sentence}; near it: {near}", sentence=sentence, near=", ".join(near))
        super().__init__(hinted if near else sentence)
        self.name = name
        self.near = near

    def sentence(self, name: str) -> Told:
        """Say what is wrong, without the names that come near."""
        return tell("no feed is called {name!r}", name=name)


class UnfollowedError(UnknownFeedError):
    """arXiv has this category or archive, but the operator does not follow it: its feed would stay empty."""

    def sentence(self, name: str) -> Told:
        """Say what is wrong, without the names that come near."""
        return tell("{name!r} is not followed here", name=name)


class GivenUpError(UnknownFeedError):
    """Somebody saved this feed and deleted it: its readers may stop asking."""

    def sentence(self, name: str) -> Told:
        """Say what is wrong, without the names that come near."""
        return tell("the feed {name!r} was deleted by whoever saved it", name=name)


class SavedFeedError(FeedsvcError, ValueError):
    """A visitor's feed cannot be saved so; `field` is the one to mend: name, query, title or token."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TooOftenError(FeedsvcError):
    """A client has had as much made, or has sent as much, as it may for now; `retry_after` are seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            tell("that was too often: expected another attempt in {seconds} s", seconds=retry_after)
        )
        self.retry_after = retry_after


class UpstreamError(FeedsvcError):
    """arXiv could not be reached or refused to answer, after every allowed retry."""


class StoppedError(UpstreamError):
    """We were told to stop while we waited for our turn to ask arXiv."""


class AnswerError(FeedsvcError, ValueError):
    """An answer of arXiv's that cannot be used."""


class ErrorAnswer(AnswerError):
    """A well-formed answer in which arXiv says what it found wrong."""


class TokenExpired(ErrorAnswer):
    """arXiv no longer takes the token of a list's next page; the list has to be begun anew."""


class BrokenAnswer(AnswerError):
    """Bytes that are not the document asked for: cut off, no XML, a web page, a retired format."""


class ModelError(FeedsvcError):
    """A model's endpoint could not be reached or refused, after every allowed retry.

    `retry_after` is for how many seconds it asked to be left alone, `may_cost` whether what was asked may
    have to be paid for all the same.
    """

    def __init__(self, message: str, retry_after: float = 0.0, *, may_cost: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.may_cost = may_cost


class BudgetSpent(FeedsvcError):
    """What may be spent on a model in a day would be exceeded."""


class StoreError(FeedsvcError):
    """The database is missing, of another schema, or stayed locked."""


class MirrorError(FeedsvcError):
    """A folder or file of the static site cannot be written."""


class HubRequestError(FeedsvcError, ValueError):
    """A request to the WebSub hub has something in it that cannot be taken."""


def _join(parts: Iterable[object]) -> object:
    return reduce(lambda first, second: tell("{first} or {second}", first=first, second=second), parts)
