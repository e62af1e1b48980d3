"""One MS-SSM layer whose weights are drawn, and how its streams lie over time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msssm_ts.kernels.threshold_pools import N_POOLS, threshold_pools
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.cores import CORES
from msssm_ts.model.decomposition import MultiScaleDecomposition

# Thresholds of every stream and channel.
N_THRESHOLDS = 3
# At most so many input channels are mixed into one of the layer.
MOST_MIXED = 4
# Levels of the thresholds among the sample's values.
_LOWEST, _HIGHEST = 0.02, 0.98
# Values of a stream and channel that thresholds are quantiles of.
_MOST_VALUES = 4096


class DrawnNetwork(nn.Module):
    """Channels or their difference → decomposition → SSM array → thresholds, nothing learned.

    Half of the d channels read the series, the others its first difference. The high-pass filters
    ψ have a third of their taps positive, the others negative, of mean 0, as MiniROCKET's
    (Dempster et al., KDD 2021); the low-pass filters φ are [1 2 1]/4. Cores start as they do for
    training. Thresholds are quantiles of what the training series make of each stream
    (:meth:`calibrate`).

    Parameters
    ----------
    config : MSSSMConfig
        Sizes and core; of layers, directions, mixer, pooling and outputs nothing is used.

    Examples
    --------
    >>> network = DrawnNetwork(MSSSMConfig(n_channels=2, n_outputs=3, d_model=16))
    >>> x = torch.randn(4, 50, 2)
    >>> network.calibrate(x)
    >>> network(x, torch.tensor([50, 9, 31, 1])).shape
    torch.Size([4, 480])
    """

    channels: Tensor
    weights: Tensor
    offset: Tensor
    gain: Tensor
    thresholds: Tensor
    scale: Tensor

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        self.config = config
        d, M = config.d_model, config.n_streams
        channels, weights = _draw_mixtures(config.n_channels, d)
        self.register_buffer("channels", channels)
        self.register_buffer("weights", weights)
        self.register_buffer("offset", torch.zeros(d))
        self.register_buffer("gain", torch.ones(d))
        self.decomposition = MultiScaleDecomposition(d, config.n_scales, config.kernel_size)
        with torch.no_grad():
            self.decomposition.phi.copy_(_low_pass(config.kernel_size))
            self.decomposition.psi.copy_(_draw_high_pass(*self.decomposition.psi.shape))
        self.ssm = CORES.get(config.core)(config)
        self.register_buffer("thresholds", torch.zeros(M, d, N_THRESHOLDS))
        self.register_buffer("scale", torch.ones(M, d))
        self.requires_grad_(False)

    @property
    def n_features(self) -> int:
        """Columns of what :meth:`forward` returns."""
        return N_POOLS * self.thresholds.numel()

    @torch.no_grad()
    def calibrate(
        self, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> None:
        """Set the standardisation of the signal, and the thresholds, by training series.

        Parameters
        ----------
        x : Tensor of shape (b, l, n_channels)
            Series.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each.
        times : Tensor of shape (b, l), optional
            Time stamps, for cores that use them.
        """
        valid = _valid(x, lengths)
        signal = self._mixed(x)[valid]
        self.offset.copy_(signal.mean(0))
        self.gain.copy_(1 / _deviation(signal))
        levels = _LOWEST + (_HIGHEST - _LOWEST) * torch.rand(N_THRESHOLDS, self.config.d_model)
        for s, y in enumerate(self.streams(x, lengths, times)):
            values = y[valid]
            self.scale[s] = _deviation(values)
            every = -(-len(values) // _MOST_VALUES)
            ordered = values[::every].sort(0).values
            index = (levels * (len(ordered) - 1)).round().long()
            self.thresholds[s] = ordered.gather(0, index).mT

    def streams(
        self, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Return what the streams make of series x (b, l, n_channels): (M, b, l, d)."""
        signal = self.signal(x, lengths)
        bands = self.decomposition.streams(signal, lengths)
        wanted = times if self.ssm.uses_times else None
        y: Tensor = self.ssm(bands, signal, lengths, wanted)
        return y

    def signal(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the layer's signal (b, l, d) for series x (b, l, n_channels); 0 in padding."""
        signal = (self._mixed(x) - self.offset) * self.gain
        return signal if lengths is None else signal * _valid(x, lengths).unsqueeze(-1)

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Return the features of series.

        Parameters
        ----------
        x : Tensor of shape (b, l, n_channels)
            Series, without missing values.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each.
        times : Tensor of shape (b, l), optional
            Time stamps, for cores that use them.

        Returns
        -------
        Tensor of shape (b, M · N_THRESHOLDS · 2 · d)
            See :func:`msssm_ts.kernels.threshold_pools`.
        """
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        streams = self.streams(x, lengths, times)
        return threshold_pools(streams, self.thresholds, self.scale, lengths).flatten(1)

    def _mixed(self, x: Tensor) -> Tensor:
        """Mix the channels of x (b, l, n_channels) and of its first difference: (b, l, d)."""
        before = torch.cat([x[:, :1], x[:, :-1]], 1)
        views = torch.cat([x, x - before], -1)
        # Sums, not a matrix product, which would round by how many series there are.
        total = views[..., self.channels[0]] * self.weights[0]
        for channels, weights in zip(self.channels[1:], self.weights[1:], strict=True):
            total = total + views[..., channels] * weights
        return total


def _valid(x: Tensor, lengths: Tensor | None) -> Tensor:
    if lengths is None:
        return x.new_ones(x.shape[:2], dtype=torch.bool)
    return torch.arange(x.shape[1], device=x.device) < lengths[:, None]


def _deviation(values: Tensor) -> Tensor:
    """Return the deviation of each column, 1 where it hardly varies."""
    deviation = values.std(0, correction=0)
    varies = deviation > 1e-6 * values.abs().amax(0).clamp(min=1e-6)
    return torch.where(varies, deviation, torch.ones_like(deviation))


def _draw_mixtures(n_channels: int, d: int) -> tuple[Tensor, Tensor]:
    """Return which views are mixed into each channel, (k, d), and their weights.

    Views are the input's channels, then their differences: the first half of the d channels mixes
    the former, the others the latter; a few of them, often one.
    """
    most = min(n_channels, MOST_MIXED)
    order = torch.rand(d, n_channels).argsort(1)[:, :most]
    count = (2 ** (torch.rand(d) * torch.log2(torch.tensor(most + 1.0)))).long().clamp(1, most)
    signs = torch.where(torch.rand(d, most) < 0.5, -1.0, 1.0)
    signs[:, 0] = 1
    weights = signs * (torch.arange(most) < count[:, None])
    order[d // 2 :] += n_channels
    return order.mT.contiguous(), weights.mT.contiguous()


def _low_pass(n_taps: int) -> Tensor:
    """Return [1 2 1]/4, newest first, or what of it n_taps have room for."""
    taps = torch.tensor([1.0, 2.0, 1.0])[:n_taps]
    return torch.cat([taps / taps.sum(), torch.zeros(max(0, n_taps - 3))])


def _draw_high_pass(n_scales: int, d: int, n_taps: int) -> Tensor:
    """Return filters (S, d, K) of mean 0: a third of the taps positive, the others −1."""
    if n_taps == 1:
        return torch.ones(n_scales, d, 1)
    n_positive = max(1, n_taps // 3)
    rank = torch.rand(n_scales, d, n_taps).argsort(-1).argsort(-1)
    return torch.where(rank < n_positive, (n_taps - n_positive) / n_positive, -1.0)
