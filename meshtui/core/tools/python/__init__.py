"""Tools out of Python source, read by its syntax tree and never run."""
