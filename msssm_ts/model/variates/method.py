"""What a paper says of variates that stay apart."""

from __future__ import annotations

from msssm_ts.method import Method

_CHIMERA = """@inproceedings{behrouz2024chimera,
  author = {Behrouz, Ali and Santacatterina, Michele and Zabih, Ramin},
  title = {Chimera: Effectively Modeling Multivariate Time Series with 2-Dimensional State Space Models},
  booktitle = {Advances in Neural Information Processing Systems (NeurIPS)},
  year = {2024}
}"""  # noqa: E501
_SERIATION = """@article{atkins1998seriation,
  author = {Atkins, Jonathan E. and Boman, Erik G. and Hendrickson, Bruce},
  title = {A Spectral Algorithm for Seriation and the Consecutive Ones Problem},
  journal = {SIAM Journal on Computing},
  volume = {28},
  number = {1},
  year = {1998}
}"""
_GRAPH_MAMBA = """@inproceedings{behrouz2024graphmamba,
  author = {Behrouz, Ali and Hashemi, Farnoosh},
  title = {Graph {Mamba}: Towards Learning on Graphs with State Space Models},
  booktitle = {ACM SIGKDD Conference on Knowledge Discovery and Data Mining (KDD)},
  year = {2024}
}"""

METHODS: dict[str, tuple[Method, ...]] = {
    "mix": (),
    "scan": (
        Method(
            "Channels are kept apart; before each layer a selective scan runs over them in both "
            "directions, the triangular form of a 2-D recurrence [@behrouz2024chimera].",
            (_CHIMERA,),
        ),
    ),
    "coupled": (
        Method(
            "Channels are kept apart; before each layer a selective 2-D recurrence runs over time "
            "and channels, each driving the other [@behrouz2024chimera].",
            (_CHIMERA,),
        ),
    ),
    "graph": (
        Method(
            "Channels are kept apart, each beside the weighted mean of its neighbours in a graph "
            "[@behrouz2024graphmamba]; before each layer a selective scan [@behrouz2024chimera] "
            "runs over them in the order of the graph's Fiedler vector [@atkins1998seriation].",
            (_GRAPH_MAMBA, _CHIMERA, _SERIATION),
        ),
    ),
}
