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
_PARARNN = """@misc{danieli2025pararnn,
  author = {Danieli, Federico and Rodr{\\'i}guez, Pau and Sarabia, Miguel and Suau, Xavier and Zappella, Luca},
  title = {{ParaRNN}: Unlocking Parallel Training of Nonlinear {RNNs} for Large Language Models},
  year = {2025},
  eprint = {2510.21450},
  archivePrefix = {arXiv}
}"""  # noqa: E501
PARALLEL_GRU = Method(
    "Instead of state-space models it has gated recurrent units [@cho2014learning] with a diagonal "
    "recurrence [@danieli2025pararnn].",
    (
        """@inproceedings{cho2014learning,
  author = {Cho, Kyunghyun and {van Merri{\\"e}nboer}, Bart and Gulcehre, Caglar and Bahdanau, Dzmitry and Bougares, Fethi and Schwenk, Holger and Bengio, Yoshua},
  title = {Learning Phrase Representations using {RNN} Encoder--Decoder for Statistical Machine Translation},
  booktitle = {Conference on Empirical Methods in Natural Language Processing (EMNLP)},
  year = {2014}
}""",  # noqa: E501
        _PARARNN,
    ),
)
PARALLEL_LSTM = Method(
    "Instead of state-space models it has long short-term memories [@hochreiter1997long] with "
    "coupled gates, peepholes and a diagonal recurrence [@danieli2025pararnn].",
    (
        """@article{hochreiter1997long,
  author = {Hochreiter, Sepp and Schmidhuber, J{\\"u}rgen},
  title = {Long Short-Term Memory},
  journal = {Neural Computation},
  volume = {9},
  number = {8},
  pages = {1735--1780},
  year = {1997}
}""",
        _PARARNN,
    ),
)
