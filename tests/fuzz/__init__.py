"""Fuzzers, run by hand; small sets of them run in the tests."""
