"""Test records of batteries, models of cell types, and lots with their cells."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

TESTS = """
CREATE TABLE laboratory_test (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    company integer NOT NULL,
    site integer,
    key integer,
    digest character varying(64) NOT NULL REFERENCES submissions_received (digest),
    name text NOT NULL,
    wishes jsonb NOT NULL,
    attached_at timestamptz NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('received', 'working', 'read', 'refused', 'failed')),
    started_at timestamptz,
    finished_at timestamptz,
    tested_at timestamptz,
    result jsonb,
    failure jsonb,
    submission bigint
);
CREATE UNIQUE INDEX laboratory_test_once ON laboratory_test (company, lot, serial, digest, md5(wishes::text));
CREATE INDEX laboratory_test_of_battery ON laboratory_test (lot, serial, number);
CREATE INDEX laboratory_test_unfinished ON laboratory_test (number) WHERE state IN ('received', 'working');
COMMENT ON TABLE laboratory_test IS 'A file of a tester attached to a battery: whose, when, by which key. The bytes stand under '
    'their SHA-256 where submissions keep theirs. result is what was read from them, and can be read again at any '
    'time; what it means for the life of the battery is the record "assessed" of submission, and nothing else.';
COMMENT ON COLUMN laboratory_test.wishes IS 'What was said when it was attached: protocol, plate, instrument, operator, time.';
"""

LOTS = """
CREATE TABLE laboratory_model (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL,
    key integer,
    digest character varying(64) NOT NULL REFERENCES submissions_received (digest),
    name text NOT NULL,
    cell_type text NOT NULL,
    nominal_ah double precision NOT NULL,
    added_at timestamptz NOT NULL,
    UNIQUE (company, digest)
);
COMMENT ON TABLE laboratory_model IS 'Trained models of cell types, as `suyuan assess train` writes them; each company has its own.';

CREATE TABLE laboratory_lot (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL,
    site integer,
    key integer,
    digest character varying(64) NOT NULL REFERENCES submissions_received (digest),
    model bigint NOT NULL REFERENCES laboratory_model (number),
    name text NOT NULL,
    wishes jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('received', 'working', 'done', 'cancelled', 'refused', 'failed')),
    step text NOT NULL DEFAULT '',
    cells integer NOT NULL DEFAULT 0,
    done integer NOT NULL DEFAULT 0,
    started_at timestamptz,
    finished_at timestamptz,
    cancelled_at timestamptz,
    cancelled_by integer,
    table_read jsonb,
    summary jsonb,
    failure jsonb
);
CREATE INDEX laboratory_lot_of_company ON laboratory_lot (company, number);
CREATE INDEX laboratory_lot_unfinished ON laboratory_lot (number) WHERE state IN ('received', 'working');
COMMENT ON COLUMN laboratory_lot.table_read IS 'What the model said of every row, kept while the lot is worked on so that a crash does '
    'not ask it again; empty afterwards.';
COMMENT ON COLUMN laboratory_lot.cancelled_by IS 'The API key that cancelled it.';

CREATE TABLE laboratory_cell (
    job bigint NOT NULL REFERENCES laboratory_lot (number),
    place integer NOT NULL,
    object text NOT NULL,
    lot text COLLATE "C",
    serial integer,
    verdict text COLLATE "C" NOT NULL,
    grade text NOT NULL,
    route text COLLATE "C" NOT NULL,
    soh double precision,
    low double precision,
    high double precision,
    refusal text,
    body jsonb NOT NULL,
    PRIMARY KEY (job, place)
);
CREATE INDEX laboratory_cell_of_battery ON laboratory_cell (lot, serial) WHERE lot IS NOT NULL;
COMMENT ON TABLE laboratory_cell IS 'A cell of an assessed lot: grade, interval, route, reasons, measurements and rule versions. '
    'lot and serial are set where its name is a code that the ledger knows.';
"""


class Migration(migrations.Migration):
    """Everything of the laboratory."""

    initial = True
    dependencies = [("ledger", "0002_outbox"), ("submissions", "0001_initial")]
    operations = [
        migrations.RunSQL(TESTS),
        migrations.RunSQL(LOTS),
        migrations.RunSQL(
            grant_app(
                "laboratory_test",
                verbs="UPDATE (state, started_at, finished_at, tested_at, result, failure, submission)",
            )
        ),
        migrations.RunSQL(
            grant_app(
                "laboratory_lot",
                verbs="UPDATE (state, step, cells, done, started_at, finished_at, cancelled_at, cancelled_by, table_read, "
                "summary, failure)",
            )
        ),
    ]
