"""Uneven time stamps in the trained network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import ExportError, InputError
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.cores import CORES

STAMPED = MSSSMConfig(2, 3, n_scales=0, d_model=8, n_layers=2, d_state=4, time_unit=0.5)
CORES_OF_GAPS = tuple(name for name in CORES.own_names() if CORES.get(name).counts_gaps)


def network(core: str, **changes) -> MSSSMNetwork:
    torch.manual_seed(0)
    return MSSSMNetwork(replace(STAMPED, core=core, **changes)).double().eval()


@pytest.mark.parametrize("core", CORES_OF_GAPS)
@pytest.mark.parametrize("bidirectional", [True, False])
def test_equals_masks_on_a_regular_grid(core, bidirectional):
    """The whole network, both directions, gradients included."""
    stamped = network(core, bidirectional=bidirectional)
    plain = network(core, bidirectional=bidirectional, time_unit=0.0)
    plain.load_state_dict(stamped.state_dict())
    torch.manual_seed(1)
    x, seen = torch.randn(3, 31, 2, dtype=torch.float64), torch.rand(3, 31) < 0.5
    seen[:, 0] = True
    kept = [row.nonzero().flatten() for row in seen]
    lengths = torch.tensor([len(k) for k in kept])
    some = torch.nn.utils.rnn.pad_sequence([r[k] for r, k in zip(x, kept, strict=True)], True)
    times = torch.nn.utils.rnn.pad_sequence([100 + 0.5 * k.double() for k in kept], True)
    found = []
    for model, given in ((stamped, (some, lengths, None, times)), (plain, (x, None, seen))):
        logits = model(*given)
        weights = [p for p in model.parameters() if p.numel()]
        found.append([logits, *torch.autograd.grad(logits.square().sum(), weights)])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("core", CORES_OF_GAPS)
def test_even_stamps_are_as_none(core):
    stamped, plain = network(core), network(core, time_unit=0.0)
    x = torch.randn(2, 9, 2, dtype=torch.float64)
    times = 7 + 0.5 * torch.arange(9.0).expand(2, -1)
    torch.testing.assert_close(stamped(x, times=times), plain(x), rtol=1e-10, atol=1e-10)


def made(n: int = 40, seed: int = 0):
    """Waves of one shape, slow or quick in time; a series' steps are one in one, or one in two."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    series, times = [], []
    for label in y:
        every = rng.integers(1, 3)
        t = np.arange(0, 30, every) + 1e9
        series.append(np.sin((0.8 if label else 0.4) * (t - 1e9) + rng.uniform(0, 6))[None])
        times.append(t)
    return series, y, times


SETTINGS = {
    "members": ["network"], "d_model": 8, "n_layers": 1, "max_epochs": 2, "random_state": 0,
    "stamps": "use",
}  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    X, y, times = made()
    return MSSSMClassifier(**SETTINGS).fit(X, y, times=times)


def test_says_that_stamps_act_and_in_which_unit(fitted):
    (line,) = [n for n in fitted.model_.record.notes if "stamps" in n]
    assert "act in the network, where a gap of 2 counts as one step" in line
    (advice,) = [n for n in fitted.model_.record.notes if "only forgets" in n]
    assert "--core s4d" in advice
    config = fitted.model_.vote.members[0].network.config
    assert (config.time_unit, config.n_scales) == (2.0, 0)


def test_stamps_change_answers_and_are_kept_in_the_file(fitted, tmp_path):
    X, _, times = made(6, 1)
    proba = fitted.predict_proba(X, times=times)
    wider = [1e9 + 5 * (t - 1e9) for t in times]
    assert np.abs(fitted.predict_proba(X, times=wider) - proba).max() > 1e-4
    # When a series began does not matter.
    later = [t + 50 for t in times]
    np.testing.assert_allclose(fitted.predict_proba(X, times=later), proba, atol=1e-6)
    fitted.save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict_proba(X, times=times), proba)
    # Milliseconds, of a model of seconds.
    with pytest.warns(UserWarning, match="time stamps lie .* apart, those of the training 2:"):
        fitted.predict_proba(X, times=[1000 * t for t in times])
    alone = np.concatenate(
        [fitted.predict_proba([x], times=[t]) for x, t in zip(X, times, strict=True)]
    )
    np.testing.assert_allclose(alone, proba, atol=1e-6)


def test_refuses_series_without_stamps_and_what_takes_none(fitted, tmp_path):
    X, _, _ = made(2)
    with pytest.raises(InputError, match="these series have none"):
        fitted.predict(X)
    with pytest.raises(ExportError, match="fitted by time stamps"):
        fitted.export(tmp_path / "m.onnx")
    X, y, times = made(12)
    causal = MSSSMClassifier(**SETTINGS, bidirectional=False).fit(X, y, times=times)
    with pytest.raises(InputError, match="steps come without time stamps"):
        causal.stream()
    with pytest.raises(InputError, match="stem_stride=4 counts steps"):
        MSSSMClassifier(**SETTINGS, stem_stride=4).fit(X, y, times=times)


@pytest.mark.parametrize(
    ("changes", "even", "stamped", "said"),
    [
        ({"stamps": "ignore"}, False, True, "though they are uneven: --stamps grid"),
        ({}, True, True, "they are even"),
        ({}, False, False, "stamps='use' had nothing to act on"),
        ({"n_scales": 2}, False, True, "n_scales=2 had nothing to act on"),
        ({"members": ["scan_ridge"]}, False, True, "a network of core lti, s4d, s6"),
    ],
)
def test_says_what_did_nothing(changes, even, stamped, said):
    X, y, times = made(12)
    if even:
        times = [np.arange(float(len(t))) for t in times]
    model = MSSSMClassifier(**(SETTINGS | {"max_epochs": 1} | changes))
    model.fit(X, y, times=times if stamped else None)
    assert any(said in note for note in model.model_.record.notes), model.model_.record.notes


def test_can_be_looked_into(fitted):
    """Attributions add up, with the stamps, to what the series changes in the logit."""
    from msssm_ts.analysis.network.saliency import integrated_gradients
    from msssm_ts.analysis.network.view import network_of, view_series
    from msssm_ts.analysis.vote.series_saliency import series_saliency

    X, _, times = made(4, 1)
    view = view_series(fitted.model_, X[0], times=times[0])
    network, (x, *known) = network_of(fitted.model_), view.series
    assert view.probability == pytest.approx(fitted.predict_proba(X[:1], times=times[:1]).max())
    added = integrated_gradients(network, view.series, view.output).sum()
    with torch.no_grad():
        both = torch.cat([network(x, *known), network(torch.zeros_like(x), *known)])
    assert float(added) == pytest.approx(float((both[0] - both[1])[view.output]), abs=1e-3)
    assert series_saliency(fitted.model_, view).shape == (X[0].shape[1], 1)
