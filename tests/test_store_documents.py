"""Finished documents: found with their bytes, changed only when those change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedsvc.store import Store
from feedsvc.store.documents import Stamp
from tests.builders import NOON, make_document

STAMP = Stamp("recipe", 7, 3)
KEY = ("cs.AI", "xml", "en")
LATER = NOON + timedelta(hours=1)


def test_a_document_comes_back_byte_for_byte(store: Store) -> None:
    document = make_document(body=bytes(range(256)))
    store.documents.save(document, STAMP)

    assert store.documents.find(KEY) == document


def test_a_document_is_found_under_feed_format_and_language_only(store: Store) -> None:
    store.documents.save(make_document(), STAMP)

    for key in (
        ("cs.LG", "xml", "en"),
        ("cs.AI", "rss", "en"),
        ("cs.AI", "xml", "zh"),
        ("cs.ai", "xml", "en"),
    ):
        assert store.documents.find(key) is None


def test_a_first_document_is_a_change(store: Store) -> None:
    assert store.documents.save(make_document(), STAMP)


def test_the_same_bytes_keep_the_time_of_their_change(store: Store) -> None:
    store.documents.save(make_document(), STAMP)

    assert not store.documents.save(make_document(changed_at=LATER), STAMP)
    assert store.documents.find(KEY) == make_document()


def test_other_bytes_are_a_change_with_its_own_time(store: Store) -> None:
    changed = make_document(body=b"<feed></feed>", etag="two", changed_at=LATER)
    store.documents.save(make_document(), STAMP)

    assert store.documents.save(changed, STAMP)
    assert store.documents.find(KEY) == changed


def test_a_stamp_says_what_a_document_was_made_of(store: Store) -> None:
    store.documents.save(make_document(), STAMP)
    store.documents.save(make_document(language="zh"), Stamp("other", 8, 0))

    assert store.documents.stamps() == {KEY: STAMP, ("cs.AI", "xml", "zh"): Stamp("other", 8, 0)}


def test_the_same_bytes_take_the_new_stamp(store: Store) -> None:
    store.documents.save(make_document(), STAMP)
    store.documents.save(make_document(), Stamp("other", 9, 4))

    assert store.documents.stamps() == {KEY: Stamp("other", 9, 4)}


def test_documents_that_a_change_does_not_touch_are_noted_as_built_that_far(store: Store) -> None:
    for feed in ("cs.AI", "cs.LG", "cs.CL"):
        store.documents.save(make_document(feed), STAMP)
    store.documents.note_untouched([KEY, ("cs.CL", "xml", "en")], 9)

    revisions = {feed: stamp.revision for (feed, _, _), stamp in store.documents.stamps().items()}
    assert revisions == {"cs.AI": 9, "cs.LG": 7, "cs.CL": 9}
    assert store.documents.find(KEY) == make_document()


def test_a_document_built_of_fewer_changes_never_replaces_a_newer_one(store: Store) -> None:
    """Two processes build at once; the one that began earlier is the slower."""
    newer = make_document(etag="newer", changed_at=LATER)
    store.documents.save(newer, Stamp("recipe", 9, 4))

    assert not store.documents.save(make_document(etag="older"), Stamp("recipe", 8, 3))
    store.documents.note_untouched([KEY], 8)

    assert store.documents.find(KEY) == newer
    assert store.documents.stamps() == {KEY: Stamp("recipe", 9, 4)}


def test_a_document_of_another_recipe_replaces_the_former_whatever_it_knew(store: Store) -> None:
    store.documents.save(make_document(), Stamp("recipe", 9, 4))

    assert store.documents.save(make_document(etag="two"), Stamp("other", 8, 3))


def test_documents_are_no_content_of_the_ledger(store: Store) -> None:
    store.documents.save(make_document(), STAMP)
    store.documents.note_untouched([KEY], 9)

    assert store.revision() == 0


def test_the_edition_grows_with_every_change_of_bytes_and_with_no_other(store: Store) -> None:
    editions = [store.documents.edition()]
    for document in (make_document(), make_document(changed_at=LATER), make_document(etag="two")):
        store.documents.save(document, STAMP)
        editions.append(store.documents.edition())
    store.documents.keep_only({KEY})
    editions.append(store.documents.edition())
    store.documents.keep_only(())
    editions.append(store.documents.edition())

    assert editions == [0, 1, 1, 2, 2, 3]


def test_what_changed_since_an_edition_is_found(store: Store) -> None:
    for feed in ("cs.AI", "cs.LG"):
        store.documents.save(make_document(feed), STAMP)
    edition = store.documents.edition()
    store.documents.save(make_document("cs.AI", etag="two"), STAMP)
    store.documents.save(make_document("cs.LG", changed_at=LATER), STAMP)

    assert store.documents.find_changed(edition) == frozenset({KEY})
    assert store.documents.find_changed(store.documents.edition()) == frozenset()


def test_after_one_was_dropped_any_document_may_differ(store: Store) -> None:
    store.documents.save(make_document(), STAMP)
    edition = store.documents.edition()
    store.documents.keep_only(())

    assert store.documents.find_changed(edition) is None
    assert store.documents.find_changed(store.documents.edition()) == frozenset()


def test_of_an_edition_that_never_was_any_document_may_differ(store: Store) -> None:
    """A backup was put back: it is younger than what somebody saw."""
    assert store.documents.find_changed(1) is None


def test_a_tag_is_found_without_the_bytes(store: Store) -> None:
    store.documents.save(make_document(), STAMP)

    assert store.documents.find_tag(KEY) == "one"
    assert store.documents.find_tag(("cs.AI", "rss", "en")) is None


def test_the_tags_of_all_documents_are_found_without_the_bytes(store: Store) -> None:
    store.documents.save(make_document(), STAMP)
    store.documents.save(make_document("cs.LG", etag="two"), STAMP)

    assert store.documents.tags() == {KEY: "one", ("cs.LG", "xml", "en"): "two"}


def test_the_same_bytes_are_confirmed_under_the_new_stamp(store: Store) -> None:
    store.documents.save(make_document(), STAMP)

    assert store.documents.confirm(KEY, "one", Stamp("other", 9, 4), ["2601.00001"])
    assert store.documents.stamps() == {KEY: Stamp("other", 9, 4)}
    assert store.documents.find_holders({"2601.00001"}) == {"cs.AI"}
    assert store.documents.find(KEY) == make_document()


@pytest.mark.parametrize(("etag", "stamp"), [("two", Stamp("recipe", 9, 4)), ("one", Stamp("recipe", 6, 3))])
def test_other_bytes_and_what_knows_of_less_are_not_confirmed(store: Store, etag: str, stamp: Stamp) -> None:
    store.documents.save(make_document(), STAMP)

    assert not store.documents.confirm(KEY, etag, stamp)
    assert store.documents.stamps() == {KEY: STAMP}


def test_documents_of_feeds_that_are_no_more_are_dropped(store: Store) -> None:
    for feed in ("cs.AI", "old", "older"):
        store.documents.save(make_document(feed), STAMP)

    assert store.documents.keep_only({KEY, ("cs.LG", "xml", "en")}) == 2
    assert set(store.documents.stamps()) == {KEY}
