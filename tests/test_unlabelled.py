"""Encoders that learn from series without labels, and what goes on with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import run
from sklearn.base import clone
from sklearn.utils.estimator_checks import estimator_checks_generator

from msssm_ts import MSSSMClassifier, MSSSMEncoder
from msssm_ts.errors import InputError
from msssm_ts.fitted.encoder_file import KEY, load_encoder
from msssm_ts.fitted.tensor_file import read_tensor_file, write_tensor_file
from msssm_ts.fitting import Checkpoint
from msssm_ts.members.graph import GraphInput
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.pretraining.known import arrays_without_head
from msssm_ts.pretraining.layers import codes
from msssm_ts.pretraining.learning import stretch_of
from msssm_ts.pretraining.objectives import OBJECTIVES, Contrast, Diffusion, Following, Spans
from msssm_ts.pretraining.objectives.contrast import view
from msssm_ts.pretraining.objectives.spans import drawn_spans
from msssm_ts.series import LazySeries, Prepared
from msssm_ts.training.batches import Batch

SMALL: dict[str, Any] = {"d_model": 8, "n_layers": 2, "d_state": 8, "kernel_size": 4}
CONFIG = MSSSMConfig(2, 1, n_scales=2, core="lti", dropout=0.0, **SMALL)


def waves(n: int = 24, length: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng, y = np.random.default_rng(seed), np.arange(n) % 2
    t = np.arange(length) * np.where(y, 0.9, 0.4)[:, None] + rng.uniform(0, 6, (n, 1))
    X = np.stack([np.sin(t), np.cos(t)], 1) + 0.3 * rng.normal(size=(n, 2, length))
    return X.astype(np.float32), y


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def encoder() -> MSSSMEncoder:
    return MSSSMEncoder(**SMALL, max_epochs=3, random_state=0).fit(waves(40)[0])


@pytest.fixture(scope="module")
def file(encoder: MSSSMEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder") / "e.safetensors"
    encoder.save(path)
    return path


def test_what_is_hidden_is_not_seen_and_alone_counts() -> None:
    torch.manual_seed(0)
    network, objective = MSSSMNetwork(CONFIG).double(), Spans(CONFIG).double()
    torch.nn.init.normal_(objective.hidden)
    x = torch.randn(3, 40, 2, dtype=torch.float64)
    hidden = drawn_spans(torch.full((3,), 40), 40, drawn())
    told: list[torch.Tensor] = []
    objective.decoder.register_forward_hook(lambda _, given, made: told.append(made))
    loss = objective(network, Batch(x), drawn())
    other = torch.where(hidden[..., None], x + 5, x)
    objective(network, Batch(other), drawn())
    assert torch.equal(told[0], told[1])
    own = (told[0] - x).abs().mean(-1)[hidden].mean()
    torch.testing.assert_close(loss, own, rtol=0, atol=1e-12)


def test_a_vector_behind_the_stem_is_a_mask_among_the_channels() -> None:
    torch.manual_seed(0)
    network, objective = MSSSMNetwork(CONFIG).double(), Spans(CONFIG).double()
    torch.nn.init.normal_(objective.hidden)
    with_mask = MSSSMNetwork(replace(CONFIG, n_channels=3)).double()
    state = network.state_dict()
    wider = torch.cat([state["stem.weight"], objective.hidden[:, None].detach()], 1)
    with_mask.load_state_dict(state | {"stem.weight": wider})
    x, hidden = (
        torch.randn(2, 30, 2, dtype=torch.float64),
        drawn_spans(torch.tensor([30, 30]), 30, drawn()),
    )
    shown = torch.cat([x.masked_fill(hidden[..., None], 0.0), hidden[..., None].double()], -1)
    *_, (steps, _) = with_mask.layers(shown)
    told = objective.decoder(with_mask.norm(steps))
    loss = (told - x).abs().mean(-1)[hidden].mean()
    own = objective(network, Batch(x), drawn())
    torch.testing.assert_close(own, loss, rtol=0, atol=1e-10)
    ours = torch.autograd.grad(own, [network.stem.weight, objective.hidden])
    theirs = torch.autograd.grad(loss, [with_mask.stem.weight, objective.hidden], allow_unused=True)
    torch.testing.assert_close(ours[0], theirs[0][:, :2], rtol=0, atol=1e-10)
    torch.testing.assert_close(ours[1], theirs[0][:, 2], rtol=0, atol=1e-10)


def test_spans_are_as_long_as_their_series_asks() -> None:
    hidden = drawn_spans(torch.tensor([100, 20, 1]), 100, drawn(1))
    assert not hidden[1, 20:].any()
    assert hidden[2].tolist() == [True] + 99 * [False]
    runs = torch.diff(hidden[0].int(), prepend=torch.zeros(1), append=torch.zeros(1)).nonzero()
    assert (runs[1::2] - runs[::2]).min() >= 10


def test_the_next_steps_are_told_from_those_before() -> None:
    torch.manual_seed(0)
    config = replace(CONFIG, bidirectional=False)
    network, objective = MSSSMNetwork(config).double(), Following(config).double()
    x = torch.randn(1, 30, 2, dtype=torch.float64)
    told: list[torch.Tensor] = []
    objective.decoder.register_forward_hook(lambda _, given, made: told.append(made))
    loss = objective(network, Batch(x), drawn())
    later = x.clone()
    later[:, 20:] += 1
    objective(network, Batch(later), drawn())
    torch.testing.assert_close(told[0][:, :20], told[1][:, :20], rtol=0, atol=1e-12)
    ahead = told[0].view(30, 8, 2)
    errors = [(ahead[t, k] - x[0, t + k + 1]).abs().mean().item()
              for t in range(30) for k in range(8) if t + k + 1 < 30]  # fmt: skip
    assert loss.item() == pytest.approx(np.mean(errors), abs=1e-12)


@pytest.mark.parametrize(
    ("n", "length", "changes"),
    [(5, 17, {}), (3, 1, {}), (2, 9, {"bidirectional": False}), (3, 43, {"n_channels": 3})],
)
def test_noise_is_told_from_series(n: int, length: int, changes: Any) -> None:
    torch.manual_seed(0)
    config = replace(CONFIG, **changes)
    network, objective = MSSSMNetwork(config).double(), Diffusion(config).double()
    torch.nn.init.normal_(objective.level.weight)
    lengths = torch.tensor([length, *np.arange(1, n) % length + 1])
    observed = torch.rand(n, length) < 0.7
    observed[:, 0] = True
    counted = observed & (torch.arange(length) < lengths[:, None])
    x = torch.randn(n, length, config.n_channels, dtype=torch.float64)
    loss = objective(network, Batch(x, lengths, observed), drawn())
    generator = drawn()
    k = torch.randint(1, 51, (n,), generator=generator).tolist()
    noise = torch.randn(x.shape, generator=generator).double()

    # The same for one series after the other, in which only the series' own steps are.
    def angle(level: int) -> float:
        return (level / 50 + 0.008) / 1.008 * np.pi / 2

    errors = []
    for i, m in enumerate(lengths.tolist()):
        own = (np.cos(angle(k[i])) / np.cos(angle(0))) ** 2
        a, b = np.sqrt(own), np.sqrt(1 - own)
        rates = 50.0 ** -(np.arange(8) / 7)
        told = np.concatenate([np.sin(k[i] * rates), np.cos(k[i] * rates) - 1])
        one = MSSSMNetwork(config).double()
        one.load_state_dict(network.state_dict())
        # Behind a stem that projects, what is added is a part of its bias.
        bias: Any = one.stem.bias
        bias.data += objective.level.weight @ torch.from_numpy(told)
        seen = (a * x[i] + b * noise[i]) * counted[i, :, None]
        *_, (steps, _) = one.layers(seen[None, :m], None, observed[None, i, :m])
        v = objective.decoder(one.norm(steps))[0]
        # What it makes of the series.
        series = a * seen[:m] - b * v
        errors.append((((series - x[i, :m]) / b) ** 2).mean(-1)[counted[i, :m]])
    torch.testing.assert_close(loss, torch.cat(errors).mean(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [(Spans, {}), (Diffusion, {}), (Diffusion, {"n_channels": 40, "stem_bands": 40})],
)
def test_missing_values_do_not_count(kind: Any, changes: Any) -> None:
    torch.manual_seed(0)
    config = replace(CONFIG, **changes)
    network, objective = MSSSMNetwork(config).double(), kind(config).double()
    lengths = torch.tensor([30, 12, 1])
    observed = torch.rand(3, 30) < 0.7
    observed[:, 0] = True
    x = torch.randn(3, 30, config.n_channels, dtype=torch.float64) * observed[..., None]
    other = torch.where(observed[..., None], x, 7.0)
    one = objective(network, Batch(x, lengths, observed), drawn())
    assert one.item() > 0
    torch.testing.assert_close(
        objective(network, Batch(other, lengths, observed), drawn()), one, rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("kind", [Spans, Diffusion])
def test_a_stem_of_spectra_answers_for_all_steps_that_it_takes_together(kind: Any) -> None:
    torch.manual_seed(0)
    config = replace(CONFIG, n_channels=40, stem_bands=40)
    network, objective = MSSSMNetwork(config), kind(config)
    x, lengths = torch.randn(2, 23, 40), torch.tensor([23, 6])
    x *= (torch.arange(23) < lengths[:, None])[..., None]
    told: list[torch.Tensor] = []
    objective.decoder.register_forward_hook(lambda _, given, made: told.append(made))
    loss = objective(network, Batch(x, lengths), drawn())
    assert told[0].shape == (2, 6, 4 * 40)
    (slope,) = torch.autograd.grad(loss, told)
    # Of the second series two steps of the network, the second of which stands for two of it.
    assert slope[1].view(24, 40).abs().sum(1).nonzero().max() <= 5
    assert slope[0].view(24, 40)[23].abs().sum() == 0


@pytest.mark.parametrize("kind", [Spans, Following, Contrast, Diffusion])
def test_padding_does_not_count(kind: Any) -> None:
    torch.manual_seed(0)
    config = replace(CONFIG, bidirectional=kind is not Following)
    network, objective = MSSSMNetwork(config).double(), kind(config).double()
    lengths = torch.tensor([30, 12, 1])
    x = torch.randn(3, 30, 2, dtype=torch.float64)
    x *= (torch.arange(30) < lengths[:, None])[..., None]
    padded = torch.cat([x, torch.full((3, 9, 2), 7.0)], 1)
    if kind in (Spans, Diffusion):
        # What is drawn hangs on the longest.
        padded = torch.cat([x, torch.zeros(3, 0, 2)], 1)
        padded[1, 12:] = 7.0
    one = objective(network, Batch(x, lengths), drawn())
    other = objective(network, Batch(padded, lengths), drawn())
    torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_views_of_a_series_are_alike_and_of_others_not() -> None:
    torch.manual_seed(0)
    objective, network = Contrast(CONFIG), MSSSMNetwork(CONFIG)
    apart, same = torch.eye(6).repeat_interleave(8, 1), torch.ones(6, 48)
    for codes_of, most, least in ((apart, 1.0, 0.0), (same, 2.5, 2.3)):
        objective.compared = torch.nn.Identity()  # type: ignore[assignment]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "msssm_ts.pretraining.objectives.contrast.codes", lambda *_, c=codes_of: c
            )
            loss = objective(network, Batch(torch.randn(6, 20, 2)), drawn())
        assert least <= float(loss) < most


def test_a_view_has_something_to_see() -> None:
    observed = torch.zeros(4, 20, dtype=torch.bool)
    observed[:, 3] = True
    seen = view(Batch(torch.ones(4, 20, 1), torch.tensor([20, 9, 5, 4]), observed), drawn())
    assert seen.observed is not None
    assert seen.lengths is not None
    within = torch.arange(seen.x.shape[1]) < seen.lengths[:, None]
    assert (seen.observed & within).any(1).all()
    cut = stretch_of(Batch(torch.ones(4, 20, 1), None, observed), 2, drawn())
    assert cut.observed is not None
    assert cut.observed.any(1).all()


@pytest.mark.parametrize("objective", ["spans", "diffusion"])
def test_learning_gets_better(encoder: MSSSMEncoder, objective: str) -> None:
    longer = clone(encoder).set_params(max_epochs=8, learning_rate=0.01, objective=objective)
    losses = longer.fit(waves(40)[0]).history_
    assert losses["train_loss"][-1] < 0.85 * losses["train_loss"][0]


def test_lazy_series_give_the_same_encoder(encoder: MSSSMEncoder) -> None:
    X = waves(40)[0]
    lazy = LazySeries(list(range(40)), X.__getitem__, [30] * 40)
    again = clone(encoder).fit(lazy)
    np.testing.assert_allclose(again.transform(lazy), encoder.transform(X), atol=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_run_that_was_cut_short_goes_on_with_the_same_bits(
    encoder: MSSSMEncoder, objective: str, tmp_path: Path
) -> None:
    def stop(progress: Any) -> None:
        if progress.step == 7:
            raise KeyboardInterrupt

    made = clone(encoder).set_params(objective=objective, bidirectional=objective != "next")
    cut = clone(made).set_params(callbacks=[stop])
    with pytest.raises(KeyboardInterrupt):
        cut.fit(waves(40)[0], checkpoint=Checkpoint(tmp_path, every=0.0))
    again = clone(made).fit(waves(40)[0], resume=tmp_path)
    whole = encoder if objective == "spans" else made.fit(waves(40)[0])
    own, theirs = (arrays_without_head(e.encoder_.network) for e in (again, whole))
    assert all(np.array_equal(own[name], theirs[name]) for name in own)
    assert again.history_["train_loss"] == whole.history_["train_loss"]
    with pytest.raises(InputError, match="the series of the training data are not those"):
        clone(made).fit(waves(40, seed=1)[0], resume=tmp_path)


def test_is_saved_and_read_again(encoder: MSSSMEncoder, file: Path) -> None:
    X, _ = waves(10)
    again = MSSSMEncoder.load(file)
    assert np.array_equal(again.transform(X), encoder.transform(X))
    assert again.get_params() == encoder.get_params()
    record = again.encoder_.record
    assert (record.objective, record.training_data["n_series"]) == ("spans", 40)
    with pytest.raises(ValueError, match="X has 1 channel"):
        again.transform(X[:, :1])


def test_codes_of_a_series_hang_on_nothing_else(encoder: MSSSMEncoder) -> None:
    series = [x[:, :n] for x, n in zip(waves(5)[0], (1, 2, 30, 17, 8), strict=True)]
    together = encoder.transform(series)
    alone = np.concatenate([encoder.transform([s]) for s in series])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert together.shape == (5, 3 * 2 * 8)


def _without_a_byte(data: bytes) -> bytes:
    return data[:-1]


def _another_number(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without_a_byte, "its tensors end at"),
        (_another_number, "the checksum differs"),
        (lambda data: b"no tensors", "cut, or no safetensors file"),
    ],
)
def test_damaged_files_are_refused(
    file: Path, tmp_path: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    (tmp_path / "e").write_bytes(change(file.read_bytes()))
    with pytest.raises(InputError, match=said):
        MSSSMEncoder.load(tmp_path / "e")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("schema_version",), 2, "update msssm-ts"),
        (("config", "d_model"), 4000, "must have"),
        (("config", "core"), "none", "none"),
        (("record", "objective"), "labels", "must be one of"),
        (("standardizer", "mean"), [0.0], "1 mean for 2 channels"),
    ],
)
def test_files_that_no_encoder_wrote_are_refused(
    file: Path, tmp_path: Path, place: tuple[str, ...], value: Any, said: str
) -> None:
    arrays, header = read_tensor_file(file, KEY)
    part = header
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    write_tensor_file(tmp_path / "e", arrays, header, KEY)
    with pytest.raises(InputError, match=said):
        load_encoder(tmp_path / "e")


def test_a_network_begins_with_it_and_has_its_shape(file: Path, encoder: MSSSMEncoder) -> None:
    X, y = waves()
    model = MSSSMClassifier(members=["network"], init=file, max_epochs=1, learning_rate=1e-30,
                            weight_decay=0.0, random_state=0).fit(X, y)  # fmt: skip
    own, known = (arrays_without_head(n) for n in (model.network_, encoder.encoder_.network))
    assert all(np.array_equal(own[name], known[name]) for name in known)
    assert model.model_.record.notes == ()
    assert model.model_.record.parameters["init"] == str(file)


@pytest.mark.parametrize(
    ("parameters", "X", "said"),
    [
        ({"members": ["network"], "d_model": 16}, waves()[0], "d_model is 8 there and 16 here"),
        ({"members": ["network"]}, waves()[0][:, :1], "n_channels is 2 there and 1 here"),
        ({"members": ["encoder_ridge"]}, waves()[0][:, :1], "reads 2 channels, and there are 1"),
        ({"members": ["scan_ridge"]}, waves()[0], "add encoder_ridge or network"),
    ],
)
def test_another_kind_is_refused(file: Path, parameters: Any, X: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        MSSSMClassifier(init=file, **parameters).fit(X, waves()[1])


def test_what_another_unit_makes_of_it_is_said(file: Path) -> None:
    X, y = waves()
    model = MSSSMClassifier(members=["encoder_ridge"], init=file, random_state=0).fit(1000 * X, y)
    (note,) = model.model_.record.notes
    assert "in channel 1" in note
    assert "standardised by their own" in note


def test_an_encoder_in_a_models_place_is_named(file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds an encoder, not a model"):
        MSSSMClassifier.load(file)
    (tmp_path / "encoder.safetensors").write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="holds an encoder of msssm-ts pretrain, and no model"):
        MSSSMClassifier.load(tmp_path)


def test_a_ridge_classifier_reads_it(file: Path, encoder: MSSSMEncoder, tmp_path: Path) -> None:
    X, y = waves()
    model = MSSSMClassifier(members=["encoder_ridge"], init=file, random_state=0).fit(X, y)
    assert model.score(*waves(40, seed=1)) > 0.9
    model.save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    (member,) = model.model_.vote.members
    raw = member.reading.features(  # type: ignore[attr-defined]
        model.model_.standardized(model.model_.prepared(model.model_.checked(X)))
    )
    network = encoder.encoder_.network
    z = (X - X.mean((0, 2), keepdims=True)) / X.std((0, 2), keepdims=True)
    with torch.no_grad():
        own = codes(network, torch.from_numpy(z).mT)
    np.testing.assert_allclose(raw, own.numpy(), atol=1e-3)
    # What is exported, untraced.
    x = torch.from_numpy(z[:, :, :29].astype(np.float32))
    told = GraphInput(x, x, torch.full((24,), 29), torch.ones(24, 29, dtype=torch.bool))
    graph = type(member).graph([member], [1.0], 2)
    values = Prepared.of([s.numpy() for s in x])
    np.testing.assert_allclose(graph(told).numpy(), member.predict_proba(values), atol=1e-5)


def test_fit_learns_from_series_without_labels_first(file: Path) -> None:
    (X, y), U = waves(12), waves(40, seed=2)[0]
    settings = {**SMALL, "max_epochs": 2, "random_state": 0, "members": ["encoder_ridge"]}
    model = MSSSMClassifier(**settings).fit(X, y, unlabelled=U)
    first, own = model.model_.record.notes
    assert "from 40 unlabelled and 12 labelled series" in first
    assert "its own answers about 40 unlabelled series, too, each for 0.9 of" in own
    lazy = LazySeries(list(range(40)), U.__getitem__, [30] * 40)
    again = MSSSMClassifier(**settings).fit(X, y, unlabelled=lazy)
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X), atol=1e-5)
    read = MSSSMClassifier(members=["encoder_ridge"], init=file).fit(X, y, unlabelled=U)
    assert [own] == [*read.model_.record.notes]


def test_a_vote_learns_its_own_answers() -> None:
    rng = np.random.default_rng(0)
    (X, y), U = waves(16), waves(40, seed=2)[0]
    X = X + 1.0 * rng.normal(size=X.shape).astype(np.float32)
    alone = MSSSMClassifier("fast", random_state=0).fit(X, y)
    model = MSSSMClassifier("fast", random_state=0, objective="spans").fit(X, y, unlabelled=U)
    answers = alone.predict(U)
    weights = np.concatenate([np.ones(16), np.ones(40)])
    taught = MSSSMClassifier("fast", random_state=0)
    taught.fit(np.concatenate([X, U]), np.concatenate([y, answers]), weights)
    # By hand the standardisation is that of all series.
    np.testing.assert_allclose(model.predict_proba(X), taught.predict_proba(X), atol=0.1)
    assert np.abs(model.predict_proba(U) - alone.predict_proba(U)).max() > 0.05
    # What is expected was told before that.
    assert model.model_.record.estimate == alone.model_.record.estimate
    assert any("objective='spans' had nothing to act on" in n for n in model.model_.record.notes)


def test_a_vote_that_knows_nothing_has_nothing_to_learn_from() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 1, 20)), np.arange(30) % 3
    model = MSSSMClassifier("fast", random_state=0).fit(X, y, unlabelled=X)
    alone = MSSSMClassifier("fast", random_state=0).fit(X, y)
    assert np.array_equal(model.predict_proba(X), alone.predict_proba(X))
    assert any("did not learn from its own answers" in n for n in model.model_.record.notes)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"updatable": True}, "an updatable model follows from sums alone"),
        ({"stamps": "grid"}, "needs the times of all series, and unlabelled ones are read without"),
        ({"stamps": "use", "core": "s4d"}, "needs the times of all series"),
        ({"objective": "next"}, "objective='next' .* is for networks that read forward"),
        ({"pyramid": True, "objective": "spans"}, "halves the steps"),
        ({"variates": "scan", "objective": "diffusion"}, "keeps channels apart"),
    ],
)
def test_what_cannot_learn_so_is_refused(parameters: Any, said: str) -> None:
    X, y = waves(12)
    with pytest.raises(InputError, match=said):
        MSSSMClassifier(members=["encoder_ridge"], **SMALL, **parameters).fit(X, y, unlabelled=X)
    with pytest.raises(InputError, match="the unlabelled series have 1 channel"):
        MSSSMClassifier("fast").fit(X, y, unlabelled=X[:, :1])


_CHECKS = ("transformer_general", "fit2d_1sample", "dict_unchanged", "estimators_nan_inf",
           "n_features_in", "do_not_raise_errors_in_init_or_set_param",
           "get_feature_names_out_error")  # fmt: skip


def test_scikit_learns_checks() -> None:
    """Some of them; all pass."""
    small = MSSSMEncoder(d_model=8, n_layers=1, d_state=4, n_scales=1, kernel_size=2,
                         max_epochs=1, random_state=0)  # fmt: skip
    checks = list(estimator_checks_generator(small))
    assert len(checks) >= 45
    chosen = [(e, c) for e, c in checks if c.func.__name__.removeprefix("check_") in _CHECKS]
    assert len(chosen) >= 6
    for estimator, check in chosen:
        check(estimator)


def _table(file: Path, n: int, labels: bool, seed: int = 0) -> None:
    X, y = waves(n, 20, seed)
    columns = ",".join(f"t{i}" for i in range(20))
    rows = [",".join(f"{v:.4f}" for v in x[0]) for x in X]
    if labels:
        lines = [f"kind,who,{columns}"]
        lines += [
            f"{'ab'[c]},p{i // 4},{row}" for i, (c, row) in enumerate(zip(y, rows, strict=True))
        ]
    else:
        lines = [columns, *rows]
    file.write_text("\n".join(lines) + "\n")


def test_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _table(Path("ecg.csv"), 24, labels=True)
    _table(Path("more.csv"), 30, labels=False, seed=1)
    small = ("--width", "8", "--layers", "2", "--max-epochs", "2")
    reading = ("--label", "kind", "--group", "who")
    out, said = run("pretrain", "ecg.csv", *reading, "--unlabelled", "more.csv", *small, "--json")
    told = json.loads(out)
    assert told["series"] == 54
    assert "labels are not looked at" in said
    made = {"encoder.safetensors", "history.csv", "loss_curve.png", "config.toml"}
    assert {f.name for f in Path("encoder").iterdir()} == made
    header = Path("encoder/history.csv").read_text().splitlines()
    assert header[0] == "epoch,loss,learning_rate,seconds"
    assert len(header) == 3
    out, _ = run(
        "fit", "ecg.csv", *reading, "--init", "encoder", "--members", "encoder_ridge", "--json"
    )
    assert json.loads(out)["members"][0]["kind"] == "encoder_ridge"
    _, said = run(
        *("fit", "ecg.csv", *reading, "--unlabelled", "more.csv", "--members", "scan_ridge"),
        *("-o", "other"),
    )
    assert "its own answers about 30 unlabelled series" in said
    _, said = run("pretrain", "ecg.csv", *small, code=2)
    assert "encoder: holds an encoder already" in said


def test_uneven_stamps_of_a_table_are_said_to_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = [
        f"r{i},{t:.3f},{rng.normal():.3f}"
        for i in range(6)
        for t in rng.uniform(0.1, 2, 9).cumsum()
    ]
    Path("long.csv").write_text("\n".join(["id,t,x", *rows]) + "\n")
    small = ("--width", "4", "--layers", "1", "--max-epochs", "1")
    _, said = run("pretrain", "long.csv", "--id", "id", "--time", "t", *small)
    assert "time stamps are left out, though they are uneven" in said


def test_whole_groups_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _table(Path("ecg.csv"), 24, labels=True)
    lines = Path("ecg.csv").read_text().splitlines()
    numbered = ["id," + lines[0], *(f"s{i},{line}" for i, line in enumerate(lines[1:]))]
    Path("ecg.csv").write_text("\n".join(numbered) + "\n")
    Path("test.txt").write_text("s1\ns9\n")
    small = ("--width", "8", "--layers", "1", "--max-epochs", "1")
    out, said = run("pretrain", "ecg.csv", "--label", "kind", "--group", "who", "--id", "id",
                    "--without", "test.txt", *small, "--json")  # fmt: skip
    assert json.loads(out)["series"] == 16
    assert "left out: 8 series (--without test.txt)" in said


def test_settings_that_do_nothing_to_an_encoder_are_said() -> None:
    series = np.random.default_rng(0).normal(size=(8, 1, 12))
    settings = {**SMALL, "max_epochs": 1, "n_layers": 1}
    encoder = MSSSMEncoder(**settings, pyramid=True, adjacency=[[0, 1], [1, 0]]).fit(series)
    (note,) = encoder.encoder_.record.notes
    assert "the network left adjacency out: it is of variates='graph' alone" in note
    assert "pyramid=True halves nothing" in note
    at_random = MSSSMEncoder(**settings, init="random").fit(series)
    assert at_random.encoder_.record.notes == ()
