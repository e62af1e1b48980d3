"""What a paper says of this member."""

from __future__ import annotations

from msssm_ts.method import Method
from msssm_ts.model.method import MS_SSM

_METALEARNING = """@inproceedings{bertinetto2019metalearning,
  author = {Bertinetto, Luca and Henriques, Jo{\\~a}o F. and Torr, Philip and Vedaldi, Andrea},
  title = {Meta-learning with Differentiable Closed-form Solvers},
  booktitle = {International Conference on Learning Representations (ICLR)},
  year = {2019}
}"""
METHOD = Method(
    "A ridge classifier reads all layers of an MS-SSM encoder [@karami2025msssm] that was "
    "pretrained on tasks of generated series with a ridge regression as its head "
    "[@bertinetto2019metalearning].",
    (MS_SSM, _METALEARNING),
)
SOUND_METHOD = Method(
    "A ridge classifier reads all layers of an MS-SSM network [@karami2025msssm] behind "
    "convolutions over time and frequency, which was pretrained to tell synthesised words "
    "[@klatt1980software] apart, with a ridge regression as its head "
    "[@bertinetto2019metalearning].",
    (
        MS_SSM,
        _METALEARNING,
        """@article{klatt1980software,
  author = {Klatt, Dennis H.},
  title = {Software for a Cascade/Parallel Formant Synthesizer},
  journal = {Journal of the Acoustical Society of America},
  volume = {67},
  pages = {971--995},
  year = {1980}
}""",
    ),
)
OWN_METHOD = Method(
    "A ridge classifier reads all layers of an MS-SSM encoder [@karami2025msssm] that was trained "
    "on series without labels.",
    (MS_SSM,),
)
