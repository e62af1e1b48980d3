"""
A keyword in running sound
==========================

A classifier of single words listens to a sound in which words follow one another: it is asked
of one window after the other, and the probability of the keyword rises where the keyword is.

The words are made up, buzzes through two moving resonances as vowels are, by speakers of
different pitch, speed and length of throat. With recordings it is ``msssm-ts fit FOLDER``: see
:doc:`/docs/speech`.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter

from msssm_ts import MSSSMClassifier
from msssm_ts.preparation import Preparation

RATE, NOISE = 8000, 0.02
rng = np.random.default_rng(0)
# Two resonances in hertz, at the beginning and at the end.
WORDS = {
    "aye": ((750, 1200), (350, 2200)),
    "yeah": ((350, 2200), (750, 1200)),
    "oh": ((550, 900), (350, 750)),
    "ease": ((300, 2300), (280, 2200)),
}


def speaker():
    """Return pitch in hertz, how short the throat is, and how fast is spoken."""
    return rng.uniform(90, 220), rng.uniform(0.85, 1.2), rng.uniform(0.8, 1.25)


def say(word, pitch, throat, speed):
    """Return one word of half a second or so."""
    n = int(RATE * 0.45 / speed * rng.uniform(0.9, 1.1))
    tone = pitch * np.linspace(1.1, 0.85, n) * rng.normal(1, 0.03)
    sound = np.diff(np.floor(np.cumsum(tone) / RATE), prepend=0) + NOISE * rng.normal(size=n)
    frames = np.array_split(np.arange(n), 24)
    for start, end in zip(*WORDS[word], strict=True):
        place, state = np.linspace(start, end, 24) * throat * rng.normal(1, 0.03), np.zeros(2)
        for frame, hertz in zip(frames, place, strict=True):
            poles = 0.97 * np.exp(2j * np.pi * hertz / RATE * np.array([1, -1]))
            sound[frame], state = lfilter([1], np.poly(poles).real, sound[frame], zi=state)
    sound *= np.hanning(n) ** 0.3
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def heard(word, voice):
    """Return a second of noise with a word somewhere in it."""
    second, sound = NOISE * rng.normal(size=RATE), say(word, *voice)
    at = rng.integers(0, RATE - len(sound))
    second[at : at + len(sound)] += sound
    return second


# %%
# Sixteen speakers, each word three times; a class of its own for what is no word.

X, y, who = [], [], []
for name in range(16):
    voice = speaker()
    for word in (*WORDS, "(none)"):
        for _ in range(3):
            X.append(NOISE * rng.normal(size=RATE) if word == "(none)" else heard(word, voice))
            y.append(word)
            who.append(name)

model = MSSSMClassifier("fast", preparation=Preparation(features="logmel"), random_state=0)
model.fit(np.array(X), y, groups=who, sampling_rate=RATE)

# %%
# Ten seconds of a speaker who is new: a word about every second. The windows of a second follow
# one another every tenth of one.

voice = speaker()
spoken = ["oh", "aye", "ease", "yeah", "aye", "oh", "yeah", "aye", "ease"]
sound = NOISE * rng.normal(size=10 * RATE)
places = []
for i, word in enumerate(spoken):
    said = say(word, *voice)
    at = int((0.4 + i * 1.05) * RATE)
    sound[at : at + len(said)] += said
    places.append((at + len(said) / 2) / RATE)

starts = np.arange(0, 9 * RATE + 1, RATE // 10)
windows = np.stack([sound[s : s + RATE] for s in starts])
proba = model.predict_proba(windows)[:, list(model.classes_).index("aye")]
middle = starts / RATE + 0.5

figure, (above, below) = plt.subplots(2, sharex=True, figsize=(6, 3.6), layout="constrained")
above.plot(np.arange(len(sound)) / RATE, sound, linewidth=0.3, color="black")
for place, word in zip(places, spoken, strict=True):
    above.text(place, 0.42, word, ha="center", color="tab:red" if word == "aye" else "tab:gray")
above.set(ylim=(-0.4, 0.55), yticks=[], title="What is said, and how probable 'aye' is")
below.fill_between(middle, proba, color="tab:red", alpha=0.6)
below.set(xlabel="seconds", ylabel="P(aye)", ylim=(0, 1))
plt.show()

# %%
nearest = np.array([proba[np.abs(middle - place) < 0.16].mean() for place in places])
keyword = np.array(spoken) == "aye"
print(f"probability of 'aye' where it is said: at least {nearest[keyword].min():.2f}")
print(f"where something else is said: at most {nearest[~keyword].max():.2f}")
assert nearest[keyword].min() > nearest[~keyword].max() + 0.1
