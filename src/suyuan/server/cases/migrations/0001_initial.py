"""Cases, their steps, attachments and subjects; steps are the truth, the row of a case is their fold."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

ACTOR = """
    actor_kind text COLLATE "C" NOT NULL CHECK (actor_kind IN ('key', 'person', 'operator')),
    actor_id text COLLATE "C" NOT NULL,
    actor_name text NOT NULL,
    actor_level text COLLATE "C" NOT NULL,
    actor_division text COLLATE "C",
    actor_company integer REFERENCES registry_company,
    actor_site integer REFERENCES registry_site,"""

TABLES = f"""
CREATE TABLE cases_case (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL REFERENCES registry_company,
    site integer REFERENCES registry_site,
    place text COLLATE "C" CHECK (place ~ '^[0-9]{{6}}$'),
    title text NOT NULL,
    opened_at timestamptz NOT NULL,
    version integer NOT NULL,
    state text COLLATE "C" NOT NULL,
    level text COLLATE "C" NOT NULL CHECK (level IN ('nation', 'province', 'city')),
    division text COLLATE "C" CHECK ((division IS NULL) = (level = 'nation')),
    told boolean NOT NULL,
    planned boolean NOT NULL,
    due_on date,
    due_official boolean,
    outcome text COLLATE "C",
    changed_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX cases_case_of_authority ON cases_case (division, number);
CREATE INDEX cases_case_of_place ON cases_case (place, number);
CREATE INDEX cases_case_of_company ON cases_case (company, number);
CREATE INDEX cases_case_due ON cases_case (due_on, number) WHERE closed_at IS NULL AND due_on IS NOT NULL;
COMMENT ON TABLE cases_case IS 'A case; from version on, its columns are a fold of its steps. level and division name the '
    'authority that leads it, place is where its company is seated or its site lies. told: the company has been written to.';

CREATE TABLE cases_share (
    case_number bigint NOT NULL REFERENCES cases_case,
    division text COLLATE "C" NOT NULL CHECK (division ~ '^[0-9]{{6}}$'),
    PRIMARY KEY (case_number, division)
);
CREATE INDEX cases_share_of ON cases_share (division, case_number);
COMMENT ON TABLE cases_share IS 'Fold: with which other provinces or cities a case is shared now.';

CREATE TABLE cases_step (
    case_number bigint NOT NULL REFERENCES cases_case,
    version integer NOT NULL CHECK (version > 0),
    kind text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,{ACTOR}
    seen boolean NOT NULL,
    note text NOT NULL,
    body jsonb NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    paper bigint NOT NULL UNIQUE REFERENCES log_paper,
    PRIMARY KEY (case_number, version)
);
COMMENT ON TABLE cases_step IS 'What was done in a case, by whom and when; only added to. seen: the company reads it, too. '
    'digest is the SHA-256 of the canonical document of the step, which the log has under paper.';

CREATE TABLE cases_attachment (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_number bigint NOT NULL REFERENCES cases_case,
    at timestamptz NOT NULL,{ACTOR}
    name text NOT NULL,
    media_type text COLLATE "C" NOT NULL,
    size bigint NOT NULL,
    digest varchar(64) NOT NULL REFERENCES submissions_received,
    paper bigint NOT NULL UNIQUE REFERENCES log_paper
);
CREATE INDEX cases_attachment_of ON cases_attachment (case_number, number);
COMMENT ON TABLE cases_attachment IS 'Files of a case, as they were handed in; the bytes stand where received bytes stand. Until '
    'a step cites it, a file is seen by the side that brought it.';

CREATE TABLE cases_citation (
    case_number bigint NOT NULL,
    version integer NOT NULL,
    attachment bigint NOT NULL REFERENCES cases_attachment,
    PRIMARY KEY (case_number, version, attachment),
    FOREIGN KEY (case_number, version) REFERENCES cases_step
);
CREATE INDEX cases_citation_of ON cases_citation (attachment);

CREATE TABLE cases_subject (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_number bigint NOT NULL REFERENCES cases_case,
    version integer NOT NULL,
    finding bigint REFERENCES supervision_finding,
    record uuid,
    duty text COLLATE "C",
    CHECK ((finding IS NULL) = (record IS NOT NULL AND duty IS NOT NULL))
);
CREATE UNIQUE INDEX cases_subject_finding ON cases_subject (case_number, finding) WHERE finding IS NOT NULL;
CREATE UNIQUE INDEX cases_subject_duty ON cases_subject (case_number, record, duty) WHERE record IS NOT NULL;
CREATE INDEX cases_subject_of_finding ON cases_subject (finding) WHERE finding IS NOT NULL;
CREATE INDEX cases_subject_of_duty ON cases_subject (record, duty) WHERE record IS NOT NULL;
COMMENT ON TABLE cases_subject IS 'What a case is about: findings, and overdue duties by the record that started them.';
"""

FOLD = "UPDATE (version, state, level, division, told, planned, due_on, due_official, outcome, changed_at, closed_at)"


class Migration(migrations.Migration):
    """Everything that cases need."""

    initial = True
    dependencies = [
        ("log", "0002_papers"),
        ("registry", "0001_initial"),
        ("submissions", "0001_initial"),
        ("supervision", "0002_findings"),
    ]
    operations = [
        migrations.RunSQL(TABLES),
        migrations.RunSQL(grant_app("cases_case", verbs=FOLD)),
        migrations.RunSQL(grant_app("cases_share", verbs="DELETE")),
    ]
