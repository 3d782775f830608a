"""A query as alternatives: each says which traits a subject must have and which it must not."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from feedsvc.query.ast import And, Everything, Not, Or, Query, negate
from feedsvc.query.traits import Trait, trait_of, traits_required

MOST_PRODUCTS = 16


class Conjunction(NamedTuple):
    """One way in which a query may hold: it does not without all of `required` and none of `forbidden`.

    `is_exact` tells that these say it all; else the query itself must be asked.
    """

    required: tuple[Trait, ...] = ()
    forbidden: tuple[Trait, ...] = ()
    is_exact: bool = True

    def join(self, other: Conjunction) -> Conjunction:
        """Give the way that holds where both do."""
        return Conjunction(
            tuple(dict.fromkeys(self.required + other.required)),
            tuple(dict.fromkeys(self.forbidden + other.forbidden)),
            self.is_exact and other.is_exact,
        )


def split(query: Query) -> tuple[Conjunction, ...]:
    """Give a query's alternatives: where it holds, at least one of them does; none can hold for nothing.

    Alternatives that would multiply beyond all measure are left to the query itself.
    """
    return _read_simply(query) or _split(query)


def _read_simply(query: Query) -> tuple[Conjunction, ...]:
    """Read what most queries are, traits joined by AND and NOT, in one go; give nothing for any other."""
    required: list[Trait] = []
    forbidden: list[Trait] = []
    for node in query.operands if isinstance(query, And) else (query,):
        if isinstance(node, Not):
            trait = trait_of(node.operand)
            side = forbidden
        else:
            trait = trait_of(node)
            side = required
        if trait is None:
            return ()
        side.append(trait)
    return (Conjunction(tuple(required), tuple(forbidden)),)


def _split(query: Query) -> tuple[Conjunction, ...]:
    trait = trait_of(query)
    if trait is not None:
        return (Conjunction(required=(trait,)),)
    match query:
        case Everything():
            return (Conjunction(),)
        case Or(operands):
            return tuple(dict.fromkeys(way for operand in operands for way in _split(operand)))
        case And(operands):
            return _multiply([_split(operand) for operand in operands])
        case Not(operand):
            return _split_negation(operand)
        case _:
            return (Conjunction(required=traits_required(query), is_exact=False),)


def _split_negation(query: Query) -> tuple[Conjunction, ...]:
    trait = trait_of(query)
    if trait is not None:
        return (Conjunction(forbidden=(trait,)),)
    match query:
        case Everything():
            return ()
        case Not(operand):
            return _split(operand)
        case And(operands):
            return _split(Or(tuple(map(negate, operands))))
        case Or(operands):
            return _split(And(tuple(map(negate, operands))))
        case _:
            return (Conjunction(is_exact=False),)


def _multiply(factors: list[tuple[Conjunction, ...]]) -> tuple[Conjunction, ...]:
    """Combine each way of one operand with each of the others, the operands with the fewest ways first."""
    ways: tuple[Conjunction, ...] = (Conjunction(),)
    for factor in sorted(factors, key=len):
        if len(ways) > 1 and len(ways) * len(factor) > MOST_PRODUCTS:
            factor = (Conjunction(is_exact=False),)
        ways = tuple(dict.fromkeys(one.join(other) for one, other in product(ways, factor)))
    return ways
