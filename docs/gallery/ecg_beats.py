"""
Heart beats of patients not seen before
=======================================

An early beat from the atria looks like any other: what tells it is *when* it comes. So the
intervals before and after each beat are given beside its window, and patients are the groups:
none is on both sides of the validation split, and those of the test are not in the training at
all.

The hearts are made up, each with a rhythm and a shape of its own. With real records all of this
is one command, ``msssm-ts fit FOLDER``: see :doc:`/docs/beats`.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import f1_score

from msssm_ts import MSSSMClassifier

RATE, BEATS = 125, 60
rng = np.random.default_rng(0)


def wave(t, centre, width, height):
    return height * np.exp(-0.5 * ((t - centre) / width) ** 2)


def record():
    """Return a lead of one heart in mV, the steps of its beats, and their classes."""
    kinds = rng.choice(["N", "S", "V"], BEATS, p=[0.7, 0.15, 0.15])
    usual = rng.uniform(0.65, 1.0)
    intervals = usual * rng.normal(1, 0.05, BEATS)
    early = np.flatnonzero(kinds != "N")
    intervals[early] *= rng.uniform(0.6, 0.8, len(early))
    intervals[early[early < BEATS - 1] + 1] *= 1.2
    times = 1 + np.cumsum(intervals)
    height, width, p_wave, t_wave = rng.uniform([0.8, 0.012, 0.08, 0.15], [1.6, 0.02, 0.2, 0.4])
    seconds = np.arange(int((times[-1] + 1) * RATE)) / RATE
    signal = 0.15 * np.sin(2 * np.pi * 0.25 * seconds) + rng.normal(0, 0.04, len(seconds))
    for time, kind in zip(times, kinds, strict=True):
        t = seconds - time
        if kind == "V":
            signal += wave(t, 0, 3 * width, 1.3 * height) - wave(t, 0.25, 0.06, t_wave)
        else:
            signal += wave(t, 0, width, height) - wave(t, 0.035, width, 0.3 * height)
            signal += wave(t, -0.16, 0.025, p_wave) + wave(t, 0.27, 0.05, t_wave)
    return signal, np.round(times * RATE).astype(int), kinds


def beats(signal, steps):
    """Return the window and the intervals of every beat that has a neighbour on both sides."""
    windows = np.stack([signal[s - 35 : s + 54] for s in steps[1:-1]])
    before, after = np.diff(steps)[:-1], np.diff(steps)[1:]
    usual = np.median(np.diff(steps))
    return windows, {"before": before / usual, "after": after / usual}


# %%
# Twelve patients to learn from, six to answer. Once by the windows alone, once with the intervals
# beside them.

patients = [record() for _ in range(18)]
cut = [beats(signal, steps) for signal, steps, _ in patients]
labels = [kinds[1:-1] for *_, kinds in patients]


def together(part):
    """Return windows, intervals, labels and patients of some patients as arrays."""
    windows = np.concatenate([cut[i][0] for i in part])
    table = {name: np.concatenate([cut[i][1][name] for i in part]) for name in ("before", "after")}
    return windows, table, np.concatenate([labels[i] for i in part]), np.repeat(part, BEATS - 2)


X, table, y, who = together(range(12))
X_new, table_new, y_new, _ = together(range(12, 18))

alone = MSSSMClassifier("fast", random_state=0).fit(X, y, groups=who)
model = MSSSMClassifier("fast", random_state=0).fit(X, y, groups=who, features=table)

f1_alone = f1_score(y_new, alone.predict(X_new), average="macro")
f1 = f1_score(y_new, model.predict(X_new, features=table_new), average="macro")

# %%
# Twelve seconds of a heart that the model has not seen: above each beat what it says.

signal, steps, kinds = patients[12]
said = model.predict(cut[12][0], features=cut[12][1])
colours = {"N": "tab:gray", "S": "tab:blue", "V": "tab:red"}
figure, axes = plt.subplots(figsize=(6, 2.8), layout="constrained")
shown = slice(10 * RATE, 22 * RATE)
axes.plot(np.arange(len(signal))[shown] / RATE, signal[shown], color="black", linewidth=0.9)
for step, answer, truth in zip(steps[1:-1], said, kinds[1:-1], strict=True):
    if shown.start + 30 < step < shown.stop - 30:
        wrong = "" if answer == truth else f"\n(is {truth})"
        axes.text(step / RATE, 2.6, answer + wrong, color=colours[answer], ha="center", va="center")
axes.set(
    xlabel="seconds", ylabel="mV", ylim=(None, 2.9), title="N as usual, S early, V from a ventricle"
)
plt.show()

# %%
print(
    f"macro F1 over six new patients: {f1_alone:.3f} by windows alone, {f1:.3f} with the intervals"
)
assert f1 > 0.9
assert f1 > f1_alone + 0.05
