"""The transparency log: places for submissions, tiles, checkpoints, witnesses, receipts, audit."""
