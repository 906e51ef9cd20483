"""Calls of tools: put together from fragments, checked against schemas, answered in rounds."""
