"""What the public reports, and an index for the stock of outlets."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

COMPLAINTS = """
CREATE TABLE supervision_complaint (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    subject text COLLATE "C" NOT NULL CHECK (subject IN ('outlet_entry', 'outlet', 'company', 'battery')),
    about text COLLATE "C" NOT NULL,
    site integer REFERENCES registry_site (number),
    company integer REFERENCES registry_company (number),
    lot text COLLATE "C",
    serial integer,
    division text COLLATE "C",
    place text NOT NULL DEFAULT '',
    happened_on date,
    words text NOT NULL,
    face text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    outcome text COLLATE "C" CHECK (outcome IN ('founded', 'unfounded', 'settled')),
    decided_at timestamptz
);
CREATE INDEX supervision_complaint_open ON supervision_complaint (number) WHERE outcome IS NULL;
CREATE INDEX supervision_complaint_of_company ON supervision_complaint (company, number);
CREATE INDEX supervision_complaint_of_site ON supervision_complaint (site, number) WHERE site IS NOT NULL;
COMMENT ON TABLE supervision_complaint IS 'What somebody without a login reported, as it came. It says nothing of who that was.';

CREATE TABLE supervision_complaint_file (
    complaint bigint NOT NULL REFERENCES supervision_complaint,
    place smallint NOT NULL,
    name text NOT NULL,
    form text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (complaint, place)
);
COMMENT ON TABLE supervision_complaint_file IS 'Evidence as it was received, under its SHA-256.';

CREATE TABLE supervision_complaint_contact (
    complaint bigint PRIMARY KEY REFERENCES supervision_complaint,
    sealed bytea NOT NULL
);
COMMENT ON TABLE supervision_complaint_contact IS 'How to reach who reported, encrypted; in no listing, opened one at a time, '
    'and every opening is noted.';

CREATE TABLE supervision_complaint_act (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    complaint bigint NOT NULL REFERENCES supervision_complaint,
    act text COLLATE "C" NOT NULL CHECK (act IN ('received', 'decided', 'contact_opened')),
    outcome text COLLATE "C",
    note text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    author text COLLATE "C" NOT NULL
);
CREATE INDEX supervision_complaint_act_of ON supervision_complaint_act (complaint, number);

CREATE TABLE supervision_complaint_rate (
    hour timestamptz NOT NULL,
    mark bytea NOT NULL,
    reports integer NOT NULL,
    PRIMARY KEY (hour, mark)
);
COMMENT ON TABLE supervision_complaint_rate IS 'How many reports came from one address in an hour: the address only as a keyed '
    'digest. Rows of past hours are taken away.';
"""

OUTLETS = """
CREATE INDEX ledger_state_by_site ON ledger_state (site) WHERE site IS NOT NULL;
"""


class Migration(migrations.Migration):
    """Everything that complaints and the stock of outlets need."""

    dependencies = [("supervision", "0004_feeds"), ("registry", "0003_outlets"), ("ledger", "0002_outbox")]
    operations = [
        migrations.RunSQL(COMPLAINTS),
        migrations.RunSQL(OUTLETS),
        migrations.RunSQL(grant_app("supervision_complaint", verbs="UPDATE (outcome, decided_at)")),
        migrations.RunSQL(grant_app("supervision_complaint_rate")),
    ]
