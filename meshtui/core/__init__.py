"""Values and rules of the workbench. No I/O, no clock, no randomness: they are passed in."""
