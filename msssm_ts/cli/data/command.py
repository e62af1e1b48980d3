"""``msssm-ts data``: data sets by name, and a look at any data."""

from __future__ import annotations

import typer

from msssm_ts.cli.data.check import check
from msssm_ts.cli.data.convert import convert
from msssm_ts.cli.data.get import get
from msssm_ts.cli.data.listing import info, list_sets
from msssm_ts.cli.data.preview import preview
from msssm_ts.cli.usage import Command

data = typer.Typer(
    name="data",
    help="List, fetch, check, convert and look at data sets.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
data.command("list", cls=Command)(list_sets)
for command in (info, check, get, convert, preview):
    data.command(cls=Command)(command)
