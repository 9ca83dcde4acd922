"""No ORM models: the tables of this room are plain SQL in its migrations (see the ledger)."""
