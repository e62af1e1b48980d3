"""Classifiers that are fitted without gradient descent and vote beside the network."""

from msssm_ts.voters.committee import Committee, Stage
from msssm_ts.voters.scan_ridge import ScanRidge
from msssm_ts.voters.share import best_share
from msssm_ts.voters.trees import QuantileTrees
from msssm_ts.voters.voter import Problem, Voter

__all__ = [
    "Committee",
    "Problem",
    "QuantileTrees",
    "ScanRidge",
    "Stage",
    "Voter",
    "best_share",
]
