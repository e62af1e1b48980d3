"""What a log of fits takes, and which there are; none of their packages is a dependency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from msssm_ts.errors import InputError

# How a fit ended.
End = Literal["finished", "interrupted", "failed"]
Value = str | int | float | bool | None


class Log(Protocol):
    """One fit in a log."""

    where: str

    def parameters(self, values: Mapping[str, Value]) -> None:
        """Write down what was asked for."""

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Write down points of curves."""

    def scores(self, values: Mapping[str, float]) -> None:
        """Write down what came of it."""

    def close(self, end: End) -> None:
        """Be done."""


class Kind(NamedTuple):
    """A kind of log.

    Parameters
    ----------
    modules : tuple of str
        Of which one has to be there, the first that is being taken.
    install : str
        What to install for it.
    begin : callable
        Begins to write a fit down; from the module, the run folder, and what the fit is called.
    """

    modules: tuple[str, ...]
    install: str
    begin: Callable[[Any, Path, str], Log]


def _tensorboard(module: Any, folder: Path, name: str) -> Log:
    from msssm_ts.tracking.tensorboard import TensorBoardLog

    return TensorBoardLog(module, folder)


def _mlflow(module: Any, folder: Path, name: str) -> Log:
    from msssm_ts.tracking.mlflow import MLflowLog

    return MLflowLog(module, folder, name)


def _wandb(module: Any, folder: Path, name: str) -> Log:
    from msssm_ts.tracking.wandb import WandbLog

    return WandbLog(module, folder, name)


LOGS = {
    "tensorboard": Kind(("torch.utils.tensorboard", "tensorboardX"), "tensorboard", _tensorboard),
    "mlflow": Kind(("mlflow",), "mlflow", _mlflow),
    "wandb": Kind(("wandb",), "wandb", _wandb),
}


def module_of(name: str) -> Any:
    """Return the module that a log is written with.

    Raises
    ------
    InputError
        If there is no such log, or it is not installed.

    Examples
    --------
    >>> module_of("excel")
    Traceback (most recent call last):
    msssm_ts.errors.InputError: --log excel: must be tensorboard, mlflow or wandb
    """
    if name not in LOGS:
        *most, last = LOGS
        raise InputError(f"--log {name}: must be {', '.join(most)} or {last}")
    kind = LOGS[name]
    why = ""
    for module in kind.modules:
        try:
            return import_module(module)
        except ImportError as error:
            why = why or " ".join(str(error).split())
    raise InputError(
        f"--log {name}: its package cannot be imported ({why}); install it: "
        f"pip install {kind.install}"
    )
