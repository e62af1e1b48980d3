"""Learning more, and forgetting, without the series learned before."""
