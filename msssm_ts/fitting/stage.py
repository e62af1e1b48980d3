"""A member's place in a checkpoint."""

from __future__ import annotations

from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.training import Kept


class StageKeeper:
    """Keeps a member's work while it is being fitted; a :class:`msssm_ts.training.Keeper`.

    Parameters
    ----------
    checkpoint : Checkpoint
        Where.
    stage : str
        The member's place in the fit.
    """

    def __init__(self, checkpoint: Checkpoint, stage: str):
        self._checkpoint, self._stage = checkpoint, stage

    def kept(self) -> Kept | None:
        """Return what an earlier process kept; None: begin at the beginning."""
        return self._checkpoint.kept_work(self._stage)

    def is_due(self) -> bool:
        """Whether it is time to keep the work."""
        return self._checkpoint.is_due()

    def keep(self, work: Kept) -> None:
        """Keep it, instead of what was kept before."""
        self._checkpoint.keep_work(self._stage, work)
