"""Who computes what a fit can share out: this process, or those of a Dask cluster."""

from msssm_ts.workers.asked import asked_workers
from msssm_ts.workers.workers import HERE, Here, Work, Workers

__all__ = ["HERE", "Here", "Work", "Workers", "asked_workers"]
