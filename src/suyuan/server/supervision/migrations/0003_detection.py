"""What detectors need beside their findings: whom each record concerns, figures, judgements that stay, indexes."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

TABLES = """
ALTER TABLE supervision_finding ALTER COLUMN company DROP NOT NULL;
ALTER TABLE supervision_finding ADD COLUMN division text COLLATE "C", ADD COLUMN figures jsonb;
COMMENT ON COLUMN supervision_finding.division IS 'The division of findings about a place, which concern no single company.';
COMMENT ON COLUMN supervision_finding.figures IS 'What was counted or weighed, with units in the names; null where the '
    'records say everything.';
CREATE INDEX supervision_finding_of_party ON supervision_finding (party, number) WHERE party IS NOT NULL;

ALTER TABLE supervision_evidence ADD COLUMN company integer, ADD COLUMN party integer, ADD COLUMN site integer;
UPDATE supervision_evidence v SET company = n.company, party = n.party, site = n.site
  FROM supervision_finding n WHERE n.number = v.finding;
CREATE INDEX supervision_evidence_of_object ON supervision_evidence (lot, serial);

CREATE TABLE supervision_judgement (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finding bigint NOT NULL REFERENCES supervision_finding,
    judgement text NOT NULL CHECK (judgement IN ('confirmed', 'false_positive')),
    note text NOT NULL,
    judged_by text NOT NULL,
    judged_at timestamptz NOT NULL
);
CREATE INDEX supervision_judgement_of ON supervision_judgement (finding, number);
COMMENT ON TABLE supervision_judgement IS 'Every judgement of a finding, who and when; only added to. The latest one also '
    'stands with the finding, where it is counted.';
"""

# What a detector asks for one company, or one site, when records of it arrive.
INDEXES = """
CREATE INDEX supervision_treatments ON ledger_event (reporter) WHERE kind = 27 AND slot = 0;
CREATE INDEX supervision_arrivals ON ledger_event (site) WHERE kind IN (18, 21) AND slot = 0 AND site IS NOT NULL;
"""


class Migration(migrations.Migration):
    """What detectors need beside their findings."""

    dependencies = [("supervision", "0002_findings")]
    operations = [
        migrations.RunSQL(TABLES),
        migrations.RunSQL(INDEXES),
        migrations.RunSQL(grant_app("supervision_evidence")),
    ]
