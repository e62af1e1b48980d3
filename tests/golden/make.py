"""Write small models of every kind, and what they answer, for tests/test_golden.py.

``python tests/golden/make.py [NAME ...]`` writes the files of the present schema, all or some,
into a folder of its own; those of older schemas were written by the code of their time and are
never written again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts import MSSSMClassifier
from msssm_ts.preparation import Preparation

# Name, model, and the series to ask it about, with what is known beside them and their stamps.
Made = tuple[
    str, MSSSMClassifier, list[np.ndarray], dict[str, np.ndarray] | None, list[np.ndarray] | None
]

NETWORK = {"members": ["network"], "d_model": 8, "n_layers": 2, "max_epochs": 3, "random_state": 0}


def waves(
    n: int, lengths: range, n_channels: int = 1, gaps: float = 0.0
) -> tuple[list[np.ndarray], np.ndarray]:
    """Sines of two frequencies in noise, an offset and a scale for every channel."""
    rng = np.random.default_rng(20_251)
    y = np.arange(n) % 2
    series = []
    for label in y:
        t = np.arange(rng.choice(lengths))
        x = np.sin(t * (0.9 if label else 0.3) + rng.uniform(0, 6, (n_channels, 1)))
        x = (x + 0.8 * rng.normal(size=x.shape)) * np.arange(1, n_channels + 1)[:, None] + 3
        x[rng.uniform(size=x.shape) < gaps] = np.nan
        x[:, 0] = 3
        series.append(x.astype(np.float32))
    return series, y


def models(wanted: Sequence[str] = ()) -> Iterator[Made]:
    """Yield name, fitted model, and series, features and stamps to ask it about, of some or all."""

    def made(
        name: str,
        parameters: dict[str, Any],
        series: list[np.ndarray],
        y: Any,
        features: dict[str, np.ndarray] | None = None,
        times: list[np.ndarray] | None = None,
        **kwargs: Any,
    ) -> Iterator[Made]:
        if not wanted or name in wanted:
            if times is not None:
                kwargs["times"], times = times[:-8], times[-8:]
            if features is not None:
                kwargs["features"] = {k: column[:-8] for k, column in features.items()}
                features = {k: column[-8:] for k, column in features.items()}
            model = MSSSMClassifier(**parameters).fit(series[:-8], y[:-8], **kwargs)
            yield name, model, series[-8:], features, times

    X, y = waves(40, range(16, 17))
    words = np.where(y, "quick", "slow")
    yield from made("fast", {"preset": "fast", "random_state": 0}, X, words)
    # Without validation a network has a fixed share of the vote, with it a measured one.
    small = NETWORK | {"members": None, "preset": "default", "early_stopping": False}
    yield from made("default", small, X, y)
    longer = NETWORK | {
        "members": None,
        "preset": "default",
        "max_epochs": 60,
        "learning_rate": 1e-2,
    }
    validation = np.arange(32) % 4 == 3
    yield from made("default_share", longer, X, y, validation=validation)
    yield from made("network_s6", NETWORK | {"core": "s6"}, X, y)
    yield from made("network_lti", NETWORK, X, y)
    yield from made("network_s4d", NETWORK | {"core": "s4d"}, X, y)
    yield from made("network_gru", NETWORK | {"core": "gru"}, X, y)
    causal = {"core": "lstm", "bidirectional": False, "pooling": "last", "n_scales": 1}
    yield from made("network_lstm", NETWORK | causal, X, y)
    yield from made("network_motifs", NETWORK | {"motifs": 4}, X, y)
    yield from made("network_experts", NETWORK | {"experts": 4}, X, y)
    yield from made("network_workspace", NETWORK | {"workspace": 3}, X, y)
    yield from made("network_odd", NETWORK | {"d_model": 7}, X, y)
    yield from made("network_pyramid", NETWORK | {"pyramid": True}, X, y)
    one = {"directions": "quasiseparable", "core": "s6"}
    yield from made("network_quasiseparable", NETWORK | one, X, y)
    yield from made("network_causal", NETWORK | {"bidirectional": False}, X, y)
    yield from made("network_single_scale", NETWORK | {"n_scales": 0, "core": "s6"}, X, y)
    yield from made("network_float64", NETWORK | {"dtype": "float64"}, X, y)
    two = {"members": ["scan_ridge", "scan_ridge"], "random_state": 0}
    yield from made("bent", two, X, words)
    yield from made("encoder", {"members": ["encoder_ridge"], "random_state": 0}, X, words)
    own = NETWORK | {"members": ["encoder_ridge"]}
    yield from made("encoder_own", own, X, words, unlabelled=X)
    pretrained = {"members": ["network"], "init": "pretrained", "max_epochs": 2}
    yield from made("network_pretrained", pretrained | {"random_state": 0}, X, y)
    both = np.stack([y, np.roll(y, 1) | (np.arange(40) % 3 == 0)], 1)
    yield from made("labels", longer, X, both, validation=validation, label_names=["af", "pvc"])
    rng = np.random.default_rng(0)
    age = np.where(rng.uniform(size=40) < 0.1, np.nan, 50 + 9 * y + 5 * rng.normal(size=40))
    beside = {"age": age, "sex": rng.choice(["f", "m", ""], 40)}
    yield from made("features", {"preset": "fast", "random_state": 0}, X, y, beside)
    beside |= {"near": both[:, 1] + 0.4 * rng.normal(size=40)}
    yield from made("features_labels", {"preset": "fast", "random_state": 0}, X, both, beside)
    trees = {"members": ["quantile_trees"], "random_state": 0}
    asked = {"sensitivity": 0.9, "pos_label": "slow"}
    yield from made("operating_point", trees | asked, X, words)
    kept = {"members": ["shapelet_ridge"], "exemplars": 3, "random_state": 0}
    yield from made("exemplars", kept, X, words, ids=[f"w{i}" for i in range(32)])
    thirds = np.where(y, 2, np.arange(40) % 5 == 0)
    yield from made("familiar", {"members": ["shapelet_ridge"], "random_state": 0}, X, words)
    yield from made("log_priors", trees | {"decide": "balanced_accuracy"}, X, thirds)
    X, y = waves(40, range(5, 30), 2)
    fast = {"preset": "fast", "random_state": 0}
    yield from made("lengths", fast, X, y, channel_names=["I", "II"])
    yield from made("together", {"members": ["coarse_ridge"], "random_state": 0}, X, y)
    X, y = waves(24, range(60, 90), 2)
    preparation = Preparation(
        channels=("II",), sampling_rate=20.0, bandpass=(0.5, 9.0), standardize="series", window=1.0
    )
    source: dict[str, Any] = {"channel_names": ["I", "II"], "sampling_rate": 25.0}
    yield from made("windows", small | {"preparation": preparation}, X, y, **source)
    X, y = waves(24, range(1200, 1300))
    mfcc = Preparation(features="mfcc", standardize="centred")
    yield from made("sound", NETWORK | {"preparation": mfcc}, X, y, sampling_rate=4000.0)
    yield from made("stem", NETWORK | {"stem_stride": 20}, X, y)
    words = {"members": ["encoder_ridge"], "preparation": Preparation(features="logmel")}
    yield from made("encoder_words", words | {"random_state": 0}, X, y, sampling_rate=4000.0)
    X, y = waves(40, range(16, 17))
    X[3][0, 5] = 1e5
    origin = {"units": ["mV"], "options": {"label": "y"}, "account": {}, "summary": "40 series"}
    yield from made("limits", NETWORK, X, y, origin=origin)
    steady = Preparation(features="logmel", n_mels=8, standardize="mostly-centred")
    X, y = waves(24, range(1200, 1300))
    yield from made("steady", NETWORK | {"preparation": steady}, X, y, sampling_rate=4000.0)
    X, y = waves(40, range(9, 20), 4)
    for chosen in ("scan", "coupled", "graph"):
        yield from made(f"variates_{chosen}", NETWORK | {"variates": chosen}, X, y)
    stamps = [np.cumsum(1.0 + np.arange(len(x[0])) % 3) for x in X]
    gaps = NETWORK | {"stamps": "use", "core": "s4d"}
    yield from made("stamps_use", gaps, X, y, times=stamps)
    yield from made("stamps_grid", trees | {"stamps": "grid"}, X, y, times=stamps)
    X, y = waves(40, range(16, 17), 2, gaps=0.15)
    yield from made("missing_mask", small | {"missing": "mask"}, X, y)
    filled = {"preset": "fast", "missing": "interpolate", "random_state": 0}
    yield from made("missing_interpolate", filled, X, y)


def _unknown(
    model: MSSSMClassifier, series: list[np.ndarray], known: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Return how strange the series are, where the model knows."""
    if model.model_.familiarity is None:
        return {}
    return {"unknown": model.unknown_score(series, **known)}


def _similar(model: MSSSMClassifier, series: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return distances to the training series that others are most like, where some are kept."""
    if model.model_.exemplars is None:
        return {}
    distances, indices = model.kneighbors(series, 3)
    return {"distances": distances, "indices": indices}


def main() -> None:
    """Write the files."""
    from msssm_ts.fitted.upgrades import SCHEMA_VERSION

    folder = Path(__file__).parent / f"schema{SCHEMA_VERSION}"
    folder.mkdir(exist_ok=True)
    for name, model, series, features, times in models(sys.argv[1:]):
        known: dict[str, Any] = {"features": features, "times": times}
        model.save(folder / f"{name}.safetensors")
        np.savez_compressed(
            folder / f"{name}.npz",
            values=np.concatenate(series, 1),
            lengths=[s.shape[1] for s in series],
            proba=model.predict_proba(series, **known),
            labels=model.predict(series, **known),
            **_similar(model, series),
            **_unknown(model, series, known),
            **({} if times is None else {"times": np.concatenate(times)}),
            **{f"beside {key}": column for key, column in (features or {}).items()},
        )


if __name__ == "__main__":
    main()
