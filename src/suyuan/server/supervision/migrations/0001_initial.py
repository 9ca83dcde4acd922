"""The table of duties, what waits to be looked at, and the trace of last days that moved."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

TABLES = """
CREATE TABLE supervision_rule (
    number smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text COLLATE "C" NOT NULL UNIQUE,
    duty text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL
);
COMMENT ON TABLE supervision_rule IS 'Versions of duties under which something arose. A version keeps its name and its '
    'number for ever; status is the least sure part of it.';

CREATE TABLE supervision_duty (
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    event uuid NOT NULL,
    rule smallint NOT NULL,
    company integer NOT NULL,
    site integer,
    started_on date NOT NULL,
    due_on date,
    official boolean,
    fulfilled_by uuid,
    fulfilled_on date,
    void boolean NOT NULL,
    PRIMARY KEY (lot, serial, event, rule)
);
CREATE INDEX supervision_duty_of_company ON supervision_duty (company, started_on); -- small: equal keys are kept once
CREATE INDEX supervision_duty_open ON supervision_duty (company, started_on)
    WHERE fulfilled_on IS NULL AND NOT void;
CREATE INDEX supervision_duty_of_day ON supervision_duty (event) WHERE lot <= '$';
COMMENT ON TABLE supervision_duty IS 'Fold: duties that arose from records, under the main object of the record; those of '
    'companies that no record starts under ''#'' and the number of the company. It says nothing of today: whether a '
    'duty is due or overdue follows from due_on when it is read.';
COMMENT ON COLUMN supervision_duty.due_on IS 'Null where no period was published; official is false where the day depends on '
    'a year without an official calendar.';

CREATE TABLE supervision_recount (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule smallint NOT NULL,
    started_on date NOT NULL,
    due_on date NOT NULL,
    official boolean NOT NULL,
    new_due_on date NOT NULL,
    new_official boolean NOT NULL,
    duties bigint NOT NULL,
    counted_at timestamptz NOT NULL
);
CREATE INDEX supervision_recount_of ON supervision_recount (rule, started_on, number);
COMMENT ON TABLE supervision_recount IS 'Last days that another calendar moved or made official, both values side by side. '
    'All duties of one version that began on one day move together; only added to.';

CREATE TABLE supervision_fact (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    company integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL DEFAULT '',
    occurred_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    reason text NOT NULL DEFAULT ''
);
CREATE INDEX supervision_fact_of_company ON supervision_fact (company, kind, occurred_on);
COMMENT ON TABLE supervision_fact IS 'Dated facts of the register (rules/law/facts.toml) that start or fulfil duties of a '
    'company; subject says about what, such as a vehicle model. Withdrawn with a reason, never changed.';

CREATE TABLE supervision_reckoned (
    name text PRIMARY KEY,
    digest text NOT NULL
);
COMMENT ON TABLE supervision_reckoned IS 'Under which law and calendar the table of duties was computed (SHA-256).';
"""

WAITING = """
CREATE TABLE supervision_waiting (
    submission bigint PRIMARY KEY
);
COMMENT ON TABLE supervision_waiting IS 'Submissions whose records are in the ledger and whose duties are not yet computed. '
    'Written by a trigger in the transaction that adds the records, so that no late commit can be missed.';

CREATE TABLE supervision_waiting_company (
    company integer PRIMARY KEY
);
COMMENT ON TABLE supervision_waiting_company IS 'Companies whose roles or days changed since their duties were computed.';

CREATE FUNCTION supervision_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO supervision_waiting SELECT submission FROM added ORDER BY submission ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER supervision_wait AFTER INSERT ON ledger_outbox
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION supervision_wait();

CREATE FUNCTION supervision_wait_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO supervision_waiting_company VALUES (NEW.number) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER supervision_wait_company AFTER UPDATE ON registry_company FOR EACH ROW
    WHEN ((OLD.roles, OLD.valid_from, OLD.valid_to) IS DISTINCT FROM (NEW.roles, NEW.valid_from, NEW.valid_to))
    EXECUTE FUNCTION supervision_wait_company();
"""

EVERYTHING = "INSERT INTO supervision_waiting SELECT DISTINCT submission FROM ledger_event ON CONFLICT DO NOTHING"
"""What was in the ledger before this room was."""


class Migration(migrations.Migration):
    """Everything that duties need."""

    initial = True
    dependencies = [("ledger", "0002_outbox"), ("registry", "__first__")]
    operations = [
        migrations.RunSQL(TABLES),
        migrations.RunSQL(WAITING),
        migrations.RunSQL(EVERYTHING),
        migrations.RunSQL(grant_app("supervision_duty", "supervision_reckoned")),
        migrations.RunSQL(grant_app("supervision_fact", verbs="UPDATE (withdrawn_at, reason)")),
        migrations.RunSQL(grant_app("supervision_waiting", "supervision_waiting_company", verbs="DELETE")),
    ]
