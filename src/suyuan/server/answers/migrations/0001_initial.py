"""The folds of national and provincial answers, what waits to be folded, and reports as they were made."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

STAYS = """
CREATE TABLE answers_stay (
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    place smallint NOT NULL,
    from_on date NOT NULL,
    until_on date,
    stage smallint NOT NULL,
    reason smallint NOT NULL,
    division text COLLATE "C" NOT NULL,
    company integer NOT NULL,
    came_stage smallint NOT NULL,
    came_division text COLLATE "C" NOT NULL,
    came_company integer NOT NULL,
    event uuid NOT NULL,
    arrived_on date,
    energy_wh bigint,
    mass_g bigint,
    PRIMARY KEY (lot, serial, place)
);
CREATE INDEX answers_stay_here ON answers_stay (stage, division, lot, serial, place) INCLUDE (from_on, until_on, company);
CREATE INDEX answers_stay_company ON answers_stay (company, stage, lot, serial, place);
CREATE INDEX answers_stay_step ON answers_stay (came_stage, stage, from_on, lot, serial, place);
COMMENT ON TABLE answers_stay IS 'Fold: where each battery pack was from which day until (not including) which, one row a stay; '
    'the rows that every number on batteries opens to. Stages are those of stages.toml of the room.';
COMMENT ON COLUMN answers_stay.from_on IS 'May lie ahead: the day on which a battery that nobody received will count as '
    'unaccounted. Nothing has to run on that day: who reads leaves out what lies behind the day asked for.';
COMMENT ON COLUMN answers_stay.division IS '000000 where it is not known; likewise company 0.';
COMMENT ON COLUMN answers_stay.arrived_on IS 'Where a battery left use: when it first arrived at an outlet or a utiliser.';
COMMENT ON COLUMN answers_stay.energy_wh IS 'Rated energy of its filed model; null where nothing is filed.';

CREATE TABLE answers_flow (
    area text COLLATE "C" NOT NULL,
    day date NOT NULL,
    from_stage smallint NOT NULL,
    to_stage smallint NOT NULL,
    crossing smallint NOT NULL,
    packs bigint NOT NULL,
    energy_wh bigint NOT NULL,
    mass_g bigint NOT NULL,
    unrated bigint NOT NULL,
    unweighed bigint NOT NULL,
    arrived bigint NOT NULL,
    PRIMARY KEY (area, day, from_stage, to_stage, crossing)
);
COMMENT ON TABLE answers_flow IS 'Fold of answers_stay: steps by area and month. area: CN for the nation, two digits of a '
    'province, four of a city, # and the number of a company. crossing: 0 inside, 1 into the area, 2 out of it. day is the '
    'first of the month; the day itself for steps that lie a number of days after a record, since those may lie ahead.';

CREATE TABLE answers_route (
    day date NOT NULL,
    from_stage smallint NOT NULL,
    from_province text COLLATE "C" NOT NULL,
    to_stage smallint NOT NULL,
    to_province text COLLATE "C" NOT NULL,
    packs bigint NOT NULL,
    energy_wh bigint NOT NULL,
    mass_g bigint NOT NULL,
    PRIMARY KEY (day, from_stage, from_province, to_stage, to_province)
);
COMMENT ON TABLE answers_route IS 'Fold of answers_stay: steps from province to province.';
"""

DUTIES = """
CREATE TABLE answers_duty (
    company integer NOT NULL,
    site integer NOT NULL,
    rule smallint NOT NULL,
    due_on date NOT NULL,
    state smallint NOT NULL,
    duties bigint NOT NULL,
    PRIMARY KEY (company, site, rule, due_on, state)
);
CREATE INDEX answers_duty_by_day ON answers_duty (state, due_on);
COMMENT ON TABLE answers_duty IS 'Fold of supervision_duty, kept by triggers in the same transaction: duties with a last day, '
    'by state (0 open, 1 fulfilled in time, 2 fulfilled late). due_on is exact for open ones, else the first of its month; '
    'site 0 for none.';

CREATE FUNCTION answers_count_duties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO answers_duty AS t
        SELECT k.company, k.site, k.rule, k.due_on, k.state, -count(*) FROM removed d
         CROSS JOIN LATERAL answers_duty_key(d.company, d.site, d.rule, d.due_on, d.fulfilled_on) AS k
         WHERE NOT d.void AND d.due_on IS NOT NULL GROUP BY 1, 2, 3, 4, 5
            ON CONFLICT (company, site, rule, due_on, state) DO UPDATE SET duties = t.duties + excluded.duties;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO answers_duty AS t
        SELECT k.company, k.site, k.rule, k.due_on, k.state, count(*) FROM added d
         CROSS JOIN LATERAL answers_duty_key(d.company, d.site, d.rule, d.due_on, d.fulfilled_on) AS k
         WHERE NOT d.void AND d.due_on IS NOT NULL GROUP BY 1, 2, 3, 4, 5
            ON CONFLICT (company, site, rule, due_on, state) DO UPDATE SET duties = t.duties + excluded.duties;
    END IF;
    INSERT INTO answers_mark AS m VALUES ('duties', 1, '', now())
        ON CONFLICT (name) DO UPDATE SET number = m.number + 1, marked_at = excluded.marked_at;
    RETURN NULL;
END $$;
-- A set of one row, so that the planner writes it into the query instead of calling it for every duty.
CREATE FUNCTION answers_duty_key(integer, integer, smallint, date, date)
RETURNS TABLE (company integer, site integer, rule smallint, due_on date, state smallint)
LANGUAGE sql IMMUTABLE ROWS 1 AS $$
    SELECT $1, coalesce($2, 0), $3,
           CASE WHEN $5 IS NULL THEN $4 ELSE date_trunc('month', $4::timestamp)::date END,
           (CASE WHEN $5 IS NULL THEN 0 WHEN $5 <= $4 THEN 1 ELSE 2 END)::smallint
$$;
CREATE TRIGGER answers_duty_added AFTER INSERT ON supervision_duty
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION answers_count_duties();
CREATE TRIGGER answers_duty_removed AFTER DELETE ON supervision_duty
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION answers_count_duties();
CREATE TRIGGER answers_duty_changed AFTER UPDATE ON supervision_duty
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION answers_count_duties();
"""

WAITING = """
CREATE TABLE answers_waiting (
    submission bigint PRIMARY KEY
);
COMMENT ON TABLE answers_waiting IS 'Submissions whose records are in the ledger and not yet in the folds of this room. Written '
    'by a trigger in the transaction that adds the records, taken away in the one that folds them.';

CREATE TABLE answers_waiting_entry (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, key)
);
COMMENT ON TABLE answers_waiting_entry IS 'Entries of the register that changed: prefix (rated values), company or site (where '
    'it lies). The batteries that they concern are folded again.';

CREATE FUNCTION answers_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO answers_waiting SELECT submission FROM added ORDER BY submission ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER answers_wait AFTER INSERT ON ledger_outbox
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION answers_wait();

CREATE FUNCTION answers_wait_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO answers_waiting_entry
    VALUES (TG_ARGV[0], CASE TG_ARGV[0] WHEN 'prefix' THEN to_jsonb(NEW) ->> 'prefix' ELSE to_jsonb(NEW) ->> 'number' END)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER answers_wait_filing AFTER INSERT OR UPDATE ON registry_code_filing
    FOR EACH ROW EXECUTE FUNCTION answers_wait_entry('prefix');
CREATE TRIGGER answers_wait_company AFTER UPDATE ON registry_company FOR EACH ROW
    WHEN (OLD.division IS DISTINCT FROM NEW.division) EXECUTE FUNCTION answers_wait_entry('company');
CREATE TRIGGER answers_wait_site AFTER UPDATE ON registry_site FOR EACH ROW
    WHEN (OLD.division IS DISTINCT FROM NEW.division) EXECUTE FUNCTION answers_wait_entry('site');

CREATE TABLE answers_mark (
    name text COLLATE "C" PRIMARY KEY,
    number bigint NOT NULL,
    digest text NOT NULL DEFAULT '',
    marked_at timestamptz NOT NULL
);
COMMENT ON TABLE answers_mark IS 'How often each fold changed: the version of the data behind an answer. batteries also '
    'holds the digest of what the fold was computed with.';
"""

REPORTS = """
CREATE TABLE answers_report (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    template text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    division text COLLATE "C" NOT NULL,
    company integer,
    as_of date NOT NULL,
    batteries_version bigint NOT NULL,
    duties_version bigint NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    digest bytea NOT NULL,
    content bytea NOT NULL
);
CREATE INDEX answers_report_of ON answers_report (area, number);
COMMENT ON TABLE answers_report IS 'Reports as they were made; only added to. content is the canonical JSON of all figures, '
    'compressed; digest its SHA-256: the same id gives the same numbers for ever.';
"""

EVERYTHING = """
INSERT INTO answers_waiting SELECT DISTINCT submission FROM ledger_event ON CONFLICT DO NOTHING;
INSERT INTO answers_duty
SELECT k.company, k.site, k.rule, k.due_on, k.state, count(*) FROM supervision_duty d
 CROSS JOIN LATERAL answers_duty_key(d.company, d.site, d.rule, d.due_on, d.fulfilled_on) AS k
 WHERE NOT d.void AND d.due_on IS NOT NULL GROUP BY 1, 2, 3, 4, 5;
"""


class Migration(migrations.Migration):
    """Everything that answers need."""

    initial = True
    dependencies = [("ledger", "0002_outbox"), ("registry", "0001_initial"), ("supervision", "0002_findings")]
    operations = [
        migrations.RunSQL(STAYS),
        migrations.RunSQL(WAITING),
        migrations.RunSQL(DUTIES),
        migrations.RunSQL(REPORTS),
        migrations.RunSQL(EVERYTHING),
        migrations.RunSQL(grant_app("answers_stay", "answers_flow", "answers_route", "answers_duty")),
        migrations.RunSQL(grant_app("answers_mark", verbs="UPDATE")),
        migrations.RunSQL(grant_app("answers_waiting", "answers_waiting_entry", verbs="DELETE")),
    ]
