"""On how many threads a training step runs."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from msssm_ts.kernels import parallel
from msssm_ts.model import MSSSMConfig
from msssm_ts.training.batches import Batch

# Numbers of a tensor (b, l, d) from which on a second thread is worth to torch what it costs.
_LARGE = 1 << 20


def threads_for(config: MSSSMConfig, batch: Batch) -> AbstractContextManager[None]:
    """Return the context of a step with a batch.

    On small tensors torch's threads wait for each other longer than they work: a step of
    (b, l) = (32, 150) takes 33 ms with two of them, and 23 ms if only the kernels have two. Then
    results do not depend on the number of threads either.

    Parameters
    ----------
    config : MSSSMConfig
        Of the network.
    batch : Batch
        Of series that it learns from.

    Examples
    --------
    >>> import torch
    >>> config = MSSSMConfig(n_channels=1, n_outputs=2, d_model=16)
    >>> with threads_for(config, Batch(torch.zeros(8, 100, 1))):
    ...     torch.get_num_threads()
    1
    """
    series, length, _ = batch.x.shape
    # Convolutions over spectra and waveforms are larger than what comes behind them.
    small = series * -(-length // config.stride) * config.d_model < _LARGE
    return parallel.kernels_alone() if small and not config.stem_bands else nullcontext()
