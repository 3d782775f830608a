"""Queries copied from the address of a request to arXiv's API, where they are percent-encoded.

Source: https://info.arxiv.org/help/api/user-manual.html#query_details
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

_PARAMETER = re.compile(r"(?:https?://\S+\?)?(?:[a-z_]+=[^&\s]*&)*search_query=(?P<query>[^&]*)(?:&\S*)?")
# Of what the query language is made of, these are the signs that an address cannot carry as they are.
_ENCODED_SIGN = re.compile(r"%(?:2[0289B]|3A|5[BD])", re.IGNORECASE)
_JOINED_OPERATOR = re.compile(r"\+(?:AND|OR|ANDNOT)\+")


def decode_pasted(text: str) -> str:
    """Give the query that an address, its `search_query=…` or only the value of that stands for.

    A plus is a space only where other signs show that the text is from an address: C++ stays what it is.
    """
    found = _PARAMETER.fullmatch(text.strip())
    value = found["query"] if found else text
    is_encoded = _ENCODED_SIGN.search(value) or _JOINED_OPERATOR.search(value)
    if found or (is_encoded and not re.search(r"\s", value.strip())):
        return unquote_plus(value)
    return _ENCODED_SIGN.sub(lambda sign: unquote(sign[0]), value)
