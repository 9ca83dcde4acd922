"""Standing duties, deadline feeds and notifications."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

STANDING = """
CREATE TABLE supervision_sold (
    company integer NOT NULL,
    division char(6) COLLATE "C" NOT NULL,
    first_on date NOT NULL,
    PRIMARY KEY (company, division)
);
COMMENT ON TABLE supervision_sold IS 'Fold: where a company has sold vehicles, and batteries to others than vehicle makers; '
    'the first day of each division.';

CREATE TABLE supervision_standing (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule smallint NOT NULL,
    company integer NOT NULL,
    division text COLLATE "C" NOT NULL,
    since date NOT NULL,
    found_at timestamptz NOT NULL,
    ended_on date,
    ended_at timestamptz,
    CHECK ((ended_on IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX supervision_standing_open ON supervision_standing (rule, company, division) WHERE ended_at IS NULL;
CREATE INDEX supervision_standing_of_company ON supervision_standing (company, number);
COMMENT ON TABLE supervision_standing IS 'Standing duties that were not met: by whom, where (empty where no place is meant), since '
    'when, and the first day on which they were met again. Only added to and ended.';

CREATE TABLE supervision_stirred (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
COMMENT ON TABLE supervision_stirred IS 'A row for each change of what standing duties are checked against, made by triggers and taken '
    'away when they are checked. Rows of their own, so that writers never wait for each other.';

CREATE FUNCTION supervision_stir() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO supervision_stirred DEFAULT VALUES;
    RETURN NULL;
END $$;
CREATE TRIGGER supervision_stir AFTER INSERT OR UPDATE ON registry_company
    FOR EACH STATEMENT EXECUTE FUNCTION supervision_stir();
CREATE TRIGGER supervision_stir AFTER INSERT OR UPDATE ON registry_site
    FOR EACH STATEMENT EXECUTE FUNCTION supervision_stir();
CREATE TRIGGER supervision_stir AFTER INSERT OR UPDATE ON registry_outlet_commission
    FOR EACH STATEMENT EXECUTE FUNCTION supervision_stir();
CREATE TRIGGER supervision_stir AFTER INSERT OR UPDATE ON supervision_fact
    FOR EACH STATEMENT EXECUTE FUNCTION supervision_stir();

CREATE FUNCTION supervision_wait_qualified() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO supervision_waiting_company VALUES (NEW.company) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER supervision_wait_qualified AFTER INSERT OR UPDATE ON registry_qualification FOR EACH ROW
    WHEN (NEW.class IN ('list', 'kind')) EXECUTE FUNCTION supervision_wait_qualified();

-- Whether anybody needs a permit depends on whether the register holds any, so all hand-overs are looked at again.
CREATE FUNCTION supervision_look_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE supervision_reckoned SET digest = split_part(digest, ' ', 1) || ' stale' WHERE name = 'findings';
    RETURN NULL;
END $$;
CREATE TRIGGER supervision_look_again AFTER INSERT OR UPDATE ON registry_qualification
    FOR EACH STATEMENT EXECUTE FUNCTION supervision_look_again();

CREATE FUNCTION supervision_wait_commission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO supervision_waiting_company
    SELECT s.company FROM registry_site s WHERE s.number = NEW.site ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER supervision_wait_commission AFTER INSERT OR UPDATE ON registry_outlet_commission FOR EACH ROW
    EXECUTE FUNCTION supervision_wait_commission();
"""

FEEDS = """
CREATE INDEX supervision_duty_due ON supervision_duty (due_on, company) WHERE fulfilled_on IS NULL AND NOT void;

CREATE TABLE supervision_feed (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL REFERENCES registry_company (number),
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX supervision_feed_alive ON supervision_feed (company) WHERE revoked_at IS NULL;
COMMENT ON TABLE supervision_feed IS 'Secret addresses of calendar feeds; only the SHA-256 of the secret is kept. A company has one '
    'that works.';

CREATE TABLE supervision_lead (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL REFERENCES registry_company (number),
    days smallint[] NOT NULL CHECK (0 <= ALL (days) AND 60 >= ALL (days) AND cardinality(days) BETWEEN 1 AND 10),
    set_at timestamptz NOT NULL,
    set_by text NOT NULL
);
CREATE INDEX supervision_lead_of ON supervision_lead (company, number DESC);
COMMENT ON TABLE supervision_lead IS 'How many working days before a last day a company wants to be told; the latest row counts.';

CREATE TABLE supervision_webhook (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company integer NOT NULL REFERENCES registry_company (number),
    url text NOT NULL CHECK (length(url) <= 2000),
    salt bytea NOT NULL CHECK (length(salt) = 32),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX supervision_webhook_of ON supervision_webhook (company) WHERE ended_at IS NULL;
COMMENT ON TABLE supervision_webhook IS 'Where a company wants its digests sent. The key that signs them is made from the salt and the '
    'secret of the installation, so that the database alone signs nothing.';

CREATE TABLE supervision_notice (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    company integer NOT NULL REFERENCES registry_company (number),
    day date NOT NULL,
    told jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    read_by text,
    UNIQUE (company, day),
    CHECK ((read_at IS NULL) = (read_by IS NULL))
);
COMMENT ON TABLE supervision_notice IS 'One digest a company and day: which duties come due or have lapsed, counted by rule and last day.';

CREATE TABLE supervision_delivery (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook bigint NOT NULL REFERENCES supervision_webhook,
    notice bigint NOT NULL REFERENCES supervision_notice,
    state text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts smallint NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    UNIQUE (webhook, notice)
);
CREATE INDEX supervision_delivery_waiting ON supervision_delivery (next_at, number) WHERE state = 'waiting';
COMMENT ON TABLE supervision_delivery IS 'What is to be sent where. It is made with its notice; it is delivered at least once, always '
    'under the id of the notice.';

CREATE TABLE supervision_attempt (
    delivery bigint NOT NULL REFERENCES supervision_delivery,
    attempt smallint NOT NULL,
    at timestamptz NOT NULL,
    status smallint,
    trouble text COLLATE "C",
    PRIMARY KEY (delivery, attempt)
);
COMMENT ON TABLE supervision_attempt IS 'Every attempt to deliver: the HTTP status that came back, or a word for what went wrong.';
"""


class Migration(migrations.Migration):
    """Standing duties, deadline feeds and notifications."""

    dependencies = [("supervision", "0003_detection"), ("registry", "0003_outlets")]
    operations = [
        migrations.RunSQL(STANDING),
        migrations.RunSQL(FEEDS),
        migrations.RunSQL(grant_app("supervision_sold", "supervision_stirred")),
        migrations.RunSQL(grant_app("supervision_standing", verbs="UPDATE (since, ended_on, ended_at)")),
        migrations.RunSQL(grant_app("supervision_feed", verbs="UPDATE (revoked_at, revoked_by)")),
        migrations.RunSQL(grant_app("supervision_webhook", verbs="UPDATE (ended_at, ended_by)")),
        migrations.RunSQL(grant_app("supervision_notice", verbs="UPDATE (read_at, read_by)")),
        migrations.RunSQL(grant_app("supervision_delivery", verbs="UPDATE (state, attempts, next_at)")),
    ]
