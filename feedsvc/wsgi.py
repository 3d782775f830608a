"""The web application for a server that starts it itself, such as granian or gunicorn."""

from __future__ import annotations

import sys

from flask import Flask

from feedsvc.http import SystemClock
from feedsvc.logs import set_up_logs
from feedsvc.service import make_service
from feedsvc.settings import load_settings
from feedsvc.turns import shorten_turns


def make_app() -> Flask:
    """Make the application that `feedsvc web` serves, by the settings in force.

    Each process that serves calls this once for itself: a database connection must not be shared. Raises
    SettingsError and StoreError.
    """
    settings = load_settings()
    set_up_logs(settings.log_level, settings.log_format, sys.stderr)
    app = make_service(settings, SystemClock()).app
    shorten_turns()
    return app
