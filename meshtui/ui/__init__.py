"""The face of the workbench: the only part that knows Textual. It reaches wire and disk through the session."""

import os

# How soon after one repaint the next may come; Textual reads it when it is imported. With its own 60 a key that
# is pressed while an answer streams can wait for two frames. Nothing is drawn more often: drawing follows change.
os.environ.setdefault("TEXTUAL_FPS", "120")
