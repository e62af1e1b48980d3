"""Run the command line with ``python -m msssm_ts``."""

from msssm_ts.cli.app import main

if __name__ == "__main__":
    main()
