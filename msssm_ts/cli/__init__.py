"""The command line. Heavy libraries are imported inside the commands, not before."""
