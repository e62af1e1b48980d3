"""What a paper says of the architecture."""

from __future__ import annotations

MS_SSM = """@inproceedings{karami2025msssm,
  author = {Karami, Mahdi and Behrouz, Ali and Zhong, Peilin and Pascanu, Razvan and Mirrokni, Vahab},
  title = {{MS-SSM}: A Multi-Scale State Space Model for Efficient Sequence Modeling},
  booktitle = {Conference on Language Modeling (COLM)},
  year = {2025},
  eprint = {2512.23824},
  archivePrefix = {arXiv}
}"""  # noqa: E501
