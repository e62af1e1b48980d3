"""
A faulty bearing, and how many faults may be missed
===================================================

A damaged bearing rings at every turn, softly beside the hum of the machine. Nine faults in ten
are to be found: ``sensitivity=0.9`` chooses the threshold for that from machines left out, and
the model says what it expects.

The machines are made up, each with a speed, a hum and a resonance of its own. With recordings:
``msssm-ts fit FOLDER --sensitivity 0.9``, see :doc:`/docs/after-training`.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter

from msssm_ts import MSSSMClassifier
from msssm_ts.preparation import Preparation

RATE = 8000
rng = np.random.default_rng(0)


def machine():
    """Return turns a second, loudness of harmonics, and the hertz that its bearing rings at."""
    return rng.uniform(20, 40), rng.uniform(0.1, 1, 6), rng.uniform(1500, 3000)


def recording(turns, harmonics, ringing, faulty):
    """Return a second of sound."""
    t = np.arange(RATE) / RATE
    turns = turns * rng.normal(1, 0.01)
    hum = [a * np.sin(2 * np.pi * turns * k * t) for k, a in enumerate(harmonics, 1)]
    sound = 0.1 * sum(hum) + rng.normal(0, 0.05, RATE)
    if faulty:
        hits = np.diff(np.floor(3.6 * turns * t + rng.uniform()), prepend=0)
        poles = 0.985 * np.exp(2j * np.pi * ringing / RATE * np.array([1, -1]))
        sound += rng.uniform(0.01, 0.08) * lfilter([1], np.poly(poles).real, hits)
    return sound


def park(n_machines):
    """Return twelve recordings of each machine, half of them faulty, and which machine it is."""
    machines = [machine() for _ in range(n_machines)]
    rows = [(m, i % 2 == 1) for m in range(n_machines) for i in range(12)]
    sounds = np.stack([recording(*machines[m], faulty) for m, faulty in rows])
    return sounds, np.array(["fault" if f else "fine" for _, f in rows]), [m for m, _ in rows]


# %%
# Twenty machines to learn from, twenty others to listen to.

X, y, which = park(20)
X_new, y_new, _ = park(20)

model = MSSSMClassifier(
    "fast",
    preparation=Preparation(features="logmel"),
    sensitivity=0.9,
    pos_label="fault",
    random_state=0,
)
model.fit(X, y, groups=which, sampling_rate=RATE)

# %%
# What is right of the line is called a fault, although most of what is just right of it is less
# than half probable.

proba = model.predict_proba(X_new)[:, list(model.classes_).index("fault")]
threshold = model.model_.labels.decision.threshold
figure, axes = plt.subplots(figsize=(6, 2.8), layout="constrained")
bins = np.linspace(0, 1, 41)
axes.hist(proba[y_new == "fine"], bins, alpha=0.7, label="fine", color="tab:blue")
axes.hist(proba[y_new == "fault"], bins, alpha=0.7, label="fault", color="tab:red")
axes.axvline(threshold, color="black", linestyle="--", label=f"a fault from {threshold:.2f} on")
axes.set(xlabel="probability of a fault", ylabel="recordings of new machines")
axes.legend(loc="upper center")
plt.show()

# %%
said = model.predict(X_new)
found = np.mean(said[y_new == "fault"] == "fault")
spared = np.mean(said[y_new == "fine"] == "fine")
print(f"faults found: {found:.3f}; fine recordings left in peace: {spared:.3f}")
assert found > 0.85
assert spared > 0.7
