"""Acts beside the battery, with their photos; hand-overs, their packs and their steps."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

ACTS = """
CREATE TABLE handover_act (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL REFERENCES registry_company,
    site integer REFERENCES registry_site,
    person bigint,
    key text COLLATE "C" NOT NULL,
    task text COLLATE "C" NOT NULL CHECK (task IN ('take_in', 'replace', 'scrap', 'receive')),
    told jsonb NOT NULL,
    condition text COLLATE "C",
    reports jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcomes jsonb NOT NULL DEFAULT '[]',
    UNIQUE (company, key)
);
CREATE INDEX handover_act_unfinished ON handover_act (number) WHERE finished_at IS NULL;
CREATE INDEX handover_act_of_company ON handover_act (company, number);
COMMENT ON TABLE handover_act IS 'One act on the scan page: what was said, and the reports that follow from it, fixed before the '
    'first of them is sent. key is made where it was scanned, so that what is sent twice is done once.';

CREATE TABLE handover_photo (
    act bigint NOT NULL REFERENCES handover_act,
    place smallint NOT NULL,
    digest character varying(64) NOT NULL REFERENCES submissions_received (digest),
    form text COLLATE "C" NOT NULL,
    PRIMARY KEY (act, place)
);
COMMENT ON TABLE handover_photo IS 'Photos of an act; the bytes stand under their SHA-256 where submissions keep theirs.';
"""

NOTES = """
CREATE TABLE handover_note (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    giver integer NOT NULL REFERENCES registry_company,
    giver_site integer REFERENCES registry_site,
    receiver integer REFERENCES registry_company CHECK (receiver <> giver),
    receiver_site integer REFERENCES registry_site,
    key text COLLATE "C" NOT NULL,
    made_at timestamptz NOT NULL,
    made_by bigint,
    handed_over_on date NOT NULL,
    mass_kg double precision CHECK (mass_kg > 0),
    remark text NOT NULL DEFAULT '',
    expires_at timestamptz NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('open', 'accepted', 'reported', 'refused', 'cancelled')),
    accepted_at timestamptz,
    accepted_by bigint,
    received_on date,
    received_mass_kg double precision CHECK (received_mass_kg > 0),
    received_remark text NOT NULL DEFAULT '',
    reports jsonb NOT NULL DEFAULT '[]',
    outcomes jsonb NOT NULL DEFAULT '[]',
    UNIQUE (giver, key)
);
CREATE INDEX handover_note_of_giver ON handover_note (giver, number);
CREATE INDEX handover_note_of_receiver ON handover_note (receiver, number) WHERE receiver IS NOT NULL;
CREATE INDEX handover_note_unfinished ON handover_note (number) WHERE state = 'accepted';
COMMENT ON TABLE handover_note IS 'A hand-over: what one company says it gives, and what the other says it got. reports are those '
    'of both sides, fixed when the receiver confirms; outcomes are what became of them.';

CREATE TABLE handover_pack (
    note bigint NOT NULL REFERENCES handover_note,
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    place smallint NOT NULL,
    listed boolean NOT NULL,
    outcome text COLLATE "C" CHECK (outcome IN ('received', 'damaged', 'missing', 'extra')),
    PRIMARY KEY (note, lot, serial)
);
CREATE INDEX handover_pack_of_battery ON handover_pack (lot, serial);

CREATE TABLE handover_step (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    note bigint NOT NULL REFERENCES handover_note,
    step text COLLATE "C" NOT NULL CHECK (step IN ('made', 'accepted', 'reported', 'refused', 'cancelled', 'declined')),
    at timestamptz NOT NULL,
    person bigint,
    company integer REFERENCES registry_company,
    remark text NOT NULL DEFAULT ''
);
CREATE INDEX handover_step_of ON handover_step (note, number);
COMMENT ON TABLE handover_step IS 'Who did what to a hand-over, and when; only added to.';
"""


class Migration(migrations.Migration):
    """Tables of the room. Nothing in them can be deleted."""

    initial = True
    dependencies = [("submissions", "0002_trying"), ("registry", "0004_allocations")]
    operations = [
        migrations.RunSQL(ACTS),
        migrations.RunSQL(NOTES),
        migrations.RunSQL(grant_app("handover_act", verbs="UPDATE (finished_at, outcomes)")),
        migrations.RunSQL(
            grant_app(
                "handover_note",
                verbs="UPDATE (receiver, receiver_site, state, accepted_at, accepted_by, received_on, received_mass_kg,"
                " received_remark, reports, outcomes)",
            )
        ),
        migrations.RunSQL(grant_app("handover_pack", verbs="UPDATE (outcome)")),
    ]
