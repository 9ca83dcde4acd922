"""Events: the vocabulary of a battery's life, its checks, admission to the ledger, and what follows (pure)."""
