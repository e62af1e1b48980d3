"""What a paper says of this member."""

from __future__ import annotations

from msssm_ts.method import Method
from msssm_ts.model.method import MS_SSM

METHOD = Method(
    "An MS-SSM network [@karami2025msssm] is trained by gradient descent: layers of a learned "
    "causal wavelet decomposition, a state-space model for each band, and an input-dependent mixer "
    "of the scales.",
    (MS_SSM,),
)
