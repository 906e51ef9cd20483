"""JSON as text: read and written with places, read while it arrives, and repaired."""
