"""The state-space cores by name, one folder each.

A folder, or a file outside the package that ``MSSSM_TS_PLUGINS`` names, registers a subclass of
:class:`msssm_ts.model.Core`::

    CORES.register("ema", "exponential moving average", lambda: ExponentialAverage)

Nothing heavy is imported here: the command line's ``--help`` lists the names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.registry import Registry

if TYPE_CHECKING:
    from msssm_ts.model.cores.core import Core

CORES: Registry[type[Core]] = Registry("core", "msssm_ts.model.cores")

__all__ = ["CORES"]
