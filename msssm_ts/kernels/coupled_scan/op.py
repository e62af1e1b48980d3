"""The coupled scan over time and variates as a torch operator."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from msssm_ts.kernels.backend import backend_of
from msssm_ts.kernels.checks import check_float, check_lengths, check_shape
from msssm_ts.kernels.coupled_scan.reference import coupled_scan_reference
from msssm_ts.kernels.operator import is_learned_from, operator


def coupled_scan(
    x: Tensor,
    delta: Tensor,
    A: Tensor,
    G: Tensor,
    B: Tensor,
    C: Tensor,
    *,
    initial_state: Tensor | None = None,
    lengths: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Scan series over time and over their variates at once, each state driving the other.

    With ``a = exp(Δ¹ A¹)`` and ``e = exp(Δ² A²)`` at step t of variate v::

        h¹[v, t] = a h¹[v, t−1] + (1 − a) (G¹ h²[v, t−1] + B¹ x[v, t])
        h²[v, t] = e h²[v−1, t] + (1 − e) (G² h¹[v−1, t] + B² x[v, t])
        y[v, t]  = C¹ h¹[v, t] + C² h²[v, t]

    the 2-D recurrence of Behrouz, Santacatterina, Zabih, "Chimera", NeurIPS 2024, with a diagonal
    for each of its four matrices, zero-order hold, and the maps in units of −A. With G² = 0 it is
    triangular: a scan over the variates, and one over time that it drives.

    Each state is a weighted mean of itself and of what drives it. So for |G| ≤ g < 1 and
    |B x| ≤ u no state ever exceeds u / (1 − g): by induction over t and v, if all before it are at
    most m = u / (1 − g) in absolute value, it is at most a m + (1 − a)(g m + u) = m. The step from
    all variates at t − 1 to those at t has, without input, a norm (largest absolute row sum) and
    hence a spectral radius of at most the largest a + (1 − a) g < 1, for any number of variates
    and any Δ. With |G| above 1 the two may grow together though each by itself is stable.

    Parameters
    ----------
    x : Tensor of shape (b, l, V, d), float32 or float64
        Series of V variates with d channels each.
    delta : Tensor of shape (b, l, V, 2, d)
        Steps Δ¹ over time and Δ² over variates, positive.
    A : Tensor of shape (2, d, n)
        Diagonals, negative.
    G : Tensor of shape (2, d, n)
        Coupling, between −1 and 1 for a stable system: from h² to h¹, from h¹ to h².
    B, C : Tensor of shape (b, l, V, 2, n)
        Input and output maps of both states.
    initial_state : Tensor of shape (b, V, 2, d, n), optional
        h¹ and h² before the first step; zero by default.
    lengths : integer Tensor of shape (b,), optional
        Valid steps of each series. After them y is zero and the state stays.

    Returns
    -------
    y : Tensor of shape (b, l, V, d)
        Output.
    last_state : Tensor of shape (b, V, 2, d, n)
        h¹ and h² at each series' last valid step.

    Raises
    ------
    ValueError
        If shapes do not fit together or a length is out of range.
    TypeError
        If x is not float32 or float64, or lengths are not integers.

    Notes
    -----
    On a GPU plain torch serves, step by step and variate by variate: slow on long series.

    Examples
    --------
    What one variate gets reaches the next one at the same step over h², and itself later over h¹:

    >>> import torch
    >>> x = torch.tensor([[[[1.0], [0.0]], [[0.0], [0.0]]]])
    >>> half = torch.full((2, 1, 1), 0.5)
    >>> ones = torch.ones(1, 2, 2, 2, 1)
    >>> y, last = coupled_scan(x, ones, half.log(), 0 * half, ones, ones)
    >>> y.flatten()
    tensor([1.0000, 0.2500, 0.2500, 0.0000])
    """
    check_float("x", x)
    if x.ndim != 4:
        raise ValueError(f"x must have shape (b, l, V, d), not {tuple(x.shape)}")
    batch, n_timepoints, variates, d = x.shape
    if A.ndim != 3 or A.shape[:2] != (2, d) or not A.shape[2]:
        raise ValueError(f"A must have shape (2, d = {d}, n), not {tuple(A.shape)}")
    n = A.shape[2]
    check_shape("delta", delta, (batch, n_timepoints, variates, 2, d), "(b, l, V, 2, d)")
    check_shape("G", G, (2, d, n), "(2, d, n)")
    for name, values in (("B", B), ("C", C)):
        check_shape(name, values, (batch, n_timepoints, variates, 2, n), "(b, l, V, 2, n)")
    check_lengths(lengths, batch, n_timepoints)
    if initial_state is not None:
        check_shape("initial_state", initial_state, (batch, variates, 2, d, n), "(b, V, 2, d, n)")
    if backend_of(x.device) != "numba":
        return coupled_scan_reference(x, delta, A, G, B, C, initial_state, lengths)
    h = x.new_zeros(batch, variates, 2, d, n) if initial_state is None else initial_state
    inputs = (x, delta, A, G, B, C, h)
    keep = is_learned_from(*inputs)
    y, last_state, _ = _coupled_scan(*inputs, lengths, keep)
    return y, last_state


@operator("msssm_ts::coupled_scan")
def _coupled_scan(
    x: Tensor, delta: Tensor, A: Tensor, G: Tensor, B: Tensor, C: Tensor,
    initial_state: Tensor, lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    from msssm_ts.kernels.coupled_scan.cpu import coupled_scan_cpu

    y, state, kept = coupled_scan_cpu(x, delta, A, G, B, C, initial_state, lengths, keep)
    return y.contiguous(), state.contiguous(), kept


@_coupled_scan.register_fake
def _(
    x: Tensor, delta: Tensor, A: Tensor, G: Tensor, B: Tensor, C: Tensor,
    initial_state: Tensor, lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    from msssm_ts.kernels.coupled_scan.cpu import CHUNK
    from msssm_ts.kernels.layout import padded_channels

    batch, rows, variates, d = x.shape
    width = padded_channels(d, x.dtype)
    # Flat: a traced graph would not hold for lengths of one chunk and of several otherwise.
    numbers = batch * ((rows + CHUNK - 1) // CHUNK) * variates * 2 * A.shape[2] * width
    kept = x.new_empty(numbers if keep else 0)
    return x.new_empty(x.shape), initial_state.new_empty(initial_state.shape), kept


@operator("msssm_ts::coupled_scan_backward")
def _coupled_scan_backward(
    grad_y: Tensor, grad_state: Tensor, x: Tensor, delta: Tensor, A: Tensor, G: Tensor,
    B: Tensor, C: Tensor, lengths: Tensor | None, checkpoints: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    from msssm_ts.kernels.coupled_scan.cpu import coupled_scan_backward_cpu

    grads = coupled_scan_backward_cpu(
        grad_y, grad_state, x, delta, A, G, B, C, lengths, checkpoints
    )
    gx, gdelta, gA, gG, gB, gC, gh = (g.contiguous() for g in grads)
    return gx, gdelta, gA, gG, gB, gC, gh


@_coupled_scan_backward.register_fake
def _(
    grad_y: Tensor, grad_state: Tensor, x: Tensor, delta: Tensor, A: Tensor, G: Tensor,
    B: Tensor, C: Tensor, lengths: Tensor | None, checkpoints: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    like = (x, delta, A, G, B, C, grad_state)
    gx, gdelta, gA, gG, gB, gC, gh = (t.new_empty(t.shape) for t in like)
    return gx, gdelta, gA, gG, gB, gC, gh


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, delta, A, G, B, C, _, lengths, _ = inputs
    ctx.mark_non_differentiable(output[2])
    ctx.save_for_backward(x, delta, A, G, B, C, lengths, output[2])


def _gradients(ctx: Any, grad_y: Tensor, grad_state: Tensor, _: Any) -> tuple[Any, ...]:
    return *_coupled_scan_backward(grad_y, grad_state, *ctx.saved_tensors), None, None


_coupled_scan.register_autograd(_gradients, setup_context=_save)
