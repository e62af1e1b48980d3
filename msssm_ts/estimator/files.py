"""A fitted classifier's files: its own, and those for other programs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, Self

from sklearn.utils.validation import check_is_fitted

from msssm_ts.errors import InputError
from msssm_ts.estimator.state import let_sums_wait, sums_of
from msssm_ts.fitted import FittedModel, load_model, save_model
from msssm_ts.fitting.record import from_json_parameters
from msssm_ts.optional import NEWER
from msssm_ts.sklearn_state import restore_width
from msssm_ts.updating import is_updatable, save_updatable
from msssm_ts.warned import warn_caller

if TYPE_CHECKING:
    from msssm_ts.export import ExportReport


class FilesMixin:
    """Saved, loaded, exported."""

    model_: FittedModel

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one safetensors file (see :mod:`msssm_ts.fitted.artifact`).

        The sums of an updatable one go beside it, to ``sums.safetensors``, or ``NAME.sums`` where
        the file is not called ``model.safetensors``.

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
        if is_updatable(self.model_.record.parameters):
            try:
                save_updatable(self.model_, sums_of(self), path)
            except InputError as error:
                warn_caller(f"saved without its sums: {error}")
            else:
                return
        save_model(self.model_, path)

    def export(
        self,
        path: str | os.PathLike[str],
        format: Literal["onnx", "pt2", "safetensors", "c"] | None = None,
    ) -> ExportReport:
        """Write the model to a file that runs without msssm-ts (see :mod:`msssm_ts.export`).

        The file goes from the series to the probabilities, for any batch and any length. It is run
        and compared with the model before it is put in its place.

        Parameters
        ----------
        path : path
            File to write, all or nothing.
        format : {"onnx", "pt2", "safetensors", "c"}, optional
            By default what the file's name ends in, without an ending ONNX. For ONNX runtimes, for
            ``torch.export.load``, the model file of :meth:`save`, or C99 (a source whose name ends
            in ``.c``, and a header beside it) of a causal network.

        Returns
        -------
        ExportReport
            The largest difference of a probability that was found, and what is left to do to
            series before they are given to the file.

        Raises
        ------
        InputError
            If the format is unknown, not what the name ends in, or needs a library that is not
            installed.
        ExportError
            If the file answers differently than the model, or a member cannot be exported.
        OSError
            If the file cannot be written.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        from msssm_ts.export import export_model

        check_is_fitted(self)
        return export_model(self.model_, path, format)

    @classmethod
    def load(cls, path: str | os.PathLike[str], device: str = "auto") -> Self:
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
        estimator = cls._of(load_model(path, device))
        let_sums_wait(estimator, path)
        return estimator

    @classmethod
    def _of(cls, model: FittedModel) -> Self:
        """Return an estimator with a model's parameters, fitted with it."""
        try:
            estimator = cls(**from_json_parameters(model.record.parameters))
        except TypeError as error:
            raise InputError(
                f"the model was made with a parameter that this version does not know "
                f"({error}); {NEWER}"
            ) from error
        estimator.model_ = model
        restore_width(estimator, model.source)
        return estimator
