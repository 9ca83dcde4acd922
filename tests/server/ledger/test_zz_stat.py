import psycopg, collections
from hypothesis import given, settings
from tests.server.conftest import *
from tests.server.ledger.test_folds import *
C=collections.Counter()
@given(histories(40))
@settings(max_examples=300)
def test_x(connection, reports):
    with connection.transaction(force_rollback=True):
        book, memory = Book(connection), Ledger()
        play(book, memory, reports)
        same_folds(book, memory); same_past(book, memory)
        C['reports']+=len(reports); C['rec']+=len(memory.records); C['spans']+=sum(map(len,book.spans().values())); C['states']+=len(book.states()); C['find']+=book.query('select count(*) from ledger_finding')[0][0]
        C.update(r.kind.name for r in memory.records.values())
def test_z(): print(C); assert 0
