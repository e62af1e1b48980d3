"""What a paper says of this member."""

from __future__ import annotations

from msssm_ts.method import Method

METHOD = Method(
    "Ridge classifiers read random multi-scale features: an undecimated wavelet pyramid, filters "
    "of fixed weights and random thresholds after MiniROCKET [@dempster2021minirocket], and "
    "state-space recurrences over what exceeds them, pooled over time.",
    (
        """@inproceedings{dempster2021minirocket,
  author = {Dempster, Angus and Schmidt, Daniel F. and Webb, Geoffrey I.},
  title = {{MiniRocket}: A Very Fast (Almost) Deterministic Transform for Time Series Classification},
  booktitle = {Proceedings of the 27th ACM SIGKDD Conference on Knowledge Discovery and Data Mining},
  pages = {248--257},
  year = {2021},
  doi = {10.1145/3447548.3467231}
}""",  # noqa: E501
    ),
)
