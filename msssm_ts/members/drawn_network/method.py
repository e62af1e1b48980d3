"""What a paper says of this member."""

from __future__ import annotations

from msssm_ts.method import Method
from msssm_ts.model.method import MS_SSM

METHOD = Method(
    "A ridge classifier reads one MS-SSM layer [@karami2025msssm] whose weights are drawn and not "
    "trained, its streams pooled at thresholds.",
    (MS_SSM,),
)
