"""The panels of ``--help``: where an option is found, in every command the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from typer.models import OptionInfo

DATA, PREPARATION, MODEL = "Data", "Preparation", "Model"
NETWORK, ADVANCED = "Network", "Advanced"
_TRAINING, _ANSWERS, _OUTPUT = "Training", "Answers", "Output"
# As they stand in the help; what has none comes first.
_ORDER = (DATA, PREPARATION, MODEL, NETWORK, _TRAINING, _ANSWERS, _OUTPUT, ADVANCED)
# Of options that are of no group which brings its panel.
_PANELS = {
    DATA: "unlabelled without",
    _TRAINING: "validation ungrouped checkpoint-every resume config log",
    _ANSWERS: "early windows threshold positive coverage per-class reject unknown similar",
    _OUTPUT: "out append on-error force safe-csv picture json jsonl quiet debug",
    MODEL: "device",
}
_PANEL_OF = {f"--{name}": panel for panel, names in _PANELS.items() for name in names.split()}


def in_panels(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command's options panels where they have none, and all of them the panels' order.

    Parameters
    ----------
    command : callable
        With options as Typer takes them, called by their names.

    Examples
    --------
    >>> from typing import Annotated
    >>> import typer
    >>> def command(
    ...     force: Annotated[bool, typer.Option("--force")] = False,
    ...     rows: Annotated[int, typer.Option("--rows")] = 1,
    ... ) -> None: ...
    >>> list(inspect.signature(in_panels(command)).parameters)
    ['rows', 'force']
    """
    signature = inspect.signature(command, eval_str=True)
    places = {}
    for name, parameter in signature.parameters.items():
        places[name] = 0
        for about in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(about, OptionInfo):
                about.rich_help_panel = about.rich_help_panel or _panel(name, about)
                if about.rich_help_panel is not None:
                    places[name] = 1 + _ORDER.index(about.rich_help_panel)
    ordered = sorted(signature.parameters.values(), key=lambda p: places[p.name])
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in ordered]
    command.__signature__ = signature.replace(parameters=keyword)  # type: ignore[attr-defined]
    return command


def _panel(name: str, about: OptionInfo) -> str | None:
    # Typer keeps the first of its names as the default, until it makes the option.
    names = {about.default, *(about.param_decls or ()), f"--{name.replace('_', '-')}"}
    return next((panel for known, panel in _PANEL_OF.items() if known in names), None)
