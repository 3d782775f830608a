"""Jobs are queued with what they are for, one a step, and taken from the dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from feedsvc.errors import StoreError
from feedsvc.jobs.engine import read_schema
from feedsvc.service import prepare_jobs
from feedsvc.steps import Step
from feedsvc.store import Store, open_store
from feedsvc.store.bell import hasten_jobs, queue_jobs
from feedsvc.store.documents import Stamp
from feedsvc.store.engine import write, write_aside
from feedsvc.websub.values import HubLimits
from tests.builders import NOON, make_announcement, make_batch, make_digest, make_document, make_paper
from tests.databases import make_schema
from tests.hub_rows import make_intent

FETCH_JOB = text("SELECT * FROM procrastinate_fetch_job_v2(NULL, NULL)")


@pytest.fixture
def jobs_store(postgres_url: str) -> Iterator[Store]:
    """Give an empty store on PostgreSQL, with the job engine's tables."""
    opened = open_store(postgres_url)
    opened.migrate()
    prepare_jobs(opened)
    yield opened
    opened.close()


def waiting(store: Store) -> list[str]:
    return [row.task_name for row in rows(store) if row.status == "todo"]


def rows(store: Store) -> list[Any]:
    with write_aside(store.engine) as connection:
        return list(connection.execute(text("SELECT * FROM procrastinate_jobs ORDER BY priority DESC")))


def take_job(store: Store) -> str | None:
    """Take the next job as a worker does; give its step."""
    with write_aside(store.engine) as connection:
        found: str | None = connection.execute(FETCH_JOB).one().task_name
        return found


def record(store: Store) -> None:
    store.ledger.record_batch(make_batch(), [make_paper()], [make_announcement()])


def test_a_recorded_batch_wakes_for_what_follows_from_it(jobs_store: Store) -> None:
    record(jobs_store)

    assert waiting(jobs_store) == ["digest", "build", "sketch"]


def test_the_same_batch_again_wakes_nobody(jobs_store: Store) -> None:
    record(jobs_store)
    with write_aside(jobs_store.engine) as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    record(jobs_store)

    assert waiting(jobs_store) == []


def test_a_saved_digest_wakes_for_building(jobs_store: Store) -> None:
    jobs_store.papers.save([make_paper()])
    while take_job(jobs_store):
        pass
    jobs_store.digests.save([make_digest()])

    assert waiting(jobs_store) == ["build"]


def test_a_document_with_news_wakes_for_delivering(jobs_store: Store) -> None:
    jobs_store.documents.save(make_document(), Stamp("recipe", 1, 1), ["2601.00001"], ["mark"])

    assert waiting(jobs_store) == ["deliver"]


def test_a_document_without_news_wakes_nobody(jobs_store: Store) -> None:
    jobs_store.documents.save(make_document(), Stamp("recipe", 1, 1), ["2601.00001"], ["mark"])
    take_job(jobs_store)
    changed = make_document(body=b"<feed>2</feed>", etag="other")
    jobs_store.documents.save(changed, Stamp("recipe", 2, 1), ["2601.00001"], ["mark"])

    assert waiting(jobs_store) == []


def test_an_accepted_intent_wakes_for_verifying(jobs_store: Store) -> None:
    assert jobs_store.intents.add(make_intent(), HubLimits(), NOON) is None

    assert waiting(jobs_store) == ["verify"]


def test_what_was_undone_wakes_nobody(jobs_store: Store) -> None:
    with suppress(ZeroDivisionError), write(jobs_store.engine) as connection:
        hasten_jobs(connection, [Step.DIGEST])
        _ = 1 / 0

    assert waiting(jobs_store) == []


def test_waking_is_one_statement_of_a_transaction(jobs_store: Store) -> None:
    record(jobs_store)
    statements: list[str] = []
    event.listen(
        jobs_store.engine, "before_cursor_execute", lambda *call: statements.append(call[2]), named=False
    )
    jobs_store.papers.save([make_paper(title="Another title")])

    assert sum("procrastinate" in statement for statement in statements) == 1


def test_a_step_has_one_waiting_job_however_often_it_is_woken(jobs_store: Store) -> None:
    for _ in range(3):
        jobs_store.jobs.wake([Step.FETCH, Step.BUILD])
        record(jobs_store)

    assert sorted(waiting(jobs_store)) == ["build", "digest", "fetch", "sketch"]


def test_a_job_that_is_under_way_does_not_keep_the_next_one_from_waiting(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.DIGEST])
    assert take_job(jobs_store) == "digest"
    record(jobs_store)

    assert "digest" in waiting(jobs_store)
    # It has to wait until the first is over, and so has nobody else anything of it.
    assert "digest" not in {take_job(jobs_store) for _ in range(4)}


def test_a_waiting_job_is_not_taken_before_what_it_is_woken_for_can_be_seen(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.DIGEST])
    with write(jobs_store.engine) as connection:
        hasten_jobs(connection, [Step.DIGEST])
        too_early = take_job(jobs_store)

    assert (too_early, take_job(jobs_store)) == (None, "digest")


def test_the_announcement_goes_before_gaps_and_what_a_model_writes(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.WRITE, Step.CATCH_UP, Step.FETCH])

    taken = [take_job(jobs_store) for _ in range(3)]
    # The gaps need arXiv, which the listings have.
    assert taken == ["fetch", "write", None]


def test_steps_that_ask_arxiv_share_a_lock_and_no_others_do() -> None:
    asking = {Step.FETCH, Step.COMPLETE, Step.CATCH_UP}

    assert {step.lock for step in asking} == {"arxiv"}
    assert len({step.lock for step in Step}) == len(Step) - len(asking) + 1


def test_a_sweep_does_not_hasten_a_step_that_failed_but_new_data_does(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.DIGEST], timedelta(hours=1), attempts=3)
    jobs_store.jobs.wake([Step.DIGEST])
    after_sweep = take_job(jobs_store)
    with write(jobs_store.engine) as connection:
        hasten_jobs(connection, [Step.DIGEST])

    assert (after_sweep, take_job(jobs_store)) == (None, "digest")


def test_listings_that_failed_do_not_keep_the_lock_from_the_gaps(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.FETCH], timedelta(hours=1), attempts=1)
    jobs_store.jobs.wake([Step.CATCH_UP])

    assert take_job(jobs_store) == "catch-up"


def test_building_that_failed_is_hastened_to_a_few_seconds_by_new_data(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.BUILD], timedelta(hours=1), attempts=3)
    with write(jobs_store.engine) as connection:
        hasten_jobs(connection, [Step.BUILD])
    (job,) = rows(jobs_store)

    assert job.scheduled_at - datetime.now(UTC) < timedelta(minutes=1)


def test_documents_are_built_for_some_seconds_of_changes_at_once(jobs_store: Store) -> None:
    jobs_store.papers.save([make_paper()])

    taken = {take_job(jobs_store) for _ in range(3)}
    assert (taken, waiting(jobs_store)) == ({"digest", "sketch", None}, ["build"])


def start_worker(store: Store, seconds_ago: float) -> int:
    """Register a worker who gave a sign of life so long ago, and give it a job."""
    with write_aside(store.engine) as connection:
        worker: int = connection.execute(
            text("SELECT * FROM procrastinate_register_worker_v1()")
        ).scalar_one()
        connection.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - :age * interval '1 second'"),
            {"age": seconds_ago},
        )
        connection.execute(text("SELECT procrastinate_fetch_job_v2(NULL, :worker)"), {"worker": worker})
    return worker


def test_a_dead_workers_job_is_queued_again(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.BUILD])
    start_worker(jobs_store, seconds_ago=60)

    assert jobs_store.jobs.release_stalled(timedelta(seconds=30)) == (Step.BUILD,)
    assert take_job(jobs_store) == "build"


def test_a_dead_workers_job_is_queued_once_where_it_waits_already(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.BUILD])
    start_worker(jobs_store, seconds_ago=60)
    jobs_store.jobs.wake([Step.BUILD])
    jobs_store.jobs.release_stalled(timedelta(seconds=30))

    assert [row.task_name for row in rows(jobs_store)] == ["build"]


def test_the_job_of_a_worker_that_was_struck_off_is_stalled(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.BUILD])
    worker = start_worker(jobs_store, seconds_ago=0)
    with write_aside(jobs_store.engine) as connection:
        connection.execute(text("SELECT procrastinate_unregister_worker_v1(:id)"), {"id": worker})

    assert jobs_store.jobs.release_stalled(timedelta(seconds=30)) == (Step.BUILD,)


def test_a_living_workers_job_is_left_alone(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.BUILD])
    start_worker(jobs_store, seconds_ago=5)

    assert jobs_store.jobs.release_stalled(timedelta(seconds=30)) == ()


def test_jobs_of_other_queues_are_left_alone(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.BUILD, Step.FETCH])
    start_worker(jobs_store, seconds_ago=60)
    with write_aside(jobs_store.engine) as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET queue_name = 'other'"))
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'failed' WHERE status = 'todo'"))
        connection.execute(text("UPDATE procrastinate_events SET at = at - interval '2 days'"))
    counted = jobs_store.jobs.count()

    assert jobs_store.jobs.release_stalled(timedelta(seconds=30)) == ()
    assert (jobs_store.jobs.forget_old(), len(rows(jobs_store))) == (0, 2)
    assert counted is not None
    assert (counted.running, counted.stalled, counted.failed) == (0, 0, 0)


def test_jobs_are_counted_by_what_becomes_of_them(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.BUILD])
    start_worker(jobs_store, seconds_ago=60)
    jobs_store.jobs.wake([Step.FETCH])
    start_worker(jobs_store, seconds_ago=5)
    jobs_store.jobs.wake([Step.VERIFY])
    with write_aside(jobs_store.engine) as connection:
        connection.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = 2"))
        connection.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE id = 1")
        )
    counted = jobs_store.jobs.count()

    assert counted is not None
    assert (counted.waiting, counted.running, counted.stalled) == (1, 2, 1)
    assert (counted.failed, counted.workers) == (0, 1)


def test_a_job_that_failed_is_kept_for_a_day(jobs_store: Store) -> None:
    jobs_store.jobs.wake([Step.BUILD])
    take_job(jobs_store)
    with write_aside(jobs_store.engine) as connection:
        connection.execute(
            text("SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM procrastinate_jobs")
        )
    kept = jobs_store.jobs.forget_old()
    counted = jobs_store.jobs.count()
    with write_aside(jobs_store.engine) as connection:
        connection.execute(text("UPDATE procrastinate_events SET at = at - interval '2 days'"))

    assert (kept, jobs_store.jobs.forget_old(), rows(jobs_store)) == (0, 1, [])
    assert counted is not None
    assert counted.failed == 1


def test_sqlite_has_no_jobs_and_recording_needs_none(tmp_path: Any) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.sqlite3")
    store.migrate()

    assert prepare_jobs(store) is None
    record(store)
    assert store.jobs.count() is None
    store.close()


def test_a_store_on_postgresql_without_the_engine_records_as_ever(postgres_url: str) -> None:
    store = open_store(postgres_url)
    store.migrate()
    record(store)

    assert store.jobs.count() is None
    store.close()


def test_the_engines_schema_is_prepared_once(jobs_store: Store) -> None:
    record(jobs_store)
    prepare_jobs(jobs_store)

    assert len(waiting(jobs_store)) == 3


def test_a_newer_engines_schema_gets_what_came_since_and_nothing_twice(jobs_store: Store) -> None:
    whole, changes = read_schema()
    newer = changes | {"99.00.00_01_pre_more": "CREATE TABLE more (number integer)"}

    assert jobs_store.jobs.prepare(whole, newer) == "99.00.00_01_pre_more"
    assert jobs_store.jobs.prepare(whole, newer) == "99.00.00_01_pre_more"


def test_an_older_engine_than_the_schema_is_refused(jobs_store: Store) -> None:
    whole, changes = read_schema()
    jobs_store.jobs.prepare(whole, changes | {"99.00.00_01_pre_more": "SELECT 1"})

    with pytest.raises(StoreError, match="run a newer release"):
        jobs_store.jobs.prepare(whole, changes)


def test_the_scripts_that_led_to_the_engines_schema_make_the_same_tables(postgres_url: str) -> None:
    """What `prepare` runs on an older store ends where a new one begins."""
    whole, changes = read_schema()
    first = next(iter(changes))
    columns = text(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name LIKE 'procrastinate%' ORDER BY 1, 2"
    )
    store = open_store(postgres_url)
    store.jobs.prepare(changes[first], {first: changes[first]})
    store.jobs.prepare(whole, changes)
    with write_aside(store.engine) as connection:
        led = connection.execute(columns).all()
    store.close()
    with make_schema() as new:
        store = open_store(new)
        prepare_jobs(store)
        with write_aside(store.engine) as connection:
            made = connection.execute(columns).all()
        store.close()

    assert led == made


def test_queueing_waits_for_no_turn_among_the_writers(jobs_store: Store) -> None:
    with write(jobs_store.engine), write_aside(jobs_store.engine) as connection:
        queue_jobs(connection, [Step.FETCH])

    assert waiting(jobs_store) == ["fetch"]
