"""Being told to stop by a scheduler or a closing terminal is like Ctrl-C: what is done is kept."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType


def stop_like_ctrl_c() -> None:
    """Raise ``KeyboardInterrupt`` on SIGTERM and SIGHUP, unless they are ignored (``nohup``)."""
    if threading.current_thread() is not threading.main_thread():
        return
    ours = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() != ours:
            # A worker that inherited this: it has nothing to keep.
            os._exit(128 + number)
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, stop)
