"""Series that are made up, of many kinds: to learn from before there are any, to test, to show."""

from msssm_ts.generation.process import FAMILIES, Process, draw_process
from msssm_ts.generation.task import Task, draw_task

__all__ = ["FAMILIES", "Process", "Task", "draw_process", "draw_task"]
