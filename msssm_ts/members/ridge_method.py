"""What a paper says of the ridge classifiers that members share."""

from __future__ import annotations

from msssm_ts.method import Method

RIDGE_METHOD = Method(
    "Of each ridge classifier the penalty has the least squared error of rows left out, in closed "
    "form [@golub1979generalized], and a temperature [@guo2017calibration] that is fitted to the "
    "left-out scores turns these into probabilities.",
    (
        """@article{golub1979generalized,
  author = {Golub, Gene H. and Heath, Michael and Wahba, Grace},
  title = {Generalized Cross-Validation as a Method for Choosing a Good Ridge Parameter},
  journal = {Technometrics},
  volume = {21},
  number = {2},
  pages = {215--223},
  year = {1979}
}""",
        """@inproceedings{guo2017calibration,
  author = {Guo, Chuan and Pleiss, Geoff and Sun, Yu and Weinberger, Kilian Q.},
  title = {On Calibration of Modern Neural Networks},
  booktitle = {Proceedings of the 34th International Conference on Machine Learning (ICML)},
  year = {2017}
}""",
    ),
)
