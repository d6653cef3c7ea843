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
"""

CLOCK = """
CREATE TABLE clock(             -- one row: what `bot.clock` said last
    one BIGINT PRIMARY KEY CHECK (one = 1),
    said DOUBLE PRECISION NOT NULL,     -- Unix time in seconds, as it was believed
    ticks DOUBLE PRECISION NOT NULL,    -- the machine's monotonic seconds then
    boot TEXT NOT NULL                  -- since which of its starts they count
);
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
)
