"""No ORM models: the ledger's tables have composite keys and are written by COPY (see the migrations)."""
