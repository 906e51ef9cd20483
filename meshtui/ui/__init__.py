"""The face of the workbench: the only part that knows Textual. It reaches wire and disk through the session."""
