"""The command ``otel-mlmon``: one row a subcommand."""

from __future__ import annotations

import sys

from otel_mlmon.cli.failure import Failure, needs_extra

INTERRUPTED = 130


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        _run()
    except Failure as failure:
        sys.exit(f"otel-mlmon: {failure}")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _run() -> None:
    with needs_extra("cli"):
        import typer  # noqa: PLC0415  (without the extra, this must be the error that the user reads)

        from otel_mlmon.cli.backtest.command import backtest  # noqa: PLC0415
        from otel_mlmon.cli.check.command import check  # noqa: PLC0415
        from otel_mlmon.cli.demo.command import demo  # noqa: PLC0415
        from otel_mlmon.cli.explain import explain  # noqa: PLC0415
        from otel_mlmon.cli.generate.command import app as generate  # noqa: PLC0415
        from otel_mlmon.cli.init.command import init  # noqa: PLC0415
        from otel_mlmon.cli.schema import schema  # noqa: PLC0415

    app = typer.Typer(
        help="See what your models answer in production.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.command()(demo)
    app.command()(check)
    app.command()(init)
    app.add_typer(generate, name="generate")
    app.command()(explain)
    app.command()(backtest)
    app.command()(schema)
    app()
