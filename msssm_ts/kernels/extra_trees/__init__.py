"""Extremely randomised trees: grown side by side, and asked."""

from msssm_ts.kernels.extra_trees.op import Tree, count_votes, grow_trees

__all__ = ["Tree", "count_votes", "grow_trees"]
