"""ECGs as XML files: GE MUSE, and the annotated ECG of HL7."""
