"""What language models answered, what was found wrong with it, and what was spent on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Engine, func, insert, select, update

from feedsvc.digest.llm.purse import NOTHING, Spent
from feedsvc.digest.llm.writer import Refusal
from feedsvc.store.engine import read, write
from feedsvc.store.model_tables import answers, findings, spendings
from feedsvc.store.versions import Key


class AnswerStore:
    """Texts under keys; a memory for `digest.llm.recall`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, key: str) -> str | None:
        """Give what is kept under a key."""
        with read(self._engine) as connection:
            query = select(answers.c.text).where(answers.c.hash == key)
            return connection.execute(query).scalar_one_or_none()

    def keep(self, key: str, text: str) -> None:
        """Keep a text under a key, in the place of an earlier one."""
        with write(self._engine) as connection:
            kept = connection.execute(update(answers).where(answers.c.hash == key).values(text=text))
            if not kept.rowcount:
                connection.execute(insert(answers).values(hash=key, text=text))


class FindingStore:
    """What the checks found wrong with digests."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, key: Key, model: str, refusals: Iterable[Refusal], now: datetime) -> None:
        """Save what was found with each attempt at a paper version's digest."""
        rows = [
            {
                "paper": key[0],
                "version": key[1],
                "language": refusal.language,
                "model": model,
                "attempt": refusal.attempt,
                "rule": finding.rule.value,
                "place": finding.place,
                "message": finding.message,
                "found_at": now,
            }
            for refusal in refusals
            for finding in refusal.findings
        ]
        if rows:
            with write(self._engine) as connection:
                connection.execute(insert(findings), rows)

    def of_paper(self, key: Key) -> list[tuple[str, int, str, str, str]]:
        """Give language, attempt, rule, place and message of all that was found, in order."""
        table = findings.c
        query = select(table.language, table.attempt, table.rule, table.place, table.message)
        query = query.where(table.paper == key[0], table.version == key[1]).order_by(table.number)
        with read(self._engine) as connection:
            return [(r.language, r.attempt, r.rule, r.place, r.message) for r in connection.execute(query)]

    def count(self) -> dict[str, int]:
        """Give how many findings there ever were by rule."""
        query = select(findings.c.rule, func.count().label("number")).group_by(findings.c.rule)
        with read(self._engine) as connection:
            rows = connection.execute(query.order_by(findings.c.rule))
            return {row.rule: int(row.number) for row in rows}


class SpendingStore:
    """What was spent a day on each model."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(self, day: date, model: str, most: Spent, tokens: int | None, millionths: int | None) -> bool:
        """Set something aside unless a bound of the day would be exceeded; give whether it was."""
        this = (spendings.c.day == day, spendings.c.model == model)
        with write(self._engine) as connection:
            row = connection.execute(select(spendings).where(*this)).one_or_none()
            spent = Spent(row.tokens, row.millionths) if row else NOTHING
            total = Spent(spent.tokens + most.tokens, spent.millionths + most.millionths)
            if tokens is not None and total.tokens > tokens:
                return False
            if millionths is not None and total.millionths > millionths:
                return False
            values = {"tokens": total.tokens, "millionths": total.millionths}
            statement = (
                update(spendings).where(*this) if row else insert(spendings).values(day=day, model=model)
            )
            connection.execute(statement.values(values))
        return True

    def settle(self, day: date, model: str, difference: Spent) -> None:
        """Add what was spent beyond what was set aside; negative where it was less."""
        table = spendings.c
        values = {
            "tokens": table.tokens + difference.tokens,
            "millionths": table.millionths + difference.millionths,
        }
        with write(self._engine) as connection:
            statement = update(spendings).where(table.day == day, table.model == model)
            connection.execute(statement.values(values))

    def spent(self, day: date) -> dict[str, Spent]:
        """Give what was set aside or spent on a day by model."""
        query = select(spendings).where(spendings.c.day == day).order_by(spendings.c.model)
        with read(self._engine) as connection:
            return {row.model: Spent(row.tokens, row.millionths) for row in connection.execute(query)}
