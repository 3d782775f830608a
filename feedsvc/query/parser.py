"""Text to query: the grammar's tree is turned into nodes, and its errors into plain words."""

from __future__ import annotations

from functools import cache, partial

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from feedsvc.errors import QueryError
from feedsvc.query.ast import Query, all_of, any_of, is_selective, negate
from feedsvc.query.terms import PREFIXES, TermError, read_term

MAX_CHARACTERS = 256
MAX_TERMS = 24


def parse(text: str) -> Query:
    """Read a query; its text, `str(query)`, reads back as an equal one. Raises QueryError, nothing else."""
    if len(text) > MAX_CHARACTERS:
        raise QueryError(text, MAX_CHARACTERS, f"expected no more than {MAX_CHARACTERS} characters")
    try:
        tree = _load_grammar().parse(text)
    except UnexpectedInput as error:
        raise _explain(text, error) from error
    starts = sorted(term.meta.start_pos for term in tree.find_data("term"))
    if len(starts) > MAX_TERMS:
        raise QueryError(text, starts[MAX_TERMS], f"expected no more than {MAX_TERMS} words and phrases")
    query = _build(text, tree)
    if not is_selective(query):
        position = _locate_exclusion(text, tree)
        raise QueryError(text, position, "expected something to look for besides what is excluded")
    if len(str(query)) > MAX_CHARACTERS:
        raise QueryError(text, 0, f"expected no more than {MAX_CHARACTERS} characters once spelt out")
    return query


@cache
def _load_grammar() -> Lark:
    return Lark.open_from_package(
        "feedsvc.query", "grammar.lark", start="query", parser="lalr", propagate_positions=True
    )


def _build(text: str, tree: Tree[Token]) -> Query:
    if tree.data == "term":
        return _build_term(text, tree)
    nodes = [child for child in tree.children if isinstance(child, Tree)]
    operands = map(partial(_build, text), nodes)
    match tree.data:
        case "either":
            return any_of(operands)
        case "both":
            return all_of(operands)
    operand = next(operands)
    signs = len(tree.children) - len(nodes) if tree.data == "negation" else 1
    return negate(operand) if signs % 2 else operand


def _build_term(text: str, tree: Tree[Token]) -> Query:
    *prefixes, value = (child for child in tree.children if isinstance(child, Token))
    prefix = prefixes[0].lower() if prefixes else ""
    is_quoted = value.type == "PHRASE"
    if prefix and prefix not in PREFIXES:
        raise QueryError(
            text, tree.meta.start_pos, f"expected one of {', '.join(PREFIXES)} or quotation marks"
        )
    try:
        return read_term(prefix, value[1:-1] if is_quoted else str(value), is_quoted)
    except TermError as error:
        raise QueryError(text, (value.start_pos or 0) + error.offset, str(error)) from error


def _locate_exclusion(text: str, tree: Tree[Token]) -> int:
    sides = (child for child in tree.children if tree.data == "either" and isinstance(child, Tree))
    wrong = next((side for side in sides if not is_selective(_build(text, side))), None)
    return tree.meta.start_pos if wrong is None else _locate_exclusion(text, wrong)


def _explain(text: str, error: UnexpectedInput) -> QueryError:
    is_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    position = len(text) if is_end else error.pos_in_stream or 0
    allowed = error.allowed if isinstance(error, UnexpectedCharacters) else getattr(error, "expected", ())
    return QueryError(text, position, _name_expected(text, position, frozenset(allowed or ())))


def _name_expected(text: str, position: int, allowed: frozenset[str]) -> str:
    found = text[position : position + 1]
    if found and found in '"“”':
        return "expected a second quotation mark for the one"
    if allowed == {"WORD", "PHRASE"}:
        return f"expected a word or a quoted phrase after {text[:position].split()[-1]!r}"
    if found == "-":
        return "expected a word directly behind the '-'"
    if "WORD" not in allowed:
        return "expected an opening parenthesis before the one" if found else "expected a closing parenthesis"
    return "expected a word, a quoted phrase, a prefix such as ti: or an opening parenthesis"
