"""Reads of the ledger. What a face may call takes a Scope; the rest serves the ledger's own services."""
