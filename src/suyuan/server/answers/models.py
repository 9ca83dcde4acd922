"""The room's tables are plain SQL in its migrations (see `apps`)."""
