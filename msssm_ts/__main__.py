"""Run the command line, with ``msssm-ts`` or ``python -m msssm_ts``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; Ctrl-C leaves exit code 130, at any moment."""
    from msssm_ts.errors import InputError

    try:
        from msssm_ts.cli.app import main as run

        run()
    except InputError as error:
        # While it is imported: plugins are, for their names are among the options' choices.
        from msssm_ts.cli.errors import BAD_INPUT, tell

        tell(str(error))
        raise SystemExit(BAD_INPUT) from None
    except KeyboardInterrupt:
        # While it is imported, or outside all commands.
        sys.stderr.write("msssm-ts: interrupted\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
