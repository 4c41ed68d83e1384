"""Archives in, a run out: reading, duplicates, the ledger, the engines."""
