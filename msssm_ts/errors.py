"""The exceptions that msssm-ts raises for what a user can put right."""

from __future__ import annotations


class InputError(ValueError):
    """Data or options that cannot be used: one sentence with what, where and the remedy."""


class TrainingError(RuntimeError):
    """Training that could not go on: one sentence with what happened and the remedy."""


class ExportError(RuntimeError):
    """An exported file that does not do what its model does: one sentence that says by how much."""
