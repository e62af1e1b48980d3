"""Ridge classifiers on random features in operations that torch exports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels.scale_features import TAPS
from msssm_ts.kernels.scale_features.reference import sum_of_taps
from msssm_ts.members.graph import ClosedForm, GraphInput
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.scan_ridge.features import ScanFeatures


class RidgeVotes(nn.Module):
    """The weighted sum of ridge classifiers' probabilities, their features side by side.

    Bands are the same bits as the model's, so that they lie on the same side of every threshold.
    Symbols as in :mod:`msssm_ts.kernels.scale_features.reference`; v views, R ridge classifiers.

    Parameters
    ----------
    features, scalings, ridges : sequences of ScanFeatures, Scaling and Ridge
        Of one model's members.
    shares : sequence of float
        Their parts of the vote.
    """

    channels: Tensor
    weights: Tensor
    filters: Tensor
    thresholds: Tensor

    def __init__(
        self,
        features: Sequence[ScanFeatures],
        scalings: Sequence[Scaling],
        ridges: Sequence[Ridge],
        shares: Sequence[float],
    ):
        super().__init__()
        self.shares, self.span = list(shares), features[0].span
        self.classifiers = nn.ModuleList(map(ClosedForm, scalings, ridges))
        self.n_scales = features[0].filters.shape[1]
        mix = np.stack([f.mix for f in features], 2)  # (v, c, R, g)
        # The few channels of every group, in their order; further ones with weight 0.
        order = np.argsort(mix == 0, 1, kind="stable")[:, : int((mix != 0).sum(1).max())]
        for name, values in (
            ("channels", order),
            ("weights", np.take_along_axis(mix, order, 1)),
            # (S, T, v, R, r, g) and (S, q, v, R, r, g)
            ("filters", np.stack([f.filters for f in features], 3).transpose(1, 2, 0, 3, 4, 5)),
            (
                "thresholds",
                np.stack([f.thresholds for f in features], 3).transpose(1, 2, 0, 3, 4, 5),
            ),
        ):
            kind = torch.int64 if name == "channels" else torch.float32
            self.register_buffer(name, torch.tensor(values, dtype=kind))

    def forward(self, given: GraphInput) -> Tensor:
        """Return the weighted sum of probabilities, (b, n_outputs)."""
        x, length = given.filled, given.length
        # A single step has a difference of 0.
        lengths = torch.stack([length, (length - 1).clamp(min=1)], 1)
        a = self._mixed(torch.stack([x, difference(x, length)]))
        steps = torch.arange(x.shape[2], device=x.device)
        pool, levels = _Pools(steps, lengths, self.span), []
        for s in range(self.n_scales):
            if s:
                a = _smoothed(a, 1 << (s - 1), steps, lengths) * pool.within
            levels.append(pool(_band(a, self.filters[s], 1 << s), self.thresholds[s]))
        # The model's order: views, levels, pools, rivals, groups.
        z = torch.stack(levels, 1).permute(0, 4, 3, 1, 2, 5, 6).flatten(2)
        votes = [
            share * classify(z[:, i])
            for i, (classify, share) in enumerate(zip(self.classifiers, self.shares, strict=True))
        ]
        return torch.stack(votes).sum(0)

    def _mixed(self, x: Tensor) -> Tensor:
        """Mix the channels of the views (v, b, c, l) into groups (b, l, v, R, 1, g)."""
        # A view at a time: each has its own choice.
        views = zip(x, self.channels, self.weights, strict=True)
        mixed = [v.transpose(1, 2)[:, :, channels] * weights for v, channels, weights in views]
        first, *others = torch.stack(mixed, 2).unbind(3)  # (b, l, v, R, g), a channel's part each
        # One after the other, as the model adds them.
        return sum(others, first).unsqueeze(4)


class _Pools:
    """Pools the bands of views that end at different steps of a batch.

    Parameters
    ----------
    steps : Tensor of shape (l,)
        0, 1, 2 …
    length : Tensor of shape (b, v)
        Steps of each view.
    span : float
        Memory of the streams, as part of the length.
    """

    def __init__(self, steps: Tensor, length: Tensor, span: float):
        ends = length.unsqueeze(1)  # (b, 1, v)
        n = ends.double()
        at = torch.minimum(steps.unsqueeze(1), ends).double()  # (b, l, v), not far behind the end
        within = steps.unsqueeze(1) < ends
        exact = torch.exp(-1.0 / (span * n))
        # The model's streams run with a float32 decay.
        decay = exact.float().double()
        total = 1 - exact**n
        last = (1 - decay) * decay ** (n - 1 - at).clamp(min=0) / total
        first = (1 - exact) * exact**at / total
        sums = torch.stack([(1 / n).expand_as(at), last, first], 1) * within.unsqueeze(1)
        self.sums = sums.permute(0, 3, 1, 2).float()  # (b, v, 3, l)
        self.growth = _beside(decay**-at)
        self.shrink = _beside((1 - decay) * decay**at * within)
        self.within = _beside(within)
        self.per_step = _beside(1 / n).squeeze(1)

    def __call__(self, d: Tensor, thresholds: Tensor) -> Tensor:
        """Pool d (b, l, v, R, r, g), thresholds (q, v, R, r, g): (b, 5 · q + 2, v, R, r, g)."""
        streams = [self._streams(d, b) for b in thresholds]
        pools = [torch.stack(pool, 1) for pool in zip(*streams, strict=True)]
        d = d * self.within
        best, worst = d.amax(4, keepdim=True), d.amin(4, keepdim=True)
        for won in (torch.where(d == best, d, 0.0), torch.where(d == worst, -d, 0.0)):
            pools.append((won.sum(1) * self.per_step).clamp(min=0).sqrt().unsqueeze(1))
        return torch.cat(pools, 1)

    def _streams(self, d: Tensor, b: Tensor) -> list[Tensor]:
        excess = (d - b) * self.within
        u = (excess > 0).to(d.dtype)
        # One product for the three weighted sums over time.
        sums = self.sums @ u.transpose(1, 2).flatten(3)
        mean, last, first = (sums[:, :, i].view(-1, *b.shape) for i in range(3))
        total, count = excess.clamp(min=0).sum(1), u.sum(1)
        # h_t = decay · h_{t−1} + (1 − decay) · u_t: all terms are positive, so that nothing is lost
        # when powers are taken out of the sum and put back.
        peak = ((u * self.growth).cumsum(1) * self.shrink).amax(1)
        return [mean, total / count.clamp(min=1), peak, last, first]


def _beside(x: Tensor) -> Tensor:
    """Make x (b, l, v) multiply bands."""
    return x.float().view(*x.shape, 1, 1, 1)


def difference(x: Tensor, length: Tensor) -> Tensor:
    """Return the first difference of series, 0 behind its end."""
    steps = torch.arange(x.shape[2], device=x.device)
    # Looked up, not cut off: a length of one less is a case of its own to torch's tracing.
    later = x[:, :, (steps + 1).clamp(max=x.shape[2] - 1)]
    return (later - x) * (steps < (length - 1).unsqueeze(1)).unsqueeze(1)


def _smoothed(a: Tensor, lag: int, steps: Tensor, length: Tensor) -> Tensor:
    """Apply [1 2 1]/4 with taps ``lag`` steps apart to a (b, l, v, R, 1, g), the ends repeated."""
    behind = torch.minimum((steps + lag).unsqueeze(1), length.unsqueeze(1) - 1)
    index = behind.view(*behind.shape, 1, 1, 1).expand_as(a)
    return 0.25 * (a[:, (steps - lag).clamp(min=0)] + a.gather(1, index)) + 0.5 * a


def _band(a: Tensor, psi: Tensor, dilation: int) -> Tensor:
    """Filter a (b, l, v, R, 1, g) with ψ (9, v, R, r, g): (b, l, v, R, r, g)."""
    l, reach = a.shape[1], TAPS // 2 * dilation
    padded = functional.pad(a, (0, 0) * 4 + (reach, reach))
    p = [padded[:, k * dilation : k * dilation + l] * psi[k] for k in range(TAPS)]
    return sum_of_taps(p)
