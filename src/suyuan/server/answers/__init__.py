"""What the nation, a province, a city or a company asks of the ledger as a whole, from folds."""
