"""Operations of the model, each with a plain torch reference and fast versions of its own.

:func:`decompose`, :func:`selective_scan`, :func:`timed_scan`, :func:`coupled_scan` and
:func:`ms_scan` take tensors and return tensors; which version runs follows the tensors' device,
see :func:`use_backend`.
"""

from msssm_ts.kernels.backend import backend_report, choose_backend, use_backend
from msssm_ts.kernels.coupled_scan import coupled_scan
from msssm_ts.kernels.decompose import decompose
from msssm_ts.kernels.ms_scan import ms_scan
from msssm_ts.kernels.selective_scan import selective_scan
from msssm_ts.kernels.timed_scan import timed_scan

__all__ = [
    "backend_report",
    "choose_backend",
    "coupled_scan",
    "decompose",
    "ms_scan",
    "selective_scan",
    "timed_scan",
    "use_backend",
]
