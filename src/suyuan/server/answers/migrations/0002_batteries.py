"""The fold behind the list of batteries, and exports of it."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

BATTERIES = """
CREATE TABLE answers_battery (
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    stage smallint NOT NULL,
    since date NOT NULL,
    holder integer NOT NULL,
    consignee integer NOT NULL,
    site integer NOT NULL,
    vehicle text COLLATE "C",
    division text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    chemistry text COLLATE "C" NOT NULL,
    made_on date,
    odd smallint NOT NULL,
    contradictions smallint NOT NULL,
    soh real,
    lapses_on date,
    viewers integer[] NOT NULL,
    areas text[] COLLATE "C" NOT NULL,
    PRIMARY KEY (lot, serial)
);
CREATE INDEX answers_battery_stage ON answers_battery (stage, lot, serial);
CREATE INDEX answers_battery_holder ON answers_battery (holder, lot, serial);
CREATE INDEX answers_battery_division ON answers_battery (division, lot, serial);
CREATE INDEX answers_battery_since ON answers_battery (since, lot, serial);
CREATE INDEX answers_battery_made ON answers_battery (made_on, lot, serial);
CREATE INDEX answers_battery_vehicle ON answers_battery (vehicle) WHERE vehicle IS NOT NULL;
CREATE INDEX answers_battery_consignee ON answers_battery (consignee, lot, serial) WHERE consignee > 0;
CREATE INDEX answers_battery_lapse ON answers_battery (lapses_on) WHERE lapses_on IS NOT NULL;
CREATE INDEX answers_battery_soh ON answers_battery (soh) WHERE soh IS NOT NULL;
CREATE INDEX answers_battery_odd ON answers_battery (lot, serial) WHERE odd > 0;
CREATE INDEX answers_battery_contradicted ON answers_battery (lot, serial) WHERE contradictions > 0;
CREATE INDEX answers_battery_viewers ON answers_battery USING gin (viewers);
CREATE INDEX answers_battery_areas ON answers_battery USING gin (areas);
COMMENT ON TABLE answers_battery IS 'Fold: each battery that has a state of its own and is not inside another one now, as '
    'lists show it. A part inside a container is listed with its container.';
COMMENT ON COLUMN answers_battery.since IS 'Day on which its present stage began.';
COMMENT ON COLUMN answers_battery.division IS 'Where it is: 000000 where that is not known. holder, consignee and site are 0 '
    'for none.';
COMMENT ON COLUMN answers_battery.odd IS '0 the code is right and its design filed; 1 its design is not filed; 2 it is no code '
    'by the rules of today.';
COMMENT ON COLUMN answers_battery.lapses_on IS 'Day from which it counts as unaccounted; may lie ahead.';
COMMENT ON COLUMN answers_battery.viewers IS 'Companies that it is open to; outlets as the negative number of their site.';
COMMENT ON COLUMN answers_battery.areas IS 'Provinces (two digits) and cities (four) that it is open to.';
"""

EXPORTS = """
CREATE TABLE answers_export (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person bigint NOT NULL,
    level text COLLATE "C" NOT NULL,
    division text COLLATE "C",
    company integer,
    site integer,
    language text COLLATE "C" NOT NULL,
    form text COLLATE "C" NOT NULL CHECK (form IN ('csv', 'xlsx', 'parquet')),
    sought jsonb NOT NULL,
    columns text[] COLLATE "C" NOT NULL,
    disclosure bigint,
    state text COLLATE "C" NOT NULL CHECK (state IN ('asked', 'waiting', 'working', 'done', 'failed', 'cancelled')),
    asked_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    done bigint NOT NULL DEFAULT 0,
    total bigint,
    size bigint,
    digest bytea,
    failure text
);
CREATE INDEX answers_export_of ON answers_export (person, number);
COMMENT ON TABLE answers_export IS 'Exports of lists of batteries: who asked, for whom, for what, and what became of it. With '
    'personal data it waits (asked) for the approval that disclosure names. The file stands in the data folder.';
"""

EVERYTHING = "INSERT INTO answers_waiting SELECT DISTINCT submission FROM ledger_event ON CONFLICT DO NOTHING"


class Migration(migrations.Migration):
    """What lists of batteries need."""

    dependencies = [("answers", "0001_initial")]
    operations = [
        migrations.RunSQL(BATTERIES),
        migrations.RunSQL(EXPORTS),
        migrations.RunSQL(EVERYTHING),
        migrations.RunSQL(grant_app("answers_battery")),
        migrations.RunSQL(
            grant_app(
                "answers_export", verbs="UPDATE (state, started_at, finished_at, done, total, size, digest, failure)"
            )
        ),
    ]
