"""Reads of hand-overs, of acts beside the battery, and of what a scanned code is to whom; each takes a Scope."""
