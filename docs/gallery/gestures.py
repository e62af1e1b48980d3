"""
How soon is a movement known?
=============================

Smart watches on four people who stand, walk, run and play badminton: acceleration and turning
along three axes, ten seconds at 10 Hz. A model answers as soon as it is sure, and reads no
further.

The set, BasicMotions of the UEA archive, comes along with the package.
"""

import matplotlib.pyplot as plt
import numpy as np

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import load

train, test = load("BasicMotions:train"), load("BasicMotions:test")
X, X_new = np.array(train.values), np.array(test.values)
print(train.summary())

# %%
# The surer it is to be, the longer the model reads. It has learned from whole series, and is too
# sure of their beginnings: which probability to ask for is told by data, not by the number
# itself.

model = MSSSMClassifier("fast", random_state=0).fit(X, train.labels)
asked = [0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
early = [model.predict_early(X_new, confidence) for confidence in asked]
read = np.array([e.earliness for e in early])
right = np.array([np.mean(e.labels == test.labels) for e in early])

# %%
# Left one series of each movement, as the accelerometer has it; right what is gained by waiting.

figure = plt.figure(figsize=(6, 3.6), layout="constrained")
left, curve = figure.subplots(1, 2, width_ratios=[1, 1.3])
for i, movement in enumerate(np.unique(train.labels)):
    series = X[np.flatnonzero(train.labels == movement)[0], 0]
    left.plot(np.arange(100) / 10, series / np.ptp(X[:, 0]) * 2 + i, linewidth=0.9)
left.set(yticks=range(4), yticklabels=np.unique(train.labels), xlabel="seconds")
curve.plot(read, right, marker="o")
for x, y, confidence in zip(read, right, asked, strict=True):
    curve.annotate(f"{confidence:g}", (x, y), xytext=(4, -12), textcoords="offset points")
curve.set(
    xlabel="mean part of a series that is read", ylabel="accuracy", xlim=(0, 1), ylim=(None, 1.02)
)
curve.set_title("labelled by the probability asked for", fontsize="medium")
plt.show()

# %%
whole = np.mean(model.predict(X_new) == test.labels)
print(f"asked for {asked[-1]:g}: accuracy {right[-1]:.3f} after {read[-1]:.0%} of a series")
print(f"all of it read: accuracy {whole:.3f}")
assert whole > 0.95
assert right[-1] > 0.85
assert read[-1] < 0.9
