"""The scikit-learn face: a classifier's parameters, and a fitted model.

The class (``classifier.py``: parameters, ``fit``, tags) is put together from mixins, each with one
concern: ``updates.py`` (more series, and fewer), ``answers.py`` (classes), ``features.py``
(vectors, and what series are like), ``told.py`` (what was learned) and ``files.py``. None knows of
another: what they share is ``model_``, and the functions of ``state.py`` and ``asking.py``.
"""

from msssm_ts.estimator.classifier import MSSSMClassifier

__all__ = ["MSSSMClassifier"]
