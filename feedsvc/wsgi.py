"""The web application for a server that starts it itself, such as granian or gunicorn."""

from __future__ import annotations

import logging
import sys

from flask import Flask

from feedsvc.http import SystemClock
from feedsvc.service import make_service
from feedsvc.settings import load_settings

LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s %(message)s"


def make_app() -> Flask:
    """Make the application that `feedsvc web` serves, by the settings in force.

    Each process that serves calls this once for itself: a database connection must not be shared. Raises
    SettingsError and StoreError.
    """
    settings = load_settings()
    logging.basicConfig(level=settings.log_level, stream=sys.stderr, format=LOG_FORMAT)
    return make_service(settings, SystemClock()).app
