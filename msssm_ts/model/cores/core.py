"""What a state-space core is: the recurrences between a layer's bands and its scale mixer.

Symbols, as in the paper: batch b, length l, channels d, streams M, state n per stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels.ms_scan.reference import reverse_valid
from msssm_ts.method import Method
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.decomposition import MultiScaleDecomposition
from msssm_ts.model.mixer import ScaleMixer, mixing_weights


class CoreCost(NamedTuple):
    """What one step of one series costs a core, all streams and channels together.

    Parameters
    ----------
    selection : int
        Multiply-adds from the signal to what the recurrences use of it.
    scan : int
        Multiply-adds of the recurrences.
    exponentials : int
        Exponentials and logarithms.
    """

    selection: int
    scan: int
    exponentials: int


class FusedStep(NamedTuple):
    """A diagonal core's weights as the fused step of whole networks takes them.

    Selective: ``h = exp(Δ A) h + Δ B x̂`` with Δ = softplus(dt_weight · dt + dt_bias), where B, C
    and dt, in this order, are ``maps`` times the signal. Time-invariant: ``h = A h + x̂``, with
    what does not move multiplied out. In both ``y = C h + D x̂``.

    Parameters
    ----------
    A : Tensor of shape (M, d, n)
        Diagonals; time-invariant: Ā = exp(ΔA).
    D : Tensor of shape (M, d)
        Skip terms.
    C : Tensor of shape (M, d, n), optional
        Time-invariant: C B̄, with B̄ = ΔB.
    maps : Tensor of shape (M(2n + r), d), optional
        Selective: from the signal to B (M, n), C (M, n) and dt (M, r).
    dt_weight, dt_bias : Tensor of shape (M, d, r) and (M, d), optional
        Selective: from dt to Δ.
    """

    A: Tensor
    D: Tensor
    C: Tensor | None = None
    maps: Tensor | None = None
    dt_weight: Tensor | None = None
    dt_bias: Tensor | None = None


class StepInC(NamedTuple):
    """A step of a core in C99, for programs on devices without Python.

    The text is the body of ``static void recur(const core_weights *w, const float *x, const float
    *read, float *state, float *y)``: ``y`` (STREAMS × WIDTH) has x̂_t, fine to coarse, and is
    to hold y_t; ``x`` (WIDTH) is the layer's signal, ``read`` is ``maps`` times it, ``state`` is
    zero before the first step. Beside the constants WIDTH and STREAMS there are those of ``sizes``;
    ``math.h`` is included, and nothing may be allocated.

    Parameters
    ----------
    code : str
        The text.
    arrays : mapping of str to Tensor
        Weights, ``w->NAME``, each one after the other as in memory.
    n_state : int
        Numbers that a layer keeps from step to step.
    sizes : mapping of str to int
        Constants that the text uses.
    maps : Tensor of shape (n_read, d), optional
        What is read off the signal, at every step, by a matrix.
    """

    code: str
    arrays: Mapping[str, Tensor]
    n_state: int
    sizes: Mapping[str, int]
    maps: Tensor | None = None


class Core(nn.Module):
    """The M recurrences, one a stream, of one layer in one direction of time.

    A subclass has to have :meth:`forward`; with that alone it trains, predicts, is saved and is
    looked into. The other methods say more about it, or do the same faster; each says what holds
    without it. Parameters of the core itself learn at the rate of state-space models, without
    weight decay, those of modules in it like the rest of the network
    (:meth:`own_rate_parameters`).

    Parameters
    ----------
    config : MSSSMConfig
        Sizes: ``d_model`` channels, ``n_streams`` streams, ``stream_state`` states each.

    Attributes
    ----------
    uses_times : bool
        Whether the core wants the time stamps of the steps.
    counts_gaps : bool
        Whether it does where the settings have a ``time_unit``: states then decay over gaps.
    methods : tuple of Method
        What a paper says of it.
    shared : tuple of str
        Parameters that two directions have in common in a quasiseparable mixer: A's.
    skip : str or None
        The parameter D, which such a mixer does without.

    Examples
    --------
    A core that only weights its streams; ``CORES.register`` would give it a name.

    >>> class Weighted(Core):
    ...     def __init__(self, config):
    ...         super().__init__(config)
    ...         self.weight = nn.Parameter(torch.ones(config.n_streams, config.d_model))
    ...
    ...     def forward(self, streams, x, lengths=None, times=None):
    ...         return self.weight[:, None, None] * streams
    >>> core = Weighted(MSSSMConfig(1, 2, d_model=8))
    >>> core(torch.randn(5, 2, 9, 8), torch.randn(2, 9, 8)).shape, core.can_step()
    (torch.Size([5, 2, 9, 8]), False)
    """

    uses_times: bool = False
    counts_gaps: ClassVar[bool] = False
    methods: ClassVar[tuple[Method, ...]] = ()
    shared: ClassVar[tuple[str, ...]] = ()
    skip: ClassVar[str | None] = None

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        if self.counts_gaps and config.time_unit:
            self.uses_times = True

    @classmethod
    def weight_shapes(cls, config: MSSSMConfig) -> dict[str, tuple[int, ...]]:
        """Return the shapes of its ``state_dict``, with which those of a model file are compared.

        Parameters
        ----------
        config : MSSSMConfig
            Maybe of a file that means ill: within bounds, but larger than what there is in it.

        Notes
        -----
        By default one core is built, and looked at; better say it by the sizes alone.
        """
        with torch.random.fork_rng(devices=[]):
            return {name: tuple(t.shape) for name, t in cls(config).state_dict().items()}

    def forward(
        self, streams: Tensor, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Run the recurrences forward in time.

        What is returned for a step must not depend on later ones: neither in a causal network nor
        where a series is padded would it be right.

        Parameters
        ----------
        streams : Tensor of shape (M, b, l, d)
            x̂, fine to coarse: the raw signal, the details, the approximation; zero in padding.
        x : Tensor of shape (b, l, d)
            The layer's signal, from which parameters may be made; anything finite in padding.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each series.
        times : Tensor of shape (b, l), optional
            Time stamps, for cores with ``uses_times``, where the series have them. They never
            fall: of a series that is read backward they are those of its mirror image, −t.

        Returns
        -------
        Tensor of shape (M, b, l, d)
            y, with the skip term where there is one; anything finite in padding.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def layer(
        self,
        x: Tensor,
        gate: Tensor,
        decomposition: MultiScaleDecomposition,
        mixer: ScaleMixer | None,
        lengths: Tensor | None = None,
        times: Tensor | None = None,
        reverse: bool = False,
    ) -> Tensor:
        """Run the whole layer: decomposition, :meth:`forward`, scale mixer, gate.

        For cores with a kernel that does all of it at once; this one does it in steps. Without
        a time of its own, a backward direction is the forward one of the series turned round.

        Parameters
        ----------
        x, gate : Tensor of shape (b, l, d)
            Signal, and what gates the output.
        decomposition : MultiScaleDecomposition
            Filters.
        mixer : ScaleMixer or None
            None with a single stream.
        lengths, times
            As for :meth:`forward`; the stamps as they are, in either direction.
        reverse : bool
            Run from each series' last valid step to its first.

        Returns
        -------
        Tensor of shape (b, l, d)
            Zero in padding.
        """
        E = mixing_weights(mixer, x)
        if reverse:
            x, E = reverse_valid(x, lengths), reverse_valid(E, lengths)
            times = None if times is None else -reverse_valid(times, lengths)
        y: Tensor = self(decomposition.streams(x, lengths), x, lengths, times)
        mixed = (E.movedim(-1, 0).unsqueeze(-1) * y).sum(0)
        if lengths is not None:
            valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
            mixed = torch.where(valid.unsqueeze(-1), mixed, 0.0)
        if reverse:
            mixed = reverse_valid(mixed, lengths)
        return mixed * functional.silu(gate)

    def own_rate_parameters(self) -> Iterable[nn.Parameter]:
        """Return what learns at the state-space rate, without weight decay.

        By default the core's direct parameters, not those of modules in it.
        """
        return self.parameters(recurse=False)

    @classmethod
    def can_step(cls) -> bool:
        """Whether streams can be read: whether :meth:`step` is there."""
        return cls.step is not Core.step

    def initial_state(self, batch: int) -> Any:
        """Return what :meth:`step` carries from step to step, before the first one.

        Parameters
        ----------
        batch : int
            Series b.

        Returns
        -------
        Tensor, or tuple of Tensors
            Of the weights' type and device.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step")

    def step(self, streams: Tensor, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Run one step. Without it the core reads no streams.

        Parameters
        ----------
        streams : Tensor of shape (M, b, d)
            x̂_t.
        x : Tensor of shape (b, d)
            The layer's signal.
        state
            From the step before, or :meth:`initial_state`; not to be changed in place.

        Returns
        -------
        y : Tensor of shape (M, b, d)
            As :meth:`forward` returns for this step.
        state
            For the next one.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step")

    def fused_step(self) -> FusedStep | None:
        """Return the weights for the fused step of a diagonal core; None: :meth:`step` serves."""
        return None

    def step_in_c(self) -> StepInC | None:
        """Return :meth:`step` in C; without it, None, there is no export to C."""
        return None

    def decay(self) -> Tensor | None:
        """Return the logarithms of the eigenvalues, log λ a step, where the signal is zero.

        Returns
        -------
        Tensor of shape (M, d, n), or None
            float64 or complex128; None, the default, where a core cannot say.
        """
        return None

    def step_sizes(self, x: Tensor) -> Tensor | None:
        """Return Δ at every step of a signal.

        Parameters
        ----------
        x : Tensor of shape (b, l, d)
            The layer's signal.

        Returns
        -------
        Tensor of shape (b, l, M, d), or None
            None, the default, where there is none that moves with the signal.
        """
        return None

    def cost(self) -> CoreCost | None:
        """Return what a step costs; None, the default, where a core does not say."""
        return None

    @classmethod
    def export_form(cls, cores: Sequence[Self]) -> nn.Module | None:
        """Return :meth:`forward` in operations that torch exports. Without it there is no export.

        Parameters
        ----------
        cores : sequence of Core
            Those of a block: D directions.

        Returns
        -------
        Module or None
            A function of ``streams`` (l, b, D·M, d), the streams of the directions side by side,
            and ``signals``, a list of D tensors (b, l, d), all forward in time and zero in
            padding; it returns y (l, b, D·M, d). None, the default, where there is none. Of a
            backward direction the padding comes first: while its streams and its signal are zero,
            a core has to stay as it begins. Where the module has a number ``steps``, it is given
            streams (D·M, d, b, l), time last, l a multiple of ``steps``, and returns such y.
        """
        return None
