"""A causal network as C99: a header and a source, for devices without Python.

The source needs nothing but ``math.h``, allocates nothing, and keeps a series in a struct of its
user's: a step takes one sample of all channels. What cannot be read step by step is refused.
"""

from msssm_ts.export.c.benchmark import microseconds_a_step
from msssm_ts.export.c.compiler import NO_COMPILER, Program, compiled, find_compiler
from msssm_ts.export.c.export import checked_name, export_c, why_not_in_c
from msssm_ts.export.c.quantized import quantized
from msssm_ts.export.c.source import Source, written

__all__ = [
    "NO_COMPILER",
    "Program",
    "Source",
    "checked_name",
    "compiled",
    "export_c",
    "find_compiler",
    "microseconds_a_step",
    "quantized",
    "why_not_in_c",
    "written",
]
