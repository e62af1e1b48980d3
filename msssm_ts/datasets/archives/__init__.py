"""Files of the archives of time series, and the sets that come along."""
