"""What a paper says of the package's cores."""

from __future__ import annotations

from msssm_ts.method import Method

_S4D = """@inproceedings{gu2022parameterization,
  author = {Gu, Albert and Goel, Karan and Gupta, Ankit and R{\\'e}, Christopher},
  title = {On the Parameterization and Initialization of Diagonal State Space Models},
  booktitle = {Advances in Neural Information Processing Systems (NeurIPS)},
  year = {2022}
}"""

REAL_DIAGONAL = Method(
    "Its state-space models are time-invariant with a real diagonal [@gu2022parameterization].",
    (_S4D,),
)
COMPLEX_DIAGONAL = Method(
    "Its state-space models are time-invariant with a complex diagonal, whose modes oscillate "
    "[@gu2022parameterization].",
    (_S4D,),
)
SELECTIVE = Method(
    "Its state-space models are selective: step size, B and C depend on the input [@gu2023mamba].",
    (
        """@misc{gu2023mamba,
  author = {Gu, Albert and Dao, Tri},
  title = {Mamba: Linear-Time Sequence Modeling with Selective State Spaces},
  year = {2023},
  eprint = {2312.00752},
  archivePrefix = {arXiv}
}""",
    ),
)
