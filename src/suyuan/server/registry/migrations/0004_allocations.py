"""Codes given out and labels printed."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

TABLES = """
CREATE TABLE registry_code_sequence (
    lot text COLLATE "C" PRIMARY KEY,
    next integer NOT NULL DEFAULT 1 CHECK (next BETWEEN 1 AND 10000000)
);
COMMENT ON TABLE registry_code_sequence IS 'The next free serial of a lot (prefix and day); whoever gives codes out locks its row.';

CREATE TABLE registry_allocation (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lot text COLLATE "C" NOT NULL REFERENCES registry_code_sequence,
    first integer NOT NULL,
    last integer NOT NULL,
    before integer GENERATED ALWAYS AS (nullif(first - 1, 0)) STORED,
    company integer NOT NULL REFERENCES registry_company (number),
    prefix text COLLATE "C" NOT NULL,
    produced_on date NOT NULL,
    suffix text,
    given boolean NOT NULL,
    actor text NOT NULL,
    request text,
    asked_at timestamptz NOT NULL,
    CHECK (first BETWEEN 1 AND last AND last <= 9999999),
    UNIQUE (lot, first),
    UNIQUE (lot, last),
    UNIQUE (company, request),
    FOREIGN KEY (lot, before) REFERENCES registry_allocation (lot, last)
);
CREATE INDEX registry_allocation_of_company ON registry_allocation (company, number) WHERE given;
COMMENT ON TABLE registry_allocation IS 'Serials of a lot in batches that follow each other without a gap: each begins behind the '
    'end of another one (before). given: false for serials that were passed over because the ledger had some of them already.';

CREATE TABLE registry_print_job (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL REFERENCES registry_company (number),
    lot text COLLATE "C" NOT NULL,
    first integer NOT NULL,
    last integer NOT NULL CHECK (last >= first),
    kind text NOT NULL CHECK (kind IN ('first', 'reprint', 'test')),
    reason text CHECK ((kind = 'reprint') = (reason IS NOT NULL)),
    note text NOT NULL,
    design text NOT NULL,
    form text NOT NULL,
    address text NOT NULL,
    symbols integer NOT NULL,
    sha256 bytea NOT NULL,
    actor text NOT NULL,
    printed_at timestamptz NOT NULL
);
CREATE INDEX registry_print_job_of_company ON registry_print_job (company, number);
CREATE INDEX registry_print_job_of_lot ON registry_print_job (lot, number);
COMMENT ON TABLE registry_print_job IS 'Labels released for printing: symbols is how many were decoded, sha256 of the file. '
    'A serial of 0 stands for a code that is its own lot.';
"""


class Migration(migrations.Migration):
    """Codes given out and labels printed. Nothing of it is changed or deleted but the next serial of a lot."""

    dependencies = [("registry", "0003_outlets")]
    operations = [
        migrations.RunSQL(TABLES),
        migrations.RunSQL(grant_app("registry_code_sequence", verbs="UPDATE")),
    ]
