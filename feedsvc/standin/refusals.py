"""What OAI-PMH answers where it cannot do what was asked: a code, a sentence, and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    """The protocol's error codes. Source: http://www.openarchives.org/OAI/openarchivesprotocol.html"""

    BAD_ARGUMENT = "badArgument"
    BAD_TOKEN = "badResumptionToken"
    BAD_VERB = "badVerb"
    BAD_FORMAT = "cannotDisseminateFormat"
    NO_SUCH_ID = "idDoesNotExist"
    NO_RECORDS = "noRecordsMatch"


_SENTENCES = {
    Code.BAD_ARGUMENT: "The request includes illegal arguments, is missing required arguments, includes a "
    "repeated argument, or values for arguments have an illegal syntax.",
    Code.BAD_TOKEN: "The value of the resumptionToken argument is invalid or expired.",
    Code.BAD_VERB: "Value of the verb argument is not a legal OAI-PMH verb, the verb argument is missing, or "
    "the verb argument is repeated.",
    Code.BAD_FORMAT: "The metadata format identified by the value given for the metadataPrefix argument is "
    "not supported by the item or by the repository.",
    Code.NO_SUCH_ID: "The value of the identifier argument is unknown or illegal in this repository.",
    Code.NO_RECORDS: "The combination of the values of the from, until, set and metadataPrefix arguments "
    "results in an empty list.",
}


class Refusal(Exception):
    """A request that is refused; `echoed` are the arguments that the answer shows as understood."""

    def __init__(self, code: Code, reason: str = "", echoed: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{_SENTENCES[code]} Reason: {reason}" if reason else _SENTENCES[code])
        self.code = code
        self.echoed = dict(echoed or {})
