"""The scikit-learn face: a classifier's parameters, and a fitted model."""

from msssm_ts.estimator.classifier import MSSSMClassifier

__all__ = ["MSSSMClassifier"]
