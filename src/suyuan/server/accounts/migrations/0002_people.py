"""People, their roles and invitations; approvals of exports; kept forms, drafts and saved views; who did what."""

import django.db.models.deletion
from django.db import migrations, models

from suyuan.server.kit.roles import grant_app

SCOPE = """
    level text COLLATE "C" NOT NULL CHECK (level IN ('nation', 'province', 'city', 'company', 'outlet')),
    division text COLLATE "C" CHECK (division ~ '^[0-9]{6}$'),
    company integer REFERENCES registry_company (number),
    site integer REFERENCES registry_site (number),
    CHECK ((level IN ('province', 'city')) = (division IS NOT NULL)),
    CHECK ((level IN ('company', 'outlet')) = (company IS NOT NULL)),
    CHECK ((level = 'outlet') = (site IS NOT NULL))
"""

TABLES = f"""
CREATE TABLE accounts_membership (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person bigint NOT NULL REFERENCES accounts_person (id),
    role text COLLATE "C" NOT NULL CHECK (role IN ('admin', 'official', 'data_officer', 'clerk', 'viewer')),
    {SCOPE},
    granted_at timestamptz NOT NULL,
    granted_by bigint REFERENCES accounts_person (id),
    ended_at timestamptz,
    ended_by bigint REFERENCES accounts_person (id),
    CHECK (role <> 'official' OR level IN ('nation', 'province', 'city')),
    CHECK (role NOT IN ('data_officer', 'clerk') OR level IN ('company', 'outlet'))
);
CREATE INDEX accounts_membership_of ON accounts_membership (person, number) WHERE ended_at IS NULL;
CREATE INDEX accounts_membership_company ON accounts_membership (company, number);
CREATE INDEX accounts_membership_division ON accounts_membership (division, number);
COMMENT ON TABLE accounts_membership IS 'What a person is for a company, an outlet or an authority. Ended, never deleted; '
    'granted_by is null where an operator did it at the machine itself.';

CREATE TABLE accounts_invitation (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    login text NOT NULL,
    name text NOT NULL,
    role text COLLATE "C" NOT NULL,
    {SCOPE},
    recovers boolean NOT NULL,
    made_at timestamptz NOT NULL,
    made_by bigint REFERENCES accounts_person (id),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by bigint REFERENCES accounts_person (id),
    withdrawn_at timestamptz,
    withdrawn_by bigint REFERENCES accounts_person (id)
);
CREATE INDEX accounts_invitation_open ON accounts_invitation (level, division, company, number)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
COMMENT ON TABLE accounts_invitation IS 'Of the token only the SHA-256 digest is kept. One that recovers lets a known person '
    'choose a new password and takes his second factors away.';

CREATE TABLE accounts_deed (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    person bigint REFERENCES accounts_person (id),
    act text COLLATE "C" NOT NULL,
    subject text NOT NULL,
    data jsonb NOT NULL,
    level text COLLATE "C" NOT NULL,
    division text COLLATE "C",
    company integer,
    site integer
);
CREATE INDEX accounts_deed_of_company ON accounts_deed (company, number) WHERE company IS NOT NULL;
CREATE INDEX accounts_deed_of_person ON accounts_deed (person, number);
COMMENT ON TABLE accounts_deed IS 'Who changed what, when, acting for whom; only added to.';

CREATE TABLE accounts_disclosure (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text COLLATE "C" NOT NULL,
    {SCOPE},
    purpose text NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by bigint NOT NULL REFERENCES accounts_person (id),
    decided_at timestamptz,
    decided_by bigint REFERENCES accounts_person (id),
    granted boolean,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK (decided_by <> requested_by),
    CHECK ((decided_at IS NULL) = (granted IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)),
    CHECK (used_at IS NULL OR granted)
);
CREATE INDEX accounts_disclosure_of ON accounts_disclosure (level, division, company, number);
COMMENT ON TABLE accounts_disclosure IS 'Exports of personal data: asked for by one, approved by another, downloaded once.';

CREATE TABLE accounts_kept (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    person bigint NOT NULL REFERENCES accounts_person (id),
    sealed bytea,
    kept_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX accounts_kept_of ON accounts_kept (person, kept_at) WHERE sealed IS NOT NULL;
COMMENT ON TABLE accounts_kept IS 'Forms that came after a session had ended, encrypted, until their sender has signed in again.';

CREATE TABLE accounts_draft (
    person bigint NOT NULL REFERENCES accounts_person (id),
    form text COLLATE "C" NOT NULL,
    sealed bytea,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (person, form)
);
COMMENT ON TABLE accounts_draft IS 'What somebody has typed and not sent yet, encrypted.';

CREATE TABLE accounts_saved_view (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person bigint NOT NULL REFERENCES accounts_person (id),
    {SCOPE},
    listing text COLLATE "C" NOT NULL,
    name text NOT NULL,
    query text NOT NULL,
    shared boolean NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX accounts_saved_view_of ON accounts_saved_view (listing, level, division, company, number)
    WHERE ended_at IS NULL;
COMMENT ON TABLE accounts_saved_view IS 'Filters of a listing kept under a name, for oneself or for everybody of the scope.';

CREATE TABLE accounts_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX accounts_cache_expires ON accounts_cache (expires);
COMMENT ON TABLE accounts_cache IS 'Counts of attempts, for the limits of how often somebody may try.';
"""

NAMES = ("membership", "invitation", "deed", "disclosure", "kept", "draft", "saved_view", "cache")


class Migration(migrations.Migration):
    """The registry exists since its first migration, so that scopes can name companies and sites of it."""

    dependencies = [("accounts", "0001_initial"), ("registry", "0001_initial")]
    run_before = [("account", "0001_initial"), ("mfa", "0001_initial")]  # they point at the people

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("login", models.CharField(max_length=254, unique=True)),
                ("name", models.TextField()),
                ("language", models.CharField(default="zh_Hans", max_length=7)),
                ("is_active", models.BooleanField(default=True)),
                ("simulated", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={"db_table": "accounts_person"},
        ),
        migrations.AlterField(
            model_name="access",
            name="key",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.ApiKey"
            ),
        ),
        migrations.AddField(model_name="access", name="person", field=models.BigIntegerField(db_index=True, null=True)),
        migrations.AddConstraint(
            model_name="access",
            constraint=models.CheckConstraint(
                condition=models.Q(("key__isnull", False), ("person__isnull", False), _connector="OR"),
                name="accounts_access_reader",
            ),
        ),
        migrations.RunSQL(TABLES, "".join(f"DROP TABLE accounts_{name};" for name in reversed(NAMES))),
        migrations.RunSQL(
            grant_app(
                "accounts_person",
                *(
                    f"accounts_{name}"
                    for name in ("membership", "invitation", "disclosure", "kept", "draft", "saved_view")
                ),
                verbs="UPDATE",
            )
            + grant_app("accounts_cache"),
            migrations.RunSQL.noop,
        ),
    ]
