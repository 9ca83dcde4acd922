"""The ledger's tables and the two functions that fold them again, as plain SQL.

Every distributed table starts its primary key with `lot`, so that a cluster can spread them by lot
(see docs/decisions/0003). `event` may only be added to: the application role has no right to change
or delete in it, here or later.
"""

from django.db import migrations

from suyuan.server.kit.roles import grant_app

EVENT = """
CREATE TABLE ledger_event (
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    id uuid NOT NULL,
    slot smallint NOT NULL,
    kind smallint NOT NULL,
    reporter integer NOT NULL,
    record integer NOT NULL,
    submission bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    party integer,
    site integer,
    vehicle text COLLATE "C",
    corrects uuid,
    stands_for uuid,
    into_lot text COLLATE "C",
    into_serial integer,
    main_lot text COLLATE "C",
    main_serial integer,
    body jsonb,
    part_lots text[] COLLATE "C",
    part_counts bytea,
    parts bytea,
    PRIMARY KEY (lot, serial, id, slot)
);
CREATE INDEX ledger_event_by_id ON ledger_event (id);
CREATE INDEX ledger_event_by_submission ON ledger_event (submission);
CREATE INDEX ledger_event_by_corrects ON ledger_event (corrects) WHERE corrects IS NOT NULL;
CREATE INDEX ledger_event_by_kind ON ledger_event (lot, kind) WHERE kind = 1;
COMMENT ON TABLE ledger_event IS 'Accepted records. A record that touches several objects stands whole under the '
    'first; under each other one stands a thin row (main_lot, main_serial) with what the folds need.';
COMMENT ON COLUMN ledger_event.slot IS 'Place of the object among the slots of the kind; -1 in the rows of kind 35 by '
    'which a correction makes the earlier record void under each of its objects.';
COMMENT ON COLUMN ledger_event.corrects IS 'The earlier record that this one replaces or withdraws: it is void, unless a '
    'record of kind 36 (withdrawal) names this one in turn. Stands under every object of the earlier record.';
COMMENT ON COLUMN ledger_event.stands_for IS 'The record whose place in the order of time a correction takes: what '
    'happened at one moment is ordered by this id, or by its own where it is null.';

CREATE TABLE ledger_finding (
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    place smallint NOT NULL,
    data jsonb NOT NULL,
    void boolean NOT NULL DEFAULT false,
    PRIMARY KEY (lot, serial, id, code, place)
);
COMMENT ON TABLE ledger_finding IS 'Contradictions of accepted records; void while their record is.';

CREATE TABLE ledger_personal (
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    id uuid NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (lot, serial, id)
);
COMMENT ON TABLE ledger_personal IS 'Personal data of a record: apart, never hashed, may be erased.';
"""

FOLDS = """
CREATE TABLE ledger_state (
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    stage smallint NOT NULL,
    holder integer,
    consignee integer,
    site integer,
    vehicle text COLLATE "C",
    changed_at timestamptz NOT NULL,
    changed_by uuid NOT NULL,
    PRIMARY KEY (lot, serial)
);
CREATE INDEX ledger_state_by_vehicle ON ledger_state (vehicle) WHERE vehicle IS NOT NULL;
COMMENT ON TABLE ledger_state IS 'Fold: what is true now of each object that had an event of its own.';

CREATE FUNCTION lowest_bit(mask bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN mask = '-9223372036854775808' THEN 63 ELSE 64 - position(B'1' IN (mask & -mask)::bit(64)) END
$$;
COMMENT ON FUNCTION lowest_bit IS 'Place of the lowest bit that is set, 0 to 63; 64 if none is.';

CREATE FUNCTION highest_bit(mask bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 64 - position(B'1' IN mask::bit(64))
$$;
COMMENT ON FUNCTION highest_bit IS 'Place of the highest bit that is set, 0 to 63; 64 if none is.';

CREATE TABLE ledger_block (
    lot text COLLATE "C" NOT NULL,
    block integer NOT NULL,
    submission bigint NOT NULL,
    mask bigint NOT NULL,
    parent_lots text[] COLLATE "C",
    parents bytea
);
CREATE UNIQUE INDEX ledger_block_key
    ON ledger_block (lot, block, lowest_bit(mask), highest_bit(mask), submission);
COMMENT ON INDEX ledger_block_key IS 'Cells of one block go into many packs; who asks for some serials of it states the '
    'range of their bits, too, and is spared the rows of all others.';
COMMENT ON TABLE ledger_block IS 'Fold: which serials of a lot a submission made (no parents) or put into a parent.';

CREATE TABLE ledger_span (
    lot text COLLATE "C" NOT NULL,
    serial integer NOT NULL,
    up boolean NOT NULL,
    other_lot text COLLATE "C" NOT NULL,
    other_serial integer NOT NULL,
    from_at timestamptz NOT NULL,
    from_by uuid NOT NULL,
    to_at timestamptz,
    PRIMARY KEY (lot, serial, up, from_at, from_by, other_lot, other_serial)
);
COMMENT ON TABLE ledger_span IS 'Fold: containment of a part that ever left or joined a parent; stored from both sides '
    '(up: other is the parent). Where a part has spans, they stand before its block.';

CREATE TABLE ledger_daily (
    day date NOT NULL,
    kind smallint NOT NULL,
    company integer NOT NULL,
    submission bigint NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (day, kind, company, submission)
);
COMMENT ON TABLE ledger_daily IS 'Fold: records by day of occurrence, kind and reporter; a submission adds its own rows.';

CREATE TABLE vocabulary_effect (
    kind smallint NOT NULL,
    slot smallint NOT NULL,
    stage smallint,
    holder text,
    consignee text,
    site text,
    vehicle text,
    leaves boolean NOT NULL DEFAULT true,
    PRIMARY KEY (kind, slot)
);
COMMENT ON TABLE vocabulary_effect IS 'Reference: what each kind sets, written from the vocabulary. '
    'leaves: a part leaves its parent by it (or goes into the one that the event names).';
"""

VALID = """NOT EXISTS (
            SELECT FROM ledger_event v
             WHERE v.lot = e.lot AND v.serial = e.serial AND v.corrects = e.id AND NOT EXISTS (
                SELECT FROM ledger_event w
                 WHERE w.lot = v.lot AND w.serial = v.serial AND w.corrects = v.id AND w.kind = 36))"""
"""That event `e` is neither corrected nor withdrawn; withdrawing a correction restores what it corrected."""

FUNCTIONS = """
CREATE FUNCTION birth(of_lots text[], of_serials integer[])
RETURNS TABLE (lot text, serial integer, parent_lot text, parent_serial integer, submission bigint)
LANGUAGE sql STABLE AS $$
    SELECT o.lot, o.serial,
           b.parent_lots[1 + get_byte(b.parents, 4 * at.place + 3)],
           get_byte(b.parents, 4 * at.place) + (get_byte(b.parents, 4 * at.place + 1) << 8)
               + (get_byte(b.parents, 4 * at.place + 2) << 16),
           b.submission
      FROM unnest(of_lots, of_serials) AS o (lot, serial)
      JOIN ledger_block b ON b.lot = o.lot AND b.block = o.serial / 64
           AND b.mask & (1::bigint << (o.serial % 64)) <> 0 AND b.parents IS NOT NULL
     CROSS JOIN LATERAL (SELECT bit_count((b.mask & ~((-1)::bigint << (o.serial % 64)))::bit(64))::integer AS place) AS at
$$;
COMMENT ON FUNCTION birth IS 'The parent that each of these parts was put into by a tree.';

CREATE FUNCTION born(of_lots text[], of_serials integer[])
RETURNS TABLE (lot text, serial integer, parent_lot text, parent_serial integer, occurred_at timestamptz, id uuid, stands uuid)
LANGUAGE sql STABLE AS $$
    SELECT b.lot, b.serial, b.parent_lot, b.parent_serial, t.occurred_at, t.id, t.stands
      FROM birth(of_lots, of_serials) AS b
     CROSS JOIN LATERAL (
        SELECT e.occurred_at, e.id, coalesce(e.stands_for, e.id) AS stands
          FROM (SELECT 0 AS level, b.parent_lot AS lot, b.parent_serial AS serial
                 UNION ALL
                SELECT 1, g.parent_lot, g.parent_serial
                  FROM birth(ARRAY[b.parent_lot], ARRAY[b.parent_serial]) AS g WHERE g.submission = b.submission) AS top
          JOIN ledger_event e ON e.lot = top.lot AND e.serial = top.serial
               AND e.submission = b.submission AND e.parts IS NOT NULL
         ORDER BY top.level, e.id LIMIT 1) AS t
$$;
COMMENT ON FUNCTION born IS 'The same with the record that listed the part; it is filed under the parent or the parent of that.';

CREATE FUNCTION refold_state(of_lots text[], of_serials integer[], of_until timestamptz[] DEFAULT NULL,
                             of_before uuid[] DEFAULT NULL)
RETURNS TABLE (place bigint, lot text, serial integer, stage smallint, holder integer, consignee integer, site integer,
               vehicle text, changed_at timestamptz, changed_by uuid)
LANGUAGE sql STABLE AS $$
    SELECT t.place, t.lot, t.serial,
        coalesce((array_agg(t.stage ORDER BY t.n DESC) FILTER (WHERE t.stage IS NOT NULL))[1], 0::smallint),
        (array_agg(CASE t.holder WHEN 'reporter' THEN t.reporter WHEN 'party' THEN t.party END ORDER BY t.n DESC)
            FILTER (WHERE t.holder IS NOT NULL))[1],
        (array_agg(CASE t.consignee WHEN 'party' THEN t.party END ORDER BY t.n DESC)
            FILTER (WHERE t.consignee IS NOT NULL))[1],
        (array_agg(CASE t.set_site WHEN 'site' THEN t.site END ORDER BY t.n DESC) FILTER (WHERE t.set_site IS NOT NULL))[1],
        (array_agg(CASE t.set_vehicle WHEN 'this' THEN t.vehicle END ORDER BY t.n DESC)
            FILTER (WHERE t.set_vehicle IS NOT NULL))[1],
        max(t.occurred_at),
        (array_agg(t.id ORDER BY t.n DESC))[1]
      FROM (
        SELECT o.place, e.lot, e.serial, e.id, e.occurred_at, e.reporter, e.party, e.site, e.vehicle,
               f.stage, f.holder, f.consignee, f.site AS set_site, f.vehicle AS set_vehicle,
               row_number() OVER (PARTITION BY o.place ORDER BY e.occurred_at, coalesce(e.stands_for, e.id), e.slot) AS n
          FROM unnest(of_lots, of_serials, of_until, of_before) WITH ORDINALITY AS o (lot, serial, until, before, place)
          JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial
               AND (o.until IS NULL OR e.occurred_at < o.until
                    OR (e.occurred_at = o.until AND (o.before IS NULL OR coalesce(e.stands_for, e.id) < o.before)))
          JOIN vocabulary_effect f ON f.kind = e.kind AND f.slot = e.slot
         WHERE {valid}) AS t
     GROUP BY t.place, t.lot, t.serial
$$;
COMMENT ON FUNCTION refold_state IS 'State of these objects from their events alone, up to a moment (null: now) and, at that '
    'moment, up to a record: for each attribute, what was set last.';

CREATE FUNCTION refold_spans(of_lots text[], of_serials integer[])
RETURNS TABLE (lot text, serial integer, parent_lot text, parent_serial integer,
               from_at timestamptz, from_by uuid, to_at timestamptz)
LANGUAGE sql STABLE AS $$
    WITH point AS (
        SELECT b.lot, b.serial, b.parent_lot, b.parent_serial, b.occurred_at, b.id, b.stands, true AS birth
          FROM born(of_lots, of_serials) AS b
         UNION ALL
        SELECT e.lot, e.serial, e.into_lot, e.into_serial, e.occurred_at, e.id, coalesce(e.stands_for, e.id), false
          FROM unnest(of_lots, of_serials) AS o (lot, serial)
          JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial
          JOIN vocabulary_effect f ON f.kind = e.kind AND f.slot = e.slot AND f.leaves
         WHERE {valid}
    ), spell AS (
        SELECT p.*, lead(p.occurred_at) OVER life AS until, row_number() OVER life AS n
          FROM point p WINDOW life AS (PARTITION BY p.lot, p.serial ORDER BY p.occurred_at, p.stands, p.birth)
    ), moved AS (
        SELECT s.lot, s.serial FROM spell s GROUP BY s.lot, s.serial
        HAVING bool_or(s.parent_lot IS NOT NULL AND NOT s.birth)
            OR count(DISTINCT (s.parent_lot, s.parent_serial)) FILTER (WHERE s.parent_lot IS NOT NULL) > 1
            OR max(s.n) FILTER (WHERE s.parent_lot IS NULL) > min(s.n) FILTER (WHERE s.parent_lot IS NOT NULL)
    )
    SELECT s.lot, s.serial, s.parent_lot, s.parent_serial, s.occurred_at, s.id, s.until
      FROM spell s JOIN moved m ON m.lot = s.lot AND m.serial = s.serial
     WHERE s.parent_lot IS NOT NULL
$$;
COMMENT ON FUNCTION refold_spans IS 'When each of these parts was inside which parent, from events and blocks alone; nothing '
    'for a part that is still where its tree put it.';
"""


class Migration(migrations.Migration):
    """Everything the ledger needs."""

    initial = True
    dependencies = [("registry", "__first__")]
    operations = [
        migrations.RunSQL(EVENT),
        migrations.RunSQL(FOLDS),
        migrations.RunSQL(FUNCTIONS.replace("{valid}", VALID)),
        migrations.RunSQL(grant_app("ledger_state", "ledger_block", "ledger_span", "ledger_daily")),
        migrations.RunSQL(grant_app("ledger_personal", verbs="DELETE")),
        migrations.RunSQL(grant_app("ledger_finding", verbs="UPDATE (void)")),
        migrations.RunSQL(grant_app("vocabulary_effect")),
    ]
