"""The laboratory: test records attached to batteries, and lots assessed as jobs."""
