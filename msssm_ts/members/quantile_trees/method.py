"""What a paper says of this member."""

from __future__ import annotations

from msssm_ts.method import Method

METHOD = Method(
    "Extremely randomised trees [@geurts2006extremely] are grown on quantiles of the values, the "
    "differences and the spectrum over dyadic intervals, after QUANT [@dempster2024quant].",
    (
        """@article{geurts2006extremely,
  author = {Geurts, Pierre and Ernst, Damien and Wehenkel, Louis},
  title = {Extremely randomized trees},
  journal = {Machine Learning},
  volume = {63},
  number = {1},
  pages = {3--42},
  year = {2006},
  doi = {10.1007/s10994-006-6226-1}
}""",
        """@article{dempster2024quant,
  author = {Dempster, Angus and Schmidt, Daniel F. and Webb, Geoffrey I.},
  title = {{QUANT}: A Minimalist Interval Method for Time Series Classification},
  journal = {Data Mining and Knowledge Discovery},
  volume = {38},
  year = {2024},
  doi = {10.1007/s10618-024-01036-9}
}""",
    ),
)
