"""ECGs and other waveforms in DICOM files."""
