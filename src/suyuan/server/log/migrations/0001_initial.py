"""The log's tables: shards, entries in their order, the inner leaves by record, and incidents."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

TABLES = """
CREATE TABLE log_shard (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text COLLATE "C" NOT NULL UNIQUE,
    province text COLLATE "C" NOT NULL CHECK (province ~ '^[1-9][0-9]0000$'),
    year smallint NOT NULL,
    follows integer REFERENCES log_shard,
    secret bytea NOT NULL,
    begun_at timestamptz NOT NULL,
    UNIQUE (province, year)
);
COMMENT ON TABLE log_shard IS 'One log: a province in a year.';
COMMENT ON COLUMN log_shard.secret IS 'From it the pseudonyms of submitters derive; another in the next shard.';

CREATE TABLE log_entry (
    shard integer NOT NULL REFERENCES log_shard,
    index bigint NOT NULL,
    submission bigint UNIQUE,
    leaf bytea NOT NULL,
    secret bytea,
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (shard, index)
);
ALTER TABLE log_entry ALTER COLUMN leaf SET STORAGE EXTERNAL;
COMMENT ON TABLE log_entry IS 'The order of a log, decided here once; its tiles follow. Without a submission: the last '
    'checkpoint of the shard before, as entry 0.';
COMMENT ON COLUMN log_entry.secret IS 'From it the salts of the records derive; the submitter has it, too.';

CREATE TABLE log_record (
    submission bigint PRIMARY KEY,
    ids bytea NOT NULL,
    leaves bytea NOT NULL,
    level_1 bytea NOT NULL,
    level_2 bytea NOT NULL
);
ALTER TABLE log_record ALTER COLUMN ids SET STORAGE EXTERNAL;
ALTER TABLE log_record ALTER COLUMN leaves SET STORAGE EXTERNAL;
ALTER TABLE log_record ALTER COLUMN level_1 SET STORAGE EXTERNAL;
COMMENT ON TABLE log_record IS 'Ids (16 bytes each) and salted leaf hashes (32 bytes each) of the records of a '
    'submission, in the order of its inner tree; the root in the leaf vouches for them. level_1 and level_2 have the '
    'hashes of each 256 and each 65,536 of them, as tiles do.';

CREATE TABLE log_incident (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text NOT NULL,
    kind text NOT NULL,
    data jsonb NOT NULL,
    evidence text[] NOT NULL DEFAULT '{}',
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE UNIQUE INDEX log_incident_open ON log_incident (origin, kind) WHERE closed_at IS NULL;
COMMENT ON TABLE log_incident IS 'What went wrong with a log: no quorum of witnesses, files that differ, a split view.';
"""


class Migration(migrations.Migration):
    """Everything the log needs in the database."""

    initial = True
    dependencies = [("ledger", "0002_outbox"), ("registry", "__first__")]
    operations = [
        migrations.RunSQL(TABLES),
        migrations.RunSQL(grant_app("log_incident", verbs="UPDATE (data, evidence, closed_at)")),
    ]
