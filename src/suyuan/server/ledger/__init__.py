"""The ledger: events that are only added, what follows from them, and the way back through a life."""
