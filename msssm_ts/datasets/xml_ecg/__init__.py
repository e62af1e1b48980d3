"""ECGs as XML files: GE MUSE, Philips, and the annotated ECG of HL7."""
