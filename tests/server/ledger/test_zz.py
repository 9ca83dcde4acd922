import collections, traceback
from hypothesis import Phase, seed
import os
from tests.server.ledger.test_amend_histories import *
from tests.server.ledger.test_amend_histories import _acts
C=collections.Counter(); bad=[]
def go(connection, acts):
    with connection.transaction(force_rollback=True):
        stage = Stage(Book(connection))
        orig_c, orig_w = stage.book.correct, services.withdraw
        for act in acts:
            if isinstance(act, Report): stage.report(act)
            elif isinstance(act, Withdrawal): 
                n=len(stage.memory.withdrawn); stage.withdraw(act); C['withdrawn' if len(stage.memory.withdrawn)>n else 'not withdrawn']+=1
            else:
                n=len(stage.memory.records); stage.correct(act); C['corrected' if len(stage.memory.records)>n else 'not corrected']+=1
        same_folds(stage.book, stage.memory)
        with connection.cursor() as run: report = services.rebuild(run, check=True)
        assert report.clean, report
        C['withdrawn corrections']+=sum(1 for w in stage.memory.withdrawn if stage.memory.records[w].corrects)
        C['spans']+=len(stage.book.spans()); C['rec']+=len(stage.memory.records)
def fails(connection, acts):
    try: go(connection, acts)
    except Exception as e: return traceback.format_exc()[-1800:]
@seed(int(os.environ.get("SEED","1")))
@given(st.lists(_acts, min_size=6, max_size=30))
@settings(max_examples=500, phases=[Phase.generate], derandomize=False)
def test_x(connection, acts):
    m=fails(connection, acts)
    if m and len(bad)<3:
        i=0
        while i<len(acts):
            less=acts[:i]+acts[i+1:]
            if fails(connection, less): acts=less
            else: i+=1
        bad.append(acts); print('------', fails(connection, acts))
        for a in acts: print(a)
def test_z():
    print(C); assert not bad
