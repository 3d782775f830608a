"""The only SQL: SQLAlchemy Core on SQLite, or on PostgreSQL by URL.

All methods may raise StoreError. All datetimes are aware and UTC.
"""

from __future__ import annotations

from sqlalchemy import Engine

from feedsvc.store.announcements import AnnouncementStore
from feedsvc.store.bell import Bell
from feedsvc.store.bulk import BulkStore
from feedsvc.store.deliveries import DeliveryStore
from feedsvc.store.documents import DocumentStore
from feedsvc.store.engine import open_engine
from feedsvc.store.figures import FigureStore
from feedsvc.store.harvests import HarvestStore
from feedsvc.store.intents import IntentStore
from feedsvc.store.jobs import JobStore
from feedsvc.store.ledger import LedgerStore
from feedsvc.store.likeness import LikenessStore
from feedsvc.store.migrations import check_schema, migrate
from feedsvc.store.models import AnswerStore, FindingStore, SpendingStore
from feedsvc.store.orders import Ordering, OrderStore
from feedsvc.store.papers import DigestStore, PaperStore
from feedsvc.store.pings import PingStore
from feedsvc.store.requests import RequestStore
from feedsvc.store.revisions import read_revision
from feedsvc.store.saved import SavedStore
from feedsvc.store.subscribers import SubscriberStore
from feedsvc.store.subscriptions import SubscriptionStore


class Store:
    """One database, its rows grouped by subject."""

    def __init__(self, engine: Engine, ordering: Ordering | None = None) -> None:
        self.engine = engine
        bell = Bell()
        self.ledger = LedgerStore(engine, ordering, bell)
        self.likeness = LikenessStore(engine, bell)
        self.announcements = AnnouncementStore(engine, self.likeness)
        self.papers = PaperStore(engine, bell)
        self.digests = DigestStore(engine, bell)
        self.documents = DocumentStore(engine, bell)
        self.requests = RequestStore(engine)
        self.figures = FigureStore(engine)
        self.harvests = HarvestStore(engine)
        self.bulk = BulkStore(engine)
        self.saved = SavedStore(engine)
        self.subscribers = SubscriberStore(engine)
        self.orders = OrderStore(engine)
        self.answers = AnswerStore(engine)
        self.findings = FindingStore(engine)
        self.spendings = SpendingStore(engine)
        self.intents = IntentStore(engine, bell)
        self.subscriptions = SubscriptionStore(engine)
        self.deliveries = DeliveryStore(engine)
        self.pings = PingStore(engine)
        self.jobs = JobStore(engine)

    def revision(self) -> int:
        """Give the number of the newest change of content."""
        return read_revision(self.engine)

    def migrate(self) -> int:
        """Bring the schema to this release's number and give it."""
        return migrate(self.engine)

    def check(self) -> None:
        """Raise StoreError unless the database answers and has this release's schema."""
        check_schema(self.engine)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_store(url: str, ordering: Ordering | None = None) -> Store:
    """Open the store at a database URL; the schema is not looked at. Raises SettingsError.

    With an ordering, digests of what is announced are ordered of a language model.
    """
    return Store(open_engine(url), ordering)
