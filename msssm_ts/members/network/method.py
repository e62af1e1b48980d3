"""What a paper says of this member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msssm_ts.method import Method
from msssm_ts.model.method import MS_SSM

METHOD = Method(
    "An MS-SSM network [@karami2025msssm] is trained by gradient descent: layers of a learned "
    "causal wavelet decomposition, a state-space model for each band, and an input-dependent mixer "
    "of the scales.",
    (MS_SSM,),
)
PYRAMID = Method(
    "Behind each layer but the last, steps are smoothed and every second one is kept, as in images "
    "[@sepehri2024serpent]; the head sees what comes of each layer.",
    (
        """@misc{sepehri2024serpent,
  author = {Shahab Sepehri, Mohammad and Fabian, Zalan and Soltanolkotabi, Mahdi},
  title = {Serpent: Scalable and Efficient Image Restoration via Multi-scale Structured State Space Models},
  year = {2024},
  eprint = {2403.17902},
  archivePrefix = {arXiv}
}""",  # noqa: E501
    ),
)
MOTIFS = Method(
    "Behind the last layer the steps attend to a codebook of motifs, their keys quantised "
    "[@liu2024longvq].",
    (
        """@inproceedings{liu2024longvq,
  author = {Liu, Zicheng and Wang, Li and Li, Siyuan and Wang, Zedong and Lin, Haitao and Li, Stan Z.},
  title = {{LongVQ}: Long Sequence Modeling with Vector Quantization on Structured Memory},
  booktitle = {International Joint Conference on Artificial Intelligence (IJCAI)},
  year = {2024},
  eprint = {2404.11163},
  archivePrefix = {arXiv}
}""",  # noqa: E501
    ),
)
QUASISEPARABLE = Method(
    "Both directions of a layer are one quasiseparable matrix along the steps [@hwang2024hydra].",
    (
        """@inproceedings{hwang2024hydra,
  author = {Hwang, Sukjun and Lahoti, Aakash and Dao, Tri and Gu, Albert},
  title = {Hydra: Bidirectional State Space Models Through Generalized Matrix Mixers},
  booktitle = {Advances in Neural Information Processing Systems (NeurIPS)},
  year = {2024},
  eprint = {2407.09941},
  archivePrefix = {arXiv}
}""",
    ),
)
STAMPS = Method(
    "Its states decay over the time between samples, in units of the typical gap, as in "
    "[@smith2023simplified].",
    (
        """@inproceedings{smith2023simplified,
  author = {Smith, Jimmy T. H. and Warrington, Andrew and Linderman, Scott W.},
  title = {Simplified State Space Layers for Sequence Modeling},
  booktitle = {International Conference on Learning Representations (ICLR)},
  year = {2023}
}""",
    ),
)
_HYDRA = """@misc{chaudhary2025hydra,
  author = {Chaudhary, Siddharth and Browning, Bennett},
  title = {Hydra: A {1.6B}-Parameter State-Space Language Model with Sparse Attention, Mixture-of-Experts, and Memory},
  year = {2025},
  eprint = {2508.15099},
  archivePrefix = {arXiv}
}"""  # noqa: E501
EXPERTS = Method(
    "Behind the last layer each step goes through two of several experts [@chaudhary2025hydra], "
    "kept in balance by a loss beside that of the labels [@fedus2022switch].",
    (
        _HYDRA,
        """@article{fedus2022switch,
  author = {Fedus, William and Zoph, Barret and Shazeer, Noam},
  title = {Switch Transformers: Scaling to Trillion Parameter Models with Simple and Efficient Sparsity},
  journal = {Journal of Machine Learning Research},
  volume = {23},
  number = {120},
  year = {2022}
}""",  # noqa: E501
    ),
)
WORKSPACE = Method(
    "Tokens of a workspace read, by sparse attention, a few steps of the whole series for the head "
    "[@chaudhary2025hydra].",
    (_HYDRA,),
)


def chosen_methods(config: Mapping[str, Any]) -> Iterator[Method]:
    """Yield what a paper says of a network's options, by the settings that its file holds.

    Examples
    --------
    >>> [method is PYRAMID for method in chosen_methods({"pyramid": True, "motifs": 0})]
    [True]
    """
    options = {
        PYRAMID: config.get("pyramid"),
        QUASISEPARABLE: config.get("directions") == "quasiseparable",
        STAMPS: config.get("time_unit"),
        MOTIFS: config.get("motifs"),
        EXPERTS: config.get("experts"),
        WORKSPACE: config.get("workspace"),
    }
    yield from (method for method, is_so in options.items() if is_so)
