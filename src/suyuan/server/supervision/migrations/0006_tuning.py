"""Limits of detectors that the nation has tuned: every change with who, when and why."""

from django.db import migrations

TABLES = """
CREATE TABLE supervision_tuning (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    detector text COLLATE "C" NOT NULL,
    limits jsonb NOT NULL,
    reason text NOT NULL,
    tuned_by text NOT NULL,
    tuned_at timestamptz NOT NULL
);
CREATE INDEX supervision_tuning_of ON supervision_tuning (detector, number);
COMMENT ON TABLE supervision_tuning IS 'Limits of detectors (findings.toml) as the nation has tuned them; the last row of a '
    'detector counts. Only added to.';
"""


class Migration(migrations.Migration):
    """What tuning needs."""

    dependencies = [("supervision", "0005_complaints")]
    operations = [migrations.RunSQL(TABLES)]
