"""What a model got right and wrong: scores, curves, mistakes, the report, runs compared."""
