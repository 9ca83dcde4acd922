"""API keys: who is asking, for which company or authority, and what the key permits."""
