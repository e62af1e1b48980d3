"""Time-invariant diagonal scans of series whose steps are unevenly spaced."""

from msssm_ts.kernels.timed_scan.op import timed_scan
from msssm_ts.kernels.timed_scan.reference import timed_scan_reference

__all__ = ["timed_scan", "timed_scan_reference"]
