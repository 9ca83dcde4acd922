"""Findings, the records that speak for each, and what people judged of them."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

TABLES = """
CREATE TABLE supervision_finding (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    detector text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    company integer NOT NULL,
    party integer,
    site integer,
    opened_at timestamptz NOT NULL,
    gone_at timestamptz,
    judgement text CHECK (judgement IN ('confirmed', 'false_positive')),
    judged_at timestamptz,
    note text NOT NULL DEFAULT '',
    UNIQUE (detector, key)
);
CREATE INDEX supervision_finding_of_company ON supervision_finding (company, number);
COMMENT ON TABLE supervision_finding IS 'What a detector found; similar evidence merges under one key. gone_at: no record '
    'speaks for it any more. judgement false_positive is what the counter of the detector counts.';

CREATE TABLE supervision_evidence (
    finding bigint NOT NULL REFERENCES supervision_finding,
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    record uuid NOT NULL,
    PRIMARY KEY (finding, lot, serial, record)
);
COMMENT ON TABLE supervision_evidence IS 'The records that speak for a finding now, each under one of its objects.';
"""


class Migration(migrations.Migration):
    """Everything that findings need."""

    dependencies = [("supervision", "0001_initial")]
    operations = [
        migrations.RunSQL(TABLES),
        migrations.RunSQL(grant_app("supervision_finding", verbs="UPDATE")),
        migrations.RunSQL(grant_app("supervision_evidence", verbs="DELETE")),
    ]
