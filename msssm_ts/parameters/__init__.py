"""The one table of the classifier's parameters."""

from msssm_ts.parameters.table import Parameters, check_parameters, redefined, specs

__all__ = ["Parameters", "check_parameters", "redefined", "specs"]
