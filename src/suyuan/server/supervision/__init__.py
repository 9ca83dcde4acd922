"""Who owes what by when: duties kept current from the ledger, for those who watch over it."""
