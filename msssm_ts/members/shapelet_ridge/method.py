"""What a paper says of this member."""

from __future__ import annotations

from msssm_ts.method import Method

METHOD = Method(
    "A ridge classifier reads random dilated shapelets [@guillaume2022random]: how near pieces of "
    "training series come to each series, and how often.",
    (
        """@inproceedings{guillaume2022random,
  author = {Guillaume, Antoine and Vrain, Christel and Elloumi, Wael},
  title = {Random Dilated Shapelet Transform: A New Approach for Time Series Shapelets},
  booktitle = {Pattern Recognition and Artificial Intelligence (ICPRAI)},
  year = {2022}
}""",
    ),
)
