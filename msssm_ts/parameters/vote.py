"""Rows of the table: what votes, and what a fit may take."""

from __future__ import annotations

from dataclasses import dataclass

from msssm_ts.members.presets import PRESETS, PresetName
from msssm_ts.parameter_checks import Number, Whole, one_of
from msssm_ts.parameter_rows import row


@dataclass(eq=False, repr=False)
class VoteParameters:
    """Members, time, series and memory."""

    preset: PresetName = row(
        "default",
        one_of(*PRESETS),
        """What votes. "default": four ridge classifiers on random multi-scale state-space
        features, trees on quantiles, a ridge classifier on shapelets, one on all channels
        together, coarse in time (as far as that is measured to add to the others), an MS-SSM
        layer that is drawn and an MS-SSM encoder that was pretrained on made-up series, both
        read out by others, and, where there is a validation split to measure its share by (see
        ``early_stopping``), an MS-SSM network. "fast": two of the ridge classifiers, the trees,
        the shapelets and the channels together, seconds without gradient descent. "best": more
        of each, four networks. "network": MS-SSM only, two layers that are drawn, the encoder,
        and one network that is trained as in the paper; with ``bidirectional=False`` the trained
        one alone, which can be read forward in time and streamed.""",
        option="--preset",
        brief="fast: seconds, no network; best: what an hour buys; network: MS-SSM only, "
        "drawn, pretrained and trained. With --causal network, else default.",
    )
    time_budget: float | None = row(
        None,
        Number(positive=True, optional=True, unit="seconds"),
        """Seconds that training may take. Members for which there is no time are left out (one
        there always is), and networks train for what the others leave.""",
        option="--time-budget",
        brief="Time that training may take: 90s, 10m, 2h, or seconds; what does not fit is left "
        "out.",
    )
    at_most: int | None = row(
        None,
        Whole(optional=True),
        """Series to learn from, where that is to be fewer than there are. They are drawn class by
        class: of rare classes more are kept, all where they are few, and weights make up for
        it. By default every series counts.""",
        option="--at-most",
        brief="Learn from so many series only, drawn class by class; by default from every one.",
    )
    max_memory: int | None = row(
        None,
        Whole(optional=True),
        """Bytes that features, sums over them and what is worked out in may take, about, beside
        the series, Python and its libraries. With less than the 2.4 GB that there are by default
        blocks are smaller, and fewer features are summed. A network's training is not bounded by
        it.""",
    )
