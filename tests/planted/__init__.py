"""Bugs that ``tests/plant_bugs.py`` plants: a table for some rooms of the house each.

Of every file: name, what stands there once, what stands there with the bug, and the tests that fail
then, as arguments of pytest (files, node ids, ``-k …``).
"""
