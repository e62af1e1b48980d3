"""Which files pytest's doctest collection leaves alone."""

from importlib.util import find_spec

# There is no Triton for macOS and Windows; on Linux its files must import.
collect_ignore_glob = [] if find_spec("triton") else ["msssm_ts/kernels/*/triton*.py"]
