"""Tools as values: their shapes, files, checks and fixes, and what answers their calls."""
