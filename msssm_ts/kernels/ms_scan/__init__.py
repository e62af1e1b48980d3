"""The fused core of an MS-SSM layer: decomposition, scans, mixer and gate."""

from msssm_ts.kernels.ms_scan.op import ms_scan
from msssm_ts.kernels.ms_scan.reference import ms_scan_reference

__all__ = ["ms_scan", "ms_scan_reference"]
