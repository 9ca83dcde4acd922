"""Outlets and what was filed of them."""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

OUTLET = """
CREATE TABLE registry_outlet (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site integer NOT NULL REFERENCES registry_site (number),
    version integer NOT NULL CHECK (version > 0),
    valid_from date NOT NULL,
    valid_to date,
    recorded_at timestamptz NOT NULL,
    superseded_at timestamptz,
    author text COLLATE "C" NOT NULL,
    filed_by integer REFERENCES registry_company (number),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('outlet_collection', 'outlet_central')),
    name text NOT NULL,
    operator_name text NOT NULL DEFAULT '',
    division text COLLATE "C" NOT NULL,
    address text NOT NULL,
    phone text NOT NULL DEFAULT '',
    longitude float8,
    latitude float8,
    datum text COLLATE "C" CHECK (datum IN ('wgs84', 'gcj02', 'bd09')),
    week int4multirange,
    days jsonb NOT NULL DEFAULT '{}',
    chemistries text[] COLLATE "C",
    brands text[],
    conditions text[] COLLATE "C",
    capacity_kg float8 CHECK (capacity_kg > 0),
    area_m2 float8 CHECK (area_m2 > 0),
    capacity_packs integer CHECK (capacity_packs > 0),
    UNIQUE (site, version),
    CHECK ((longitude IS NULL) = (latitude IS NULL)),
    CHECK (longitude BETWEEN -180 AND 180 AND latitude BETWEEN -90 AND 90)
);
CREATE UNIQUE INDEX registry_outlet_of_day ON registry_outlet (site, valid_from) WHERE superseded_at IS NULL;
CREATE INDEX registry_outlet_place ON registry_outlet USING gist (point(longitude, latitude))
    WHERE superseded_at IS NULL AND longitude IS NOT NULL;
CREATE INDEX registry_outlet_division ON registry_outlet (division, site) WHERE superseded_at IS NULL;
COMMENT ON TABLE registry_outlet IS 'What was filed of an outlet, version by version; its site stands in registry_site. A '
    'version that another one of the same or an earlier day replaced is superseded and stays; the others follow each '
    'other without overlap. After valid_to with nothing behind it the outlet is withdrawn.';
COMMENT ON COLUMN registry_outlet.week IS 'Open minutes of the week from Monday 00:00; null where no hours were filed.';
COMMENT ON COLUMN registry_outlet.days IS 'Single days: ISO day to a list of [first, behind the last] minute of the day.';
COMMENT ON COLUMN registry_outlet.chemistries IS 'Letters of GB/T 34014, or * for all; null where nothing was filed. So '
    'brands and conditions.';
COMMENT ON COLUMN registry_outlet.datum IS 'In which system longitude and latitude were filed; they are kept in WGS 84.';
"""

BESIDE = """
CREATE TABLE registry_outlet_commission (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site integer NOT NULL REFERENCES registry_site (number),
    company integer NOT NULL REFERENCES registry_company (number),
    valid_from date NOT NULL,
    valid_to date,
    recorded_at timestamptz NOT NULL,
    author text COLLATE "C" NOT NULL,
    agreed_at timestamptz,
    agreed_by text COLLATE "C",
    UNIQUE (site, company, valid_from),
    CHECK (valid_to >= valid_from)
);
CREATE INDEX registry_outlet_commission_of ON registry_outlet_commission (company, site);
COMMENT ON TABLE registry_outlet_commission IS 'For which makers an outlet acts. One that its operator named counts for the '
    'maker when the maker, or an authority, has agreed. An outlet with several is shared.';

CREATE TABLE registry_outlet_verification (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site integer NOT NULL REFERENCES registry_site (number),
    verified_on date NOT NULL,
    way text COLLATE "C" NOT NULL CHECK (way IN ('visit', 'call', 'document')),
    correct boolean NOT NULL,
    note text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL,
    author text COLLATE "C" NOT NULL,
    level text COLLATE "C" NOT NULL
);
CREATE INDEX registry_outlet_verification_of ON registry_outlet_verification (site, verified_on DESC, number DESC);
COMMENT ON TABLE registry_outlet_verification IS 'When somebody saw that an entry is right, or is not, and who; only added to.';

CREATE TABLE registry_outlet_act (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site integer NOT NULL REFERENCES registry_site (number),
    act text COLLATE "C" NOT NULL CHECK (act IN
        ('filed', 'changed', 'withdrawn', 'verified', 'commissioned', 'commission_agreed', 'commission_ended')),
    on_day date NOT NULL,
    at timestamptz NOT NULL,
    author text COLLATE "C" NOT NULL,
    level text COLLATE "C" NOT NULL,
    company integer,
    version integer,
    reason text NOT NULL DEFAULT ''
);
CREATE INDEX registry_outlet_act_of ON registry_outlet_act (site, number);
COMMENT ON TABLE registry_outlet_act IS 'Every change of an outlet: who, when, for which day, why; only added to.';
"""


class Migration(migrations.Migration):
    """Everything that outlets need."""

    dependencies = [("registry", "0002_qualifications")]
    operations = [
        migrations.RunSQL(OUTLET),
        migrations.RunSQL(BESIDE),
        migrations.RunSQL(grant_app("registry_outlet", verbs="UPDATE (valid_to, superseded_at)")),
        migrations.RunSQL(grant_app("registry_outlet_commission", verbs="UPDATE (valid_to, agreed_at, agreed_by)")),
    ]
