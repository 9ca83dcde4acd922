"""What the log has still to take: one row a submission, written in the transaction that adds its records."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

OUTBOX = """
CREATE TABLE ledger_outbox (
    submission bigint PRIMARY KEY,
    company integer NOT NULL,
    kind text NOT NULL,
    digest bytea NOT NULL,
    received_at timestamptz NOT NULL,
    secret bytea NOT NULL
);
COMMENT ON TABLE ledger_outbox IS 'Submissions whose records are in the ledger and not yet in the log. The log takes '
    'each out in the transaction that gives it its index.';
COMMENT ON COLUMN ledger_outbox.secret IS 'From it the salts of the records derive; it goes into the receipt.';
"""


class Migration(migrations.Migration):
    """The outbox."""

    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(OUTBOX), migrations.RunSQL(grant_app("ledger_outbox", verbs="DELETE"))]
