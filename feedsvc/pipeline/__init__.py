"""The use cases, each idempotent: fetch -> record -> digest -> build.

    arxiv.source --listing--> ledger.judge_batch --> store (papers, announcements, batches)
                 --papers---> store (comments, DOI, Unicode names, ...)
    arxiv.oai    --history--> history.rebuild_history --> store (what listings left out)
    store: papers without a digest --> digest.Summarizer --> store (digests)
    store: orders --digest.llm, beside all else--> store (digests, findings)
    store: recent papers without a sketch --> likeness --> store (sketches)
    store: what changed since a document was built --> render --> store (documents)

Nothing here decides when; `schedule` does. What is due is read from the store's rows each time, so a
process killed anywhere goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event, Lock

from feedsvc.http import Clock
from feedsvc.logs import log_job
from feedsvc.pipeline.catchup import CatchUp, CaughtUp
from feedsvc.pipeline.digests import Digester
from feedsvc.pipeline.ingest import Fetched, Ingest
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.sketches import Sketcher
from feedsvc.pipeline.states import Built
from feedsvc.pipeline.writing import Writing, Wrote
from feedsvc.store.orders import OrderState

# At one request in three seconds a round takes minutes: what it brought so far is published this often.
PUBLISH_EVERY = timedelta(seconds=30)
# So many categories in a row without any answer, each tried several times, and arXiv is left in peace.
ENOUGH_UNREACHED = 3


class Pipeline:
    """The steps, and `run_due`, which runs them in their order and never twice at once."""

    def __init__(
        self,
        ingest: Ingest,
        digester: Digester,
        sketcher: Sketcher,
        publisher: Publisher,
        catch_up: CatchUp,
        writing: Writing,
        clock: Clock,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.ingest = ingest
        self.digester = digester
        self.sketcher = sketcher
        self.publisher = publisher
        self.catch_up = catch_up
        self.writing = writing
        self._clock = clock
        self._report = report
        self._lock = Lock()
        self._building = Lock()
        self._stopping = Event()
        self._digested = 0

    def stop(self) -> None:
        """End a run at its next step; what it leaves undone is due again."""
        self._stopping.set()
        self.writing.stop()

    def run_once(self) -> None:
        """Do whatever is due, have the model write, and publish that: for those who have no schedule."""
        self.run_due()
        if self.write_digests():
            with self._lock:
                self._publish()

    def run_due(self) -> None:
        """Do whatever the store's rows say is due: the steps one after the other, in one process."""
        with self._lock:
            self._run()

    def _run(self) -> None:
        published_at = self._clock.now()
        for _ in self._fetch():
            # At once, so that no feed made on demand meanwhile shows a paper without its digest.
            self._digested += self.digester.digest_papers()
            if not self._stopping.is_set() and self._clock.now() - published_at >= PUBLISH_EVERY:
                self._publish()
                published_at = self._clock.now()
        if self._stopping.is_set():
            return
        if not self.ingest.is_api_well:
            # Papers are best published complete, but must not wait for an API that makes us wait.
            self._publish()
        self.close_gaps()
        self.complete_papers()
        self._publish()

    def _publish(self) -> None:
        self.make_digests()
        self.sketch_papers()
        self._build()

    def fetch_batches(self) -> None:
        """Ask arXiv for the batches that are due, and record them."""
        for _ in self._fetch():
            pass

    def _fetch(self) -> Iterator[Fetched]:
        unreached = 0
        for fetched in self.ingest.fetch_batches(self.ingest.due_categories()):
            self._report(describe_fetched(fetched))
            yield fetched
            unreached = 0 if fetched.reached else unreached + 1
            if unreached == ENOUGH_UNREACHED:
                self._report("arXiv does not answer; the other categories are left for the next run")
                return
            if self._stopping.is_set():
                return

    def close_gaps(self) -> None:
        """Make days whole from OAI-PMH that no listing was seen of."""
        with log_job(self._clock, "catch-up") as counts:
            caught_up = self.catch_up.run_due()
            counts |= {"added": caught_up.added, "settled": caught_up.settled} if caught_up else {}
        if caught_up is not None:
            self._report(describe_catch_up(caught_up))

    def complete_papers(self) -> None:
        """Ask the API for what listings do not tell."""
        with log_job(self._clock, "complete") as counts:
            completed = counts["papers"] = self.ingest.fill_papers()
        if completed:
            self._report(describe_completed(completed))

    def make_digests(self) -> None:
        """Give every paper the digests that it lacks."""
        with log_job(self._clock, "digest") as counts:
            counts["papers"] = self.digester.digest_papers()
        self._digested += counts["papers"]
        if self._digested:
            self._report(describe_digested(self._digested))
            self._digested = 0

    def sketch_papers(self) -> None:
        """Sketch recent papers, by which those like a given one are found."""
        with log_job(self._clock, "sketch") as counts:
            counts["papers"] = self.sketcher.sketch_papers()

    def build_documents(self) -> None:
        """Bring every document up to the ledger; papers have their digests before they come into one."""
        self.make_digests()
        self._build()

    def _build(self) -> None:
        self.writing.release_overdue()
        with self._building, log_job(self._clock, "build") as counts:
            built = self.publisher.build_documents()
            counts |= {"changed": built.changed, "refused": built.refused}
        if built.changed or built.refused:
            self._report(describe_built(built))

    def write_digests(self, longest: timedelta | None = None) -> int:
        """Have the model write what was ordered, beside all else; give how many digests it made.

        After the longest time, if any, no further order is taken.
        """
        wrote = self.writing.write_digests(longest)
        if any(wrote.counts.values()):
            self._report(describe_wrote(wrote))
        return wrote.counts.get(OrderState.MADE, 0)


def describe_fetched(fetched: Fetched) -> str:
    """Say in a line what fetching a category brought."""
    batch = fetched.batch
    counts = ", ".join(f"{count} {kind}" for kind, count in batch.counts) or batch.reason
    again = " (seen before)" if fetched.repeated else ""
    return f"fetched   {batch.category:<18} {batch.day}  {batch.state:<8} {counts}{again}"


def describe_catch_up(caught_up: CaughtUp) -> str:
    """Say in a line what a harvest brought."""
    missing = write_count(caught_up.added, "missing announcement")
    settled = f"; {write_count(caught_up.settled, 'batch', 'batches')} settled" if caught_up.settled else ""
    end = "" if caught_up.whole else "; it broke off and goes on later"
    return f"harvested {missing}{settled}{end}"


def describe_completed(papers: int) -> str:
    """Say in a line for how many papers the API told what listings do not."""
    return f"completed {write_count(papers, 'paper')} from the API"


def describe_digested(papers: int) -> str:
    """Say in a line how many papers got digests."""
    return f"digested  {write_count(papers, 'paper')}"


def describe_wrote(wrote: Wrote) -> str:
    """Say in a line what became of the digests that a model was to write."""
    counts = ", ".join(f"{number} {state}" for state in OrderState if (number := wrote.counts.get(state, 0)))
    return f"written   {counts}"


def describe_built(built: Built) -> str:
    """Say in a line what became of the documents."""
    refused = f", {built.refused} refused" if built.refused else ""
    documents = write_count(built.changed, "document")
    return f"built     {documents}, {built.same + built.untouched} as before{refused}"


def write_count(number: int, noun: str, plural: str = "") -> str:
    """Write a number of things: 1 paper, 2 papers."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
