"""How far the layers of several networks mix one series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.analysis.network.view import View
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.model import MSSSMNetwork

# Steps m that are looked at: each costs a pass for every channel.
_STEPS, _STEPS_OF_LONG, _LONG = 9, 3, 512


def mixing_facts(
    classifier: MSSSMClassifier, view: View, baseline: tuple[str, MSSSMNetwork, View] | None
) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
    """Measure the model, its initial weights, a single-scale model of equal state, the baseline.

    Parameters
    ----------
    classifier : MSSSMClassifier
        The model.
    view : View
        The series.
    baseline : tuple of str, MSSSMNetwork and View, optional
        Another network's name, itself, and the same series for it.

    Returns
    -------
    facts : dict
        What JSON shows; distances in steps of the series.
    curves : dict of str to array
        Distances at the steps, mean over the layers.

    Raises
    ------
    InputError
        If the baseline does not see the series in the same steps.
    """
    import numpy as np

    from msssm_ts.analysis.network.mixing import mixing_distances
    from msssm_ts.analysis.network.single_scale import single_scale, untrained
    from msssm_ts.analysis.network.view import network_of

    network = network_of(classifier.model_)
    config, seed = network.config, classifier.model_.record.seed
    compared = [("this model", network, view)]
    if config.n_scales:
        compared.append(("this model, untrained", untrained(config, seed, network), view))
    one = untrained(single_scale(config), seed, network)
    compared.append(("single scale, untrained", one, view))
    if baseline is not None:
        compared.append(baseline)
    length = -(-view.values.shape[1] // config.stride)
    n = min(length, _STEPS if length <= _LONG else _STEPS_OF_LONG)
    # From first to last.
    steps = np.linspace(length - 1, 0, n).round().astype(int)[::-1].tolist()
    networks, curves = [], {}
    for name, of, seen in compared:
        if _grid(of, seen) != _grid(network, view):
            raise InputError(
                f"--baseline {name}: sees the series in other steps than the model; give one that "
                "was trained with the same preparation"
            )
        distances = mixing_distances(of, seen.series, steps).double().numpy()
        distances *= [[of.config.layer_stride(k)] for k in range(len(distances))]
        curves[name] = distances.mean(0)
        networks.append(
            {
                "name": name,
                "last_step": float(curves[name][-1]),
                "all_steps": float(curves[name].mean()),
                "layers": distances.mean(1).tolist(),
            }
        )
    return {"unit": "steps", "at_steps": steps, "networks": networks}, curves


def _grid(network: MSSSMNetwork, view: View) -> tuple[int, int, int, float | None]:
    return network.config.stride, view.first, view.values.shape[1], view.rate
