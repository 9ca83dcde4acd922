"""Papers: what is logged by its digest alone, such as the steps and attachments of a case."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

TABLES = """
CREATE TABLE log_paper (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seat text COLLATE "C" NOT NULL CHECK (seat ~ '^([1-9][0-9]0000)?$'),
    subject text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    received_at timestamptz NOT NULL,
    secret bytea NOT NULL CHECK (length(secret) = 32)
);
COMMENT ON TABLE log_paper IS 'Papers with a place in a log, or waiting for one: digest is the SHA-256 of the bytes, which '
    'their own room keeps. Only added to.';
COMMENT ON COLUMN log_paper.seat IS 'Province whose log takes it; empty for that of the installation.';
COMMENT ON COLUMN log_paper.subject IS 'What it belongs to; the log shows a pseudonym made from it.';

CREATE TABLE log_paper_waiting (
    paper bigint PRIMARY KEY REFERENCES log_paper
);
COMMENT ON TABLE log_paper_waiting IS 'Papers that have no place yet; written in the transaction that keeps the paper.';

ALTER TABLE log_entry ADD COLUMN paper bigint UNIQUE REFERENCES log_paper;
ALTER TABLE log_entry ADD CONSTRAINT log_entry_of_one CHECK (submission IS NULL OR paper IS NULL);
"""


class Migration(migrations.Migration):
    """A second kind of thing that gets a place."""

    dependencies = [("log", "0001_initial")]
    operations = [migrations.RunSQL(TABLES), migrations.RunSQL(grant_app("log_paper_waiting", verbs="DELETE"))]
