"""Lists, permits, programmes and penalties of companies."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

TABLE = """
CREATE TABLE registry_qualification (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL REFERENCES registry_company (number),
    class text COLLATE "C" NOT NULL CHECK (class IN ('list', 'permit', 'pilot', 'kind', 'penalty')),
    kind text COLLATE "C" NOT NULL,
    category text COLLATE "C" NOT NULL DEFAULT '' CHECK (category IN ('', 'echelon', 'recycling')),
    reference text NOT NULL DEFAULT '',
    batch text NOT NULL DEFAULT '',
    division char(6) COLLATE "C" CHECK (division ~ '^[0-9]{6}$'),
    amount_yuan numeric(16, 2) CHECK (amount_yuan >= 0),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    status text COLLATE "C" NOT NULL CHECK (status IN ('confirmed', 'reported', 'simulated')),
    source text NOT NULL CHECK (source <> ''),
    note text NOT NULL DEFAULT '',
    entered_at timestamptz NOT NULL,
    entered_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    end_source text,
    withdrawn_at timestamptz,
    withdrawn_by text,
    reason text NOT NULL DEFAULT '',
    CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (end_source IS NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE UNIQUE INDEX registry_qualification_once ON registry_qualification (company, kind, category, reference, valid_from)
    WHERE withdrawn_at IS NULL;
CREATE INDEX registry_qualification_by_class ON registry_qualification (class, company, valid_from)
    WHERE withdrawn_at IS NULL;
COMMENT ON TABLE registry_qualification IS 'What a company is entitled to or was fined for: lists by batch, permits, pilots, the '
    'kind of a utiliser, penalties; each with its days, source, how sure it is and who entered it. A row gets its last '
    'day once, with a source of its own; a wrong row is withdrawn with a reason and stays.';
COMMENT ON COLUMN registry_qualification.valid_to IS 'Last day; null where none is known. Of a penalty both days are its day.';
"""


class Migration(migrations.Migration):
    """Lists, permits, programmes and penalties of companies."""

    dependencies = [("registry", "0001_initial")]
    operations = [
        migrations.RunSQL(TABLE),
        migrations.RunSQL(
            grant_app(
                "registry_qualification",
                verbs="UPDATE (valid_to, ended_at, ended_by, end_source, withdrawn_at, withdrawn_by, reason)",
            )
        ),
    ]
