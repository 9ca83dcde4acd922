from hypothesis import given, settings, Phase
from tests.server.ledger.test_folds import *
def fails(connection, reports):
    try:
        with connection.transaction(force_rollback=True):
            book, memory = Book(connection), Ledger()
            play(book, memory, reports); same_folds(book, memory); same_past(book, memory)
    except AssertionError as e:
        return str(e)[:900]
def reduce(connection, reports):
    i=0
    while i < len(reports):
        less = reports[:i]+reports[i+1:]
        if fails(connection, less): reports = less
        else: i+=1
    return reports
seen=set()
from hypothesis import seed
import os
@seed(int(os.environ.get("SEED","1")))
@given(histories(40))
@settings(max_examples=700, phases=[Phase.generate], derandomize=False)
def test_x(connection, reports):
    m = fails(connection, reports)
    if m and len(seen)<4:
        r = reduce(connection, reports)
        key=tuple(x.kind for x in r)
        if key not in seen:
            seen.add(key)
            print('-----', fails(connection, r))
            for x in r: print(x.kind, x.reporter, x.rows)
def test_z(): assert not seen
