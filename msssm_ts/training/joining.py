"""How the processes that ``torchrun`` starts find one another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta

import torch

from msssm_ts.errors import InputError, ProcessLostError
from msssm_ts.model.device import resolve_device
from msssm_ts.training.processes import ALONE, Processes, being

# What torchrun tells each process.
_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
# Seconds that all have to come.
JOINING = 120.0
# One may wait so long for what another computes, or writes.
_ANSWERING = timedelta(minutes=30)
# The first waits so many seconds at the end for the others, who may ask it for the end.
_LEAVING = 5.0


def n_started(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many processes this is one of, as ``torchrun`` says it in the environment.

    Raises
    ------
    InputError
        If the environment says it in part only, or wrongly.

    Examples
    --------
    >>> n_started({}), n_started(
    ...     {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}
    ... )
    (1, 2)
    """
    if "RANK" not in environment or "WORLD_SIZE" not in environment:
        return 1
    said = ", ".join(f"{name}={environment.get(name, '')}" for name in _VARIABLES)
    try:
        rank, count = int(environment["RANK"]), int(environment["WORLD_SIZE"])
    except ValueError as error:
        raise InputError(f"{said}: must be whole numbers; start with torchrun") from error
    if count == 1:
        return 1
    if not 0 <= rank < count or any(not environment.get(name) for name in _VARIABLES):
        raise InputError(f"{said}: do not say where the processes meet; start with torchrun")
    return count


@contextmanager
def joined(device: str, seconds: float = JOINING) -> Iterator[Processes]:
    """Be one of the processes that ``torchrun`` has started, as long as the ``with`` lasts.

    On a GPU each has the card of its number on its machine.

    Parameters
    ----------
    device : str
        That networks are trained on.
    seconds : float
        That all have to come.

    Raises
    ------
    InputError
        If they cannot work together so.
    ProcessLostError
        If not all have come in time.
    """
    count = n_started()
    if count == 1:
        yield ALONE
        return
    from torch import distributed
    from torch.distributed.rendezvous import rendezvous

    if not distributed.is_available():
        raise InputError("this PyTorch has no torch.distributed: start one process, not several")
    backend = _backend(device)
    limit = timedelta(seconds=seconds)
    here = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    try:
        store, rank, count = next(iter(rendezvous("env://", timeout=limit)))
        store.set(f"here{rank}", "")
        store.wait([f"here{other}" for other in range(count)], limit)
        distributed.init_process_group(
            backend, store=store, rank=rank, world_size=count, timeout=_ANSWERING
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ProcessLostError(
            f"the {count} processes have not met at {here} within {seconds:.0f} s: start all of "
            "them, with the same MASTER_ADDR and MASTER_PORT, where they reach one another"
        ) from error
    processes = Processes(rank, count, store)
    try:
        with being(processes):
            yield processes
    finally:
        if processes.is_first:
            processes.say_over(_LEAVING)
        else:
            processes.leave()
        # Whoever has lost another has lost its group, too.
        with suppress(RuntimeError):
            distributed.destroy_process_group()


def _backend(device: str) -> str:
    """Return what carries sums on a device, whose card is chosen on the way."""
    kind, _, number = device.partition(":")
    local = int(os.environ.get("LOCAL_RANK", 0))
    n_cards = torch.cuda.device_count()
    if number:
        raise InputError(f"--device {device} with several processes: each has its own; say {kind}")
    if kind in ("auto", "cuda") and n_cards:
        if local >= n_cards:
            raise InputError(
                f"process {local} of this machine, which has {n_cards} CUDA cards: start no more "
                "processes than cards, or give --device cpu"
            )
        torch.cuda.set_device(local)
    where = resolve_device(device)
    if where == "cpu":
        return "gloo"
    if where == "cuda":
        # Decisions and answers travel from CPU to CPU.
        return "cpu:gloo,cuda:nccl"
    raise InputError(f"--device {device} with several processes: give cpu or cuda")
