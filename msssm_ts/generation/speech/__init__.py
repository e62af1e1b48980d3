"""Spoken words that are made up: what they consist of, who says them, what is heard of it."""

from msssm_ts.generation.speech.clip import Clip, draw_clips
from msssm_ts.generation.speech.words import Word, draw_word, draw_words

__all__ = ["Clip", "Word", "draw_clips", "draw_word", "draw_words"]
