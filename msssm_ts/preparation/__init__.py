"""What is done to series before the network sees them. Knows nothing of files or networks."""

from msssm_ts.preparation.prepare import Preparer, prepared, prepared_rate
from msssm_ts.preparation.settings import Preparation
from msssm_ts.preparation.windows import cut, vote

__all__ = ["Preparation", "Preparer", "cut", "prepared", "prepared_rate", "vote"]
