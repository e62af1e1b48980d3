"""What a paper says of this member."""

from __future__ import annotations

from msssm_ts.method import Method

METHOD = Method(
    "A ridge classifier reads the means of equal parts of all channels, or random Fourier features "
    "of these [@rahimi2007random].",
    (
        """@inproceedings{rahimi2007random,
  author = {Rahimi, Ali and Recht, Benjamin},
  title = {Random Features for Large-Scale Kernel Machines},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2007}
}""",
    ),
)
