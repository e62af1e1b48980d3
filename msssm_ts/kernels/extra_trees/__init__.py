"""Extremely randomised trees, grown side by side."""

from msssm_ts.kernels.extra_trees.op import Tree, grow_trees

__all__ = ["Tree", "grow_trees"]
