"""The command line."""

from __future__ import annotations

from typing import Any

import click

from feedsvc.commands import checking, definitions, history, keeping, looking, making, serving
from feedsvc.errors import FeedsvcError


class OneLineErrors(click.Group):
    """Says an expected error in one line on stderr, exit status 1; `--debug` shows where it came from."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except FeedsvcError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"feedsvc: {error}", err=True)
            ctx.exit(1)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="feedsvc")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Publish arXiv as feeds: every category and every keyword query."""


for command in (
    serving.serve,
    serving.web,
    serving.worker,
    serving.schedule,
    serving.run,
    making.fetch,
    making.digest,
    making.build,
    looking.status,
    checking.doctor,
    looking.subscriptions,
    definitions.feeds,
    history.import_dump,
    history.backfill,
    keeping.migrate,
    keeping.copy,
    keeping.backup,
    looking.parse,
    looking.settings,
    serving.standin,
    serving.demo,
):
    main.add_command(command)
