"""The one table of the classifier's parameters: ``table.py``, with a file for each large group."""

from msssm_ts.parameters.table import Parameters, check_parameters, redefined, specs

__all__ = ["Parameters", "check_parameters", "redefined", "specs"]
