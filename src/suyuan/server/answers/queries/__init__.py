"""What the folds answer, inside a scope."""
