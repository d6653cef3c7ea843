"""What the database holds, as numbered steps from nothing to now.

A step that was released is never edited: the next one changes what it made. The words
are ones that SQLite and PostgreSQL share.
"""

FIRST = """
CREATE TABLE jobs(
    id TEXT PRIMARY KEY,
    event TEXT UNIQUE,          -- the chat's own key of what was clicked or typed
    person TEXT NOT NULL,       -- chat:id
    chat TEXT NOT NULL,
    workspace TEXT NOT NULL,
    place TEXT NOT NULL,        -- JSON of a Place
    provider TEXT NOT NULL,
    ref TEXT,                   -- the provider's own id
    state TEXT NOT NULL,
    request TEXT NOT NULL,      -- JSON of a RenderRequest
    details TEXT NOT NULL,      -- JSON of what changes on the way
    units BIGINT NOT NULL,
    micros BIGINT NOT NULL,
    run BIGINT NOT NULL DEFAULT 0,
    cancel BIGINT NOT NULL DEFAULT 0,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX jobs_ref ON jobs(provider, ref);
CREATE INDEX jobs_live ON jobs(state, provider, person, created)
    WHERE state NOT IN ('done', 'failed', 'cancelled');
CREATE INDEX jobs_person ON jobs(person, created);

CREATE TABLE ledger(
    job TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    chat TEXT NOT NULL,
    workspace TEXT NOT NULL,
    units BIGINT NOT NULL,
    micros BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('held', 'charged', 'returned')),
    note TEXT,                  -- for the owner: 'may have been billed'
    held_at DOUBLE PRECISION NOT NULL,
    settled_at DOUBLE PRECISION
);
CREATE INDEX ledger_person ON ledger(person, held_at);
CREATE INDEX ledger_workspace ON ledger(chat, workspace, held_at);
CREATE INDEX ledger_month ON ledger(held_at) WHERE micros > 0;

CREATE TABLE overrides(
    person TEXT PRIMARY KEY,
    units BIGINT                -- a day; NULL is without limit
);

CREATE TABLE clips(
    id TEXT PRIMARY KEY,        -- that of its job
    person TEXT NOT NULL,
    parent TEXT,
    media TEXT NOT NULL,
    details TEXT NOT NULL,      -- JSON of a Clip
    created DOUBLE PRECISION NOT NULL
);
CREATE INDEX clips_person ON clips(person, created);
CREATE INDEX clips_parent ON clips(parent);

CREATE TABLE deliveries(
    key TEXT PRIMARY KEY,       -- one per clip and place; a chat never posts it twice
    job TEXT NOT NULL,
    place TEXT NOT NULL,
    message TEXT,               -- NULL until it was posted
    trouble TEXT,               -- why it was not
    at DOUBLE PRECISION NOT NULL
);
CREATE INDEX deliveries_job ON deliveries(job);

CREATE TABLE anchors(
    chat TEXT NOT NULL,
    channel TEXT NOT NULL,
    message TEXT NOT NULL,
    clip TEXT NOT NULL,
    PRIMARY KEY (chat, channel, message)
);
CREATE INDEX anchors_clip ON anchors(clip);
"""

CHATS = """
ALTER TABLE jobs ADD COLUMN card TEXT;  -- the chat's id of the message that shows it
UPDATE jobs SET details = json_set(details, '$.error', json_object(
    'sentence', json_extract(details, '$.error[0]'),
    'hint', json_extract(details, '$.error[1]')))
    WHERE json_type(details, '$.error') = 'array';

ALTER TABLE overrides RENAME TO everywhere;
CREATE TABLE overrides(
    person TEXT NOT NULL,
    workspace TEXT NOT NULL,    -- chat:id where it counts; empty is everywhere
    units BIGINT,               -- a day; NULL is without limit
    PRIMARY KEY (person, workspace)
);
INSERT INTO overrides SELECT person, '', units FROM everywhere;
DROP TABLE everywhere;

CREATE TABLE notes(             -- small facts that outlive a restart
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL
);
"""

SECRETS = """
CREATE TABLE secrets(
    name TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,       -- opened by `bot.vault` alone
    at DOUBLE PRECISION NOT NULL
);
"""

PROGRAMS = """
CREATE TABLE keys(              -- what lets programs in
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE, -- SHA-256 in hex; the key itself is nowhere
    created DOUBLE PRECISION NOT NULL
);
CREATE TABLE outbox(            -- calls to the owner's address that were not heard yet
    job TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    made DOUBLE PRECISION NOT NULL,
    tries BIGINT NOT NULL,
    due DOUBLE PRECISION NOT NULL
);
"""

CHARACTERS = """
CREATE TABLE characters(
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL,       -- chat:id
    name TEXT NOT NULL,
    media TEXT NOT NULL,        -- key of the MP4 that shows it
    created DOUBLE PRECISION NOT NULL
);
"""

CANCELS = """
ALTER TABLE ledger ADD COLUMN cancelled_at DOUBLE PRECISION; -- by its own person
CREATE INDEX ledger_cancels ON ledger(person, cancelled_at)
    WHERE cancelled_at IS NOT NULL;
"""

UPLOADS = """
CREATE TABLE uploads(           -- pictures that programs send ahead of their orders
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL,       -- chat:id
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    media TEXT NOT NULL,        -- key of the still
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    expires DOUBLE PRECISION NOT NULL
);
CREATE INDEX uploads_person ON uploads(person, expires);
CREATE INDEX uploads_expires ON uploads(expires);
CREATE INDEX uploads_media ON uploads(media);
"""

CLOCK = """
CREATE TABLE clock(             -- one row: what `bot.clock` said last
    one BIGINT PRIMARY KEY CHECK (one = 1),
    said DOUBLE PRECISION NOT NULL,     -- Unix time in seconds, as it was believed
    ticks DOUBLE PRECISION NOT NULL,    -- the machine's monotonic seconds then
    boot TEXT NOT NULL                  -- since which of its starts they count
);
"""

# What SQLite cannot prove to be in an index is looked for in the whole table, so each
# of these has the very words of the statements that it is for. A damaged row has no
# keys; it is still in the table.
POSTER = "CASE WHEN json_valid(details) THEN json_extract(details, '$.poster') END"
LAST_FRAME = (
    "CASE WHEN json_valid(details) THEN json_extract(details, '$.last_frame') END"
)
CLIP_STILL = (
    "CASE WHEN json_valid(details) THEN json_extract(details, '$.request.still') END"
)
JOB_STILL = "CASE WHEN json_valid(request) THEN json_extract(request, '$.still') END"
JOB_LAST = "CASE WHEN json_valid(request) THEN json_extract(request, '$.last') END"
BUSY = "('submitting', 'rendering', 'fetching', 'finishing', 'delivering')"
ENDED = "('done', 'failed', 'cancelled')"

SCALE = f"""
DROP INDEX jobs_live;
CREATE INDEX jobs_waiting ON jobs(state, provider, created, person)
    WHERE state = 'queued';
CREATE INDEX jobs_busy ON jobs(state, person, provider, created)
    WHERE state IN {BUSY};
CREATE INDEX jobs_done ON jobs(provider, updated) WHERE state = 'done';
CREATE INDEX jobs_ended ON jobs(updated) WHERE state IN {ENDED};
CREATE INDEX jobs_cards ON jobs(chat, updated) WHERE card IS NOT NULL;
CREATE INDEX jobs_provider ON jobs(provider, created, ref);
CREATE INDEX jobs_still ON jobs({JOB_STILL}) WHERE {JOB_STILL} IS NOT NULL;
CREATE INDEX jobs_last ON jobs({JOB_LAST}) WHERE {JOB_LAST} IS NOT NULL;

CREATE INDEX clips_created ON clips(created);
CREATE INDEX clips_media ON clips(media);
CREATE INDEX clips_poster ON clips({POSTER});
CREATE INDEX clips_last_frame ON clips({LAST_FRAME});
CREATE INDEX clips_still ON clips({CLIP_STILL}) WHERE {CLIP_STILL} IS NOT NULL;
CREATE INDEX characters_media ON characters(media);
CREATE INDEX characters_person ON characters(person);

DROP INDEX ledger_person;
DROP INDEX ledger_workspace;
DROP INDEX ledger_month;
CREATE INDEX ledger_person ON ledger(person, held_at, kind, note, units, micros);
CREATE INDEX ledger_workspace ON ledger(chat, workspace, held_at, kind, note, units);
CREATE INDEX ledger_kind ON ledger(person, kind, held_at);
CREATE INDEX outbox_due ON outbox(due, made);

CREATE TABLE spending(          -- money of each UTC day, summed up from the ledger
    day BIGINT PRIMARY KEY,     -- days since 1970
    micros BIGINT NOT NULL
);
INSERT INTO spending SELECT CAST(held_at / 86400 AS BIGINT), sum(micros) FROM ledger
    WHERE micros > 0 AND (kind <> 'returned' OR note IS NOT NULL) GROUP BY 1;
CREATE TRIGGER ledger_added AFTER INSERT ON ledger
    WHEN NEW.micros > 0 AND (NEW.kind <> 'returned' OR NEW.note IS NOT NULL) BEGIN
    INSERT INTO spending VALUES(CAST(NEW.held_at / 86400 AS BIGINT), NEW.micros)
        ON CONFLICT(day) DO UPDATE SET micros = micros + excluded.micros;
END;
CREATE TRIGGER ledger_removed AFTER DELETE ON ledger
    WHEN OLD.micros > 0 AND (OLD.kind <> 'returned' OR OLD.note IS NOT NULL) BEGIN
    UPDATE spending SET micros = micros - OLD.micros
        WHERE day = CAST(OLD.held_at / 86400 AS BIGINT);
END;
CREATE TRIGGER ledger_left AFTER UPDATE ON ledger
    WHEN OLD.micros > 0 AND (OLD.kind <> 'returned' OR OLD.note IS NOT NULL) BEGIN
    UPDATE spending SET micros = micros - OLD.micros
        WHERE day = CAST(OLD.held_at / 86400 AS BIGINT);
END;
CREATE TRIGGER ledger_entered AFTER UPDATE ON ledger
    WHEN NEW.micros > 0 AND (NEW.kind <> 'returned' OR NEW.note IS NOT NULL) BEGIN
    INSERT INTO spending VALUES(CAST(NEW.held_at / 86400 AS BIGINT), NEW.micros)
        ON CONFLICT(day) DO UPDATE SET micros = micros + excluded.micros;
END;
"""

# Of rows that know nothing of an order which may have left all the same.
MAYBE_ORDERED = """
UPDATE jobs SET details = json_set(details, '$.orders',
        max(1, coalesce(json_extract(details, '$.orders'), 0)))
    WHERE state IN ('queued', 'submitting') AND ref IS NULL AND json_valid(details);
"""
# Rows of before `orders` was written ahead of each order.
ORDERS = MAYBE_ORDERED.replace("('queued', 'submitting')", "('submitting')")

KNOWN = """
CREATE INDEX jobs_known ON jobs(provider, updated, ref) WHERE ref IS NOT NULL;
"""

MIGRATIONS: tuple[str, ...] = (
    FIRST,
    CHATS,
    SECRETS,
    PROGRAMS,
    CHARACTERS,
    CANCELS,
    UPLOADS,
    CLOCK,
    SCALE,
    ORDERS,
    KNOWN,
)
