"""Which records hold: the condition that every fold, and every read of events, applies."""

VALID = """NOT EXISTS (
            SELECT FROM ledger_event v
             WHERE v.lot = e.lot AND v.serial = e.serial AND v.corrects = e.id AND NOT EXISTS (
                SELECT FROM ledger_event w
                 WHERE w.lot = v.lot AND w.serial = v.serial AND w.corrects = v.id AND w.kind = 36))"""
"""That event `e` is neither corrected nor withdrawn; withdrawing a correction restores what it corrected.

36 is the kind `withdrawal`. A test compares it with the functions of the migration.
"""
