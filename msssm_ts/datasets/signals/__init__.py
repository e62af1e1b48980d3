"""What recordings of named signals share, ECG, EEG and the like: leads, units, clocks, pieces."""
