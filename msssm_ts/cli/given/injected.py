"""Options that several commands share, handed to each as one object."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any


def option(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    """Return a command's parameter; the annotation is ``Annotated[type, typer.Option(...)]``."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def injected(
    place: str,
    parameters: Sequence[inspect.Parameter],
    build: Callable[[dict[str, Any]], Any],
    panel: str,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a decorator that gives commands options where their parameter ``place`` stands.

    Parameters
    ----------
    place : str
        The command's parameter that gets what ``build`` makes of the options' values.
    parameters : sequence of inspect.Parameter
        The options, from :func:`option`.
    build : callable
        From a dict of their values to one object.
    panel : str
        Of the help, for options that name none.
    """
    for parameter in parameters:
        about = parameter.annotation.__metadata__[0]
        about.rich_help_panel = about.rich_help_panel or panel

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(command, eval_str=True)
        shown: list[inspect.Parameter] = []
        for parameter in signature.parameters.values():
            added = parameters if parameter.name == place else [parameter]
            shown += [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in added]

        @functools.wraps(command)
        def run(**given: Any) -> Any:
            values = {p.name: given.pop(p.name) for p in parameters}
            return command(**{place: build(values)}, **given)

        run.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in shown}
        return run

    return decorate


def two_numbers(text: str | None, name: str, example: str) -> tuple[float, float] | None:
    """Read an option of the form ``A,B``.

    Raises
    ------
    InputError
        If it is not two finite numbers.

    Examples
    --------
    >>> two_numbers("0.5,40", "--bandpass", "0.5,40")
    (0.5, 40.0)
    """
    from msssm_ts.errors import InputError

    if text is None:
        return None
    try:
        first, second = (float(part) for part in text.split(","))
        if not abs(first) + abs(second) < float("inf"):
            raise ValueError
    except ValueError as error:
        raise InputError(f"{name} {text}: must be two numbers, such as {example}") from error
    return first, second
