"""Stem, blocks, pooling, head."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from msssm_ts.kernels.decimate import decimation_taps
from msssm_ts.model.block import MSSSMBlock
from msssm_ts.model.config import MSSSMConfig, Pooling
from msssm_ts.model.experts import Experts
from msssm_ts.model.motifs import MotifAttention
from msssm_ts.model.pyramid import halved
from msssm_ts.model.stem import FilterBankStem, make_stem
from msssm_ts.model.variates import VariateAxis
from msssm_ts.model.workspace import Workspace


def counted_steps(
    n_timepoints: int, lengths: Tensor | None, observed: Tensor | None
) -> Tensor | None:
    """Which steps pooling counts, (b, l): those within each series' length, and observed.

    None: all of them.
    """
    if lengths is None:
        return observed
    counted = torch.arange(n_timepoints, device=lengths.device) < lengths[:, None]
    return counted if observed is None else counted & observed


def pool(x: Tensor, counted: Tensor | None, pooling: Pooling) -> Tensor:
    """Pool x (b, l, d) over the steps of each series that count, (b, l), one at least; None: all.

    Returns
    -------
    Tensor of shape (b, d), or (b, 2d) for "mean_max"

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[[1.0], [3.0], [9.0]]])
    >>> pool(x, torch.tensor([[True, True, False]]), "mean_max")
    tensor([[2., 3.]])
    """
    if pooling == "last":
        if counted is None:
            return x[:, -1]
        steps = torch.arange(x.shape[1], device=x.device)
        last = torch.where(counted, steps, 0).amax(1)
        return x.gather(1, last.view(-1, 1, 1).expand(-1, 1, x.shape[2])).squeeze(1)
    parts = []
    if pooling in ("mean", "mean_max"):
        if counted is None:
            parts.append(x.sum(1) / x.shape[1])
        else:
            count = counted.sum(1, keepdim=True).to(x.dtype)
            parts.append(torch.where(counted.unsqueeze(-1), x, 0.0).sum(1) / count)
    if pooling in ("max", "mean_max"):
        if counted is not None:
            x = torch.where(counted.unsqueeze(-1), x, -torch.inf)
        parts.append(x.amax(1))
    return torch.cat(parts, dim=-1)


class MSSSMNetwork(nn.Module):
    """MS-SSM classifier.

    Parameters
    ----------
    config : MSSSMConfig
        Sizes.

    Examples
    --------
    >>> import torch
    >>> network = MSSSMNetwork(MSSSMConfig(n_channels=2, n_outputs=3, d_model=16, n_layers=1))
    >>> network(torch.randn(4, 50, 2), torch.tensor([50, 9, 31, 1])).shape
    torch.Size([4, 3])
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        self.config = config
        d = config.d_model
        self.stem = make_stem(config.stem_channels, d, config.stem_stride, config.stem_bands)
        self.blocks = nn.ModuleList(
            MSSSMBlock(config, config.halves_behind(k)) for k in range(config.n_layers)
        )
        # Only where they are wanted: they draw random numbers.
        self.motifs = MotifAttention(config) if config.motifs else None
        self.experts = Experts(config) if config.experts else None
        self.norm = nn.LayerNorm(d)
        self.axis = None if config.variates == "mix" else VariateAxis(config)
        self.workspace = Workspace(config) if config.workspace else None
        self.head = nn.Linear(config.n_pooled, config.n_outputs)

    def embed(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        observed: Tensor | None = None,
        times: Tensor | None = None,
    ) -> Tensor:
        """Pool what the blocks make of the series.

        Parameters
        ----------
        x, lengths, observed, times : as in :meth:`forward`
            Series.

        Returns
        -------
        Tensor of shape (b, d), or (b, 2d) for "mean_max" pooling; of each variate, and of each
        level of a pyramid; behind the last level's, what each token of a workspace has read
        """
        levels = []
        for k, (steps, counted) in enumerate(self.layers(x, lengths, observed, times)):
            is_last = k == len(self.blocks) - 1
            if self.config.pyramid or is_last:
                normed = self.norm(steps)
                pooled = pool(normed, counted, self.config.pooling)
                if self.workspace is not None and is_last:
                    pooled = torch.cat([pooled, self.workspace(normed, counted)], -1)
                levels.append(pooled if self.axis is None else self.axis.together(pooled))
        return torch.cat(levels, -1) if len(levels) > 1 else levels[0]

    def layers(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        observed: Tensor | None = None,
        times: Tensor | None = None,
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield what each block makes of the series, and which of its steps count.

        Parameters
        ----------
        x, lengths, observed, times : as in :meth:`forward`
            Series.

        Yields
        ------
        steps : Tensor of shape (b, l', d), of variates that stay apart (V · b, l', d)
            Not normed yet.
        counted : boolean Tensor of shape (b, l') or (V · b, l'), or None
            None: all of them.
        """
        unit = self.config.time_unit
        if unit:
            if times is None:
                raise ValueError("the network counts the gaps between steps: times are missing")
            times = times.double() / unit
        if self.axis is not None:
            x, lengths, observed, times = self.axis.apart(x, lengths, observed, times)
        bank = isinstance(self.stem, FilterBankStem)
        x = self.stem(x, lengths) if bank else self.stem(x)
        lengths, observed, times = self._decimated(lengths, observed, times)
        if self.axis is not None:
            x = self.axis.named(x)
        for k, block in enumerate(self.blocks):
            counted = counted_steps(x.shape[1], lengths, observed)
            mask = None if observed is None else observed.unsqueeze(-1).to(x.dtype)
            if self.axis is not None:
                x = self.axis.before(k, x, lengths, mask)
            if self.config.halves_behind(k):
                steps = x.new_ones(1, x.shape[1]) if counted is None else counted.to(x.dtype)
                x = block(x, lengths, mask, times, decimation_taps(steps))
                seen = None if observed is None else counted
                lengths, observed, times = halved(lengths, seen, times)
                counted = counted_steps(x.shape[1], lengths, observed)
            else:
                x = block(x, lengths, mask, times)
            if k == len(self.blocks) - 1:
                x = x if self.motifs is None else self.motifs(x, counted)
                x = x if self.experts is None else self.experts(x, counted)
            yield x, counted

    def _decimated(
        self, lengths: Tensor | None, observed: Tensor | None, times: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Lengths, observed steps and stamps as the blocks see them, behind the stem."""
        stride = self.config.stride
        if stride == 1:
            return lengths, observed, times
        if lengths is not None:
            lengths = (lengths + stride - 1) // stride
        if observed is not None:
            seen = observed.float().unsqueeze(1)
            observed = nn.functional.max_pool1d(seen, stride, ceil_mode=True).squeeze(1) > 0
        return lengths, observed, None if times is None else times[:, ::stride]

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        observed: Tensor | None = None,
        times: Tensor | None = None,
    ) -> Tensor:
        """Classify.

        Parameters
        ----------
        x : Tensor of shape (b, l, n_channels)
            Series.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each.
        observed : boolean Tensor of shape (b, l), optional
            Steps that are not missing: the others put nothing into the scans and do not count in
            pooling.
        times : Tensor of shape (b, l), optional
            Time stamps that never fall within a series, for cores that use them.

        Returns
        -------
        Tensor of shape (b, n_outputs)
            Logits.
        """
        pooled = self.embed(x, lengths, observed, times)
        # A matrix product would round a series' logits by how many others share its batch.
        logits: Tensor = (pooled.unsqueeze(1) * self.head.weight).sum(-1) + self.head.bias
        return logits
