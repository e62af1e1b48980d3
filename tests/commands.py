"""The command line, run in this process: importing heavy libraries anew takes seconds."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from unittest import mock

import pytest

from msssm_ts.cli.app import main


def run(*arguments: str | Path, code: int = 0) -> tuple[str, str]:
    """Run msssm-ts; return stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["msssm-ts", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as caught,
    ):
        main()
    assert (caught.value.code or 0) == code, err.getvalue()
    return out.getvalue(), err.getvalue()
