"""Which logs of fits there are; none of their packages is a dependency."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from msssm_ts.errors import InputError
from msssm_ts.tracking.log import Log


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
