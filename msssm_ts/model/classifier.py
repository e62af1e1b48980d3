"""Stem, blocks, pooling, head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msssm_ts.model.block import MSSSMBlock
from msssm_ts.model.config import MSSSMConfig, Pooling


def pool(x: Tensor, lengths: Tensor | None, pooling: Pooling) -> Tensor:
    """Pool x (b, l, d) over the valid steps of each series.

    Returns
    -------
    Tensor of shape (b, d), or (b, 2d) for "mean_max"

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[[1.0], [3.0], [9.0]]])
    >>> pool(x, torch.tensor([2]), "mean_max")
    tensor([[2., 3.]])
    """
    batch, n_timepoints, _ = x.shape
    if lengths is None:
        lengths = torch.full((batch,), n_timepoints, device=x.device)
    valid = (torch.arange(n_timepoints, device=x.device) < lengths[:, None]).unsqueeze(-1)
    count = lengths.unsqueeze(-1).to(x.dtype)
    if pooling == "last":
        index = (lengths - 1).view(-1, 1, 1).expand(-1, 1, x.shape[2])
        return x.gather(1, index).squeeze(1)
    parts = []
    if pooling in ("mean", "mean_max"):
        parts.append(torch.where(valid, x, 0.0).sum(1) / count)
    if pooling in ("max", "mean_max"):
        parts.append(torch.where(valid, x, -torch.inf).amax(1))
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
        self.stem = nn.Linear(config.n_channels, d)
        self.blocks = nn.ModuleList(MSSSMBlock(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(2 * d if config.pooling == "mean_max" else d, config.n_outputs)

    def embed(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Pooled features (b, d) or (b, 2d) of series x (b, l, n_channels)."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, lengths)
        return pool(self.norm(x), lengths, self.config.pooling)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Logits (b, n_outputs) of series x (b, l, n_channels) with valid lengths (b,)."""
        logits: Tensor = self.head(self.embed(x, lengths))
        return logits
