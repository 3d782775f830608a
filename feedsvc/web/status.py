"""How the ledger stands, by category and day: a page for people, JSON for programs."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from feedsvc.lateness import (
    MEANINGS,
    Cell,
    list_facts,
    tell_cell,
    tell_late_day,
    tell_survey,
    write_time,
)
from feedsvc.pipeline.watch import Watch, list_digest_facts, tell_digests
from feedsvc.render.phrases import load_phrases
from feedsvc.web.dates import write_long_day, write_short_day, write_weekday
from feedsvc.web.delivery import make_ready
from feedsvc.web.directory import Directory, name_groups
from feedsvc.web.pages import check_parameters, read_language, send_page
from feedsvc.web.responses import send_ready

SECONDS = 60
# So many sentences of a day are shown at once; more are folded away.
FOLDED_ABOVE = 5


class StatusViews:
    """The ledger's last days in two forms."""

    def __init__(self, watch: Watch, directory: Directory) -> None:
        self._watch = watch
        self._directory = directory

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("status", __name__)
        blueprint.add_url_rule("/status", view_func=self.show_status)
        blueprint.add_url_rule("/status.json", view_func=self.list_status)
        return blueprint

    def show_status(self) -> Response:
        """Show what is late in words, then every category's last days as a calendar."""
        check_parameters()
        survey = self._watch.survey()
        archives = [group for group in self._directory.groups if group.archive]
        return send_page(
            "status.html",
            SECONDS,
            survey=survey,
            digests=tell_digests(self._watch.count_digests()),
            groups=name_groups(archives, load_phrases(read_language())),
            meanings=MEANINGS,
            folded_above=FOLDED_ABOVE,
            place_of=_anchor,
            tell_survey=tell_survey,
            tell_late_day=tell_late_day,
            tell_cell=tell_cell,
            write_time=write_time,
            long_day=write_long_day,
            short_day=write_short_day,
            weekday=write_weekday,
        )

    def list_status(self) -> Response:
        """List the same facts as JSON."""
        check_parameters(is_page=False)
        digests = list_digest_facts(self._watch.count_digests())
        facts = list_facts(self._watch.survey()) | {"digests": digests}
        text = json.dumps(facts, ensure_ascii=False, indent=1)
        return send_ready(make_ready(f"{text}\n".encode(), "application/json"), SECONDS)


def _anchor(cell: Cell) -> str:
    """Give the place on the page where a cell is told of in words."""
    return f"{cell.category}-{cell.day}"
