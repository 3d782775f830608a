"""A short campaign of faults and kills, and at the end the truth. `make campaign` runs a month."""

from __future__ import annotations

import pytest

from tests.campaign import run_campaign
from tests.campaign_truth import Figures

DAYS, KILLS, SEED = 8, 20, 11


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    return run_campaign(tmp_path_factory.mktemp("campaign"), SEED, DAYS, KILLS)


def test_there_was_trouble(figures: Figures) -> None:
    assert figures.kills == KILLS
    assert len(figures.faults) >= 6


def test_every_announcement_is_in_the_ledger_once_on_its_day_or_flagged(figures: Figures) -> None:
    assert figures.wrong == []
    assert figures.announcements > 200
    assert figures.exact + figures.misdated + figures.untold == figures.announcements
    assert figures.misdated <= figures.flagged < figures.announcements / 5
    assert figures.untold < figures.announcements / 20
    assert figures.surplus < figures.announcements / 50


def test_every_defect_was_seen_and_repaired(figures: Figures) -> None:
    assert {"partial", "failed", "stale"} <= figures.states_seen.keys()
    assert figures.unseen == []
    assert figures.unsettled == []


def test_no_document_was_ever_torn_or_emptied(figures: Figures) -> None:
    assert figures.documents_read > 0
    assert figures.broken == []


def test_arxiv_was_never_asked_twice_at_once_nor_too_soon_nor_against_its_wish(figures: Figures) -> None:
    assert figures.requests > 100
    assert figures.impolite == []
