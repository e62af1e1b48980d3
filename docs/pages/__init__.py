"""What ``docs/build.py`` writes: a module for each kind of page."""
