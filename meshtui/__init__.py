"""A terminal workbench for the Mesh API. Imports nothing, so that every import path stays cheap."""

__version__ = "0.1.0"
