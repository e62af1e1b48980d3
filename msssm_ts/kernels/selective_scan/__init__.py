"""Diagonal state-space scan, selective (S6) or time-invariant (LTI)."""

from msssm_ts.kernels.selective_scan.op import selective_scan
from msssm_ts.kernels.selective_scan.reference import selective_scan_reference

__all__ = ["selective_scan", "selective_scan_reference"]
