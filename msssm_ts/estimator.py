"""The scikit-learn face of the model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from msssm_ts.fitting import TrainingClassifier
from msssm_ts.model_file import load_model, save_model
from msssm_ts.parameters import check_parameters
from msssm_ts.preparation import Preparation
from msssm_ts.presets import PresetName
from msssm_ts.series import Missing
from msssm_ts.targets import ClassWeight
from msssm_ts.training import Callback

if TYPE_CHECKING:
    from msssm_ts.export import ExportReport


class MSSSMClassifier(TrainingClassifier):
    """Time-series classifier with a multi-scale state-space model (MS-SSM).

    Parameters
    ----------
    preset : {"default", "fast", "best", "network"}, default="default"
        What votes. "default": four ridge classifiers on random multi-scale state-space features,
        trees on quantiles, and, where there is a validation split to measure its share by (see
        ``early_stopping``), an MS-SSM network. "fast": two of the ridge classifiers and the
        trees, seconds without gradient descent. "best": more of each, four networks. "network":
        one network alone, as in the paper, which can be read forward in time and streamed.
    time_budget : float, optional
        Seconds that training may take. Voters for which there is no time are left out (one there
        always is), and networks train for what the others leave.
    n_scales : int, default=3
        Levels of the wavelet decomposition; fewer where the series are too short for them. 0: a
        single-scale model, S6 or S4.
    core : {"s6", "lti"}, default="lti"
        Selective (input-dependent) or time-invariant state-space models.
    d_model : int, default=64
        Width.
    n_layers : int, default=3
        Blocks.
    d_state : int, default=20
        State per channel, shared out over the scales.
    kernel_size : int, default=8
        Taps of the decomposition's filters.
    bidirectional : bool, default=True
        Read the series in both directions; False gives a causal model.
    dropout : float, default=0.1
        Dropout after each block.
    pooling : {"mean", "max", "mean_max", "last"}, default="mean_max"
        From steps to one vector per series.
    stem_stride : int or "auto", default="auto"
        Steps of the series per step of the network. Above 1 the network begins with a learned
        filter bank. "auto": 1 up to 4096 steps, then 10 ms of sound, or a 500th of the series.
    max_epochs : int, optional
        Passes over the training data; chosen by the amount of data by default.
    batch_size : int, optional
        Series per step; chosen by the amount of data by default.
    learning_rate : float, default=2e-3
        Peak learning rate of AdamW.
    weight_decay : float, default=0.05
        AdamW's, not applied to the state-space parameters, biases, norms and filters.
    label_smoothing : float, default=0.1
        Probability mass that training spreads over the other classes.
    mixup : float or "auto", default="auto"
        Mix pairs of training series, their shares drawn from Beta(mixup, mixup). "auto": 0.3 for
        sound (spectra, or behind a filter bank), else 0.
    shift : float or "auto", default="auto"
        Move training series in time at random, by up to this part of their length. "auto": 0.1
        for sound, else 0.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss, or inversely to its frequency. With several labels at
        once, the weight of each label's presence, by column number.
    missing : {"error", "mask", "interpolate"}, default="error"
        NaN in X: refused; or masked, a missing step putting nothing into the scans and not
        counting in pooling; or interpolated along each channel.
    preparation : Preparation, optional
        What is done to every series first, then and at prediction: channels, resampling, filters,
        spectra, windows. See :class:`msssm_ts.preparation.Preparation`.
    early_stopping : bool or "auto", default="auto"
        Set a stratified part of the training data aside, keep the weights that do best on it and
        stop when they no longer improve. "auto": from 300 series on; where others vote, too, and
        there are groups, only if the part has five of them or more: fewer patients or speakers
        cannot tell what a network is worth.
    validation_fraction : float, default=0.15
        That part.
    n_iter_no_change : int, default=20
        Epochs without improvement before stopping.
    warm_start : bool, default=False
        Let ``fit`` go on from the weights of the last one.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the network.
    device : str, default="auto"
        "auto" is a CUDA card where there is one, else the CPU.
    random_state : int, RandomState or None, default=None
        Seed; the same seed on the same machine gives the same model, bit for bit on a CPU.
    verbose : int, default=0
        1 shows progress on stderr: a bar on a terminal, else a line per epoch.
    callbacks : sequence of callables, optional
        Each is called with a :class:`msssm_ts.training.Progress` after every step and epoch.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels, sorted; with several labels at once their column numbers.
    multilabel_ : bool
        Whether a series can have several labels at once.
    thresholds_ : array of shape (n_labels,)
        With several labels: the probabilities from which on each is predicted, best by F1 on the
        validation split, 0.5 where there was none.
    n_channels_in_ : int
        Channels of the training series.
    n_features_in_ : int
        Steps, where X was a table (n_samples, n_timepoints).
    feature_names_in_ : array of shape (n_timepoints,)
        Its columns' names, where all are strings.
    training_data_ : dict
        Of the series of the last fit: how many, shortest and longest (steps), how many of each
        class or with each label, groups where there are any.
    history_ : dict of str to list
        Losses, accuracies, learning rate and seconds, one entry per epoch.
    n_iter_, best_iter_ : int
        Epochs trained, and the epoch whose weights were kept.
    networks_ : list of MSSSMNetwork
        The trained networks; ``network_`` is the first.
    committee_ : Committee
        What votes beside them.
    network_share_ : float
        The networks' part of the vote, chosen on the validation split.

    References
    ----------
    Karami, Behrouz, Zhong, Pascanu, Mirrokni, "MS-SSM: A Multi-Scale State Space Model for
    Efficient Sequence Modeling", COLM 2025, arXiv 2512.23824.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20, 30))
    >>> y = np.repeat(["calm", "loud"], 10)
    >>> X[y == "loud"] *= 5
    >>> clf = MSSSMClassifier(d_model=16, n_layers=1, max_epochs=5, random_state=0).fit(X, y)
    >>> clf.predict_proba(X[:3]).shape
    (3, 2)
    """

    def __init__(
        self,
        preset: PresetName = "default",
        time_budget: float | None = None,
        n_scales: int = 3,
        core: Literal["s6", "lti"] = "lti",
        d_model: int = 64,
        n_layers: int = 3,
        d_state: int = 20,
        kernel_size: int = 8,
        bidirectional: bool = True,
        dropout: float = 0.1,
        pooling: Literal["mean", "max", "mean_max", "last"] = "mean_max",
        stem_stride: int | Literal["auto"] = "auto",
        max_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.05,
        label_smoothing: float = 0.1,
        mixup: float | Literal["auto"] = "auto",
        shift: float | Literal["auto"] = "auto",
        class_weight: ClassWeight = None,
        missing: Missing = "error",
        preparation: Preparation | None = None,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.15,
        n_iter_no_change: int = 20,
        warm_start: bool = False,
        dtype: Literal["float32", "float64"] = "float32",
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        callbacks: Sequence[Callback] | None = None,
    ):
        self.preset = preset
        self.time_budget = time_budget
        self.n_scales = n_scales
        self.core = core
        self.d_model = d_model
        self.n_layers = n_layers
        self.d_state = d_state
        self.kernel_size = kernel_size
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.pooling = pooling
        self.stem_stride = stem_stride
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.mixup = mixup
        self.shift = shift
        self.class_weight = class_weight
        self.missing = missing
        self.preparation = preparation
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.dtype = dtype
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.callbacks = callbacks

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        validation: Any = None,
        label_names: Sequence[str] | None = None,
        channel_names: Sequence[str] | None = None,
        sampling_rate: float | None = None,
    ) -> MSSSMClassifier:
        """Train on labelled series.

        Parameters
        ----------
        X : array of shape (n_samples, n_timepoints) or (n_samples, n_channels, n_timepoints), \
or list of arrays of shape (n_channels, length)
            Series, of equal or different lengths; numpy, pandas, polars or torch.
        y : array of shape (n_samples,) or (n_samples, n_labels)
            Labels of any kind; a matrix of 0 and 1 where a series can have several.
        sample_weight : array of shape (n_samples,), optional
            Weight k counts like k copies, weight 0 like absence.
        groups : array of shape (n_samples,), optional
            A patient, a speaker: the validation split keeps each on one side.
        validation : boolean array of shape (n_samples,), optional
            The series to set aside for validation, instead of a random split.
        label_names : sequence of str, optional
            Names of y's columns, where a series can have several labels; kept with the model.
        channel_names : sequence of str, optional
            Names of the channels, kept with the model.
        sampling_rate : float, optional
            In hertz, kept with the model.

        Returns
        -------
        MSSSMClassifier
            Itself. A ``KeyboardInterrupt`` after the first step leaves it fitted with the best
            weights so far, and goes on to the caller.

        Raises
        ------
        ValueError
            If X or y cannot be used, or a parameter is out of range.
        TrainingError
            If the loss is no longer finite.
        """
        check_parameters(self.get_params(deep=False))
        goes_on = self.warm_start and hasattr(self, "network_")
        data = self._check(X, y, sample_weight, goes_on, None, groups, validation)
        self._check_source(channel_names, sampling_rate)
        self._check_label_names(label_names)
        self._train(data, goes_on, self.max_epochs)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> MSSSMClassifier:
        """Go on training with more series: one pass over them, with a fresh optimiser.

        Only a network can learn in parts: there is no other voter then, whatever the preset.

        Parameters
        ----------
        X, y, sample_weight : as in :meth:`fit`
            More series. The standardisation stays that of the first call.
        classes : array of shape (n_classes,), optional
            All labels that will ever come, for the first call; those in y by default.

        Returns
        -------
        MSSSMClassifier
            Itself.

        Raises
        ------
        ValueError
            As in :meth:`fit`, and if a label is not among those of the first call.
        """
        check_parameters(self.get_params(deep=False))
        goes_on = hasattr(self, "network_")
        known = None if classes is None else np.unique(classes)
        data = self._check(X, y, sample_weight, goes_on, known)
        if not goes_on:
            self._check_source(None, None)
            self._check_label_names(None)
        self._train(data, goes_on, 1, in_parts=True)
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one safetensors file (see :mod:`msssm_ts.artifact`).

        Parameters
        ----------
        path : path
            File to write, all or nothing.

        Raises
        ------
        OSError
            If the file cannot be written.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        check_is_fitted(self)
        save_model(self, path)

    def export(
        self,
        path: str | os.PathLike[str],
        format: Literal["onnx", "pt2", "safetensors"] = "onnx",
    ) -> ExportReport:
        """Write the model to a file that runs without msssm-ts (see :mod:`msssm_ts.export`).

        The file goes from the series to the probabilities, for any batch and any length. It is run
        and compared with the model before it is put in its place.

        Parameters
        ----------
        path : path
            File to write, all or nothing.
        format : {"onnx", "pt2", "safetensors"}
            For ONNX runtimes, for ``torch.export.load``, or the model file of :meth:`save`.

        Returns
        -------
        ExportReport
            The largest difference of a probability that was found, and what is left to do to
            series before they are given to the file.

        Raises
        ------
        InputError
            If the format is unknown, or needs a library that is not installed.
        ExportError
            If the file answers differently than the model.
        OSError
            If the file cannot be written.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        from msssm_ts.export import export_model

        check_is_fitted(self)
        return export_model(self, path, format)

    @classmethod
    def load(cls, path: str | os.PathLike[str], device: str = "auto") -> MSSSMClassifier:
        """Read a model that :meth:`save` wrote, on any machine.

        Parameters
        ----------
        path : path
            Model file, or the run folder that holds it.
        device : str
            Where to run it.

        Returns
        -------
        MSSSMClassifier
            As it was saved.

        Raises
        ------
        InputError
            If the file is missing, damaged, or newer than this version can read.
        """
        return load_model(cls, path, device)
