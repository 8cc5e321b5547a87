-- Times are Unix milliseconds, money is in millionths of a millionth of a US dollar, lists are JSON.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Sites that the operator created. Sites of the settings file are not here, which is why nothing refers to this table.
CREATE TABLE sites (
    key        TEXT PRIMARY KEY,
    secret     TEXT,
    name       TEXT NOT NULL,
    persona    TEXT NOT NULL,
    origins    TEXT NOT NULL,
    appearance TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE conversations (
    id         TEXT PRIMARY KEY,
    site       TEXT NOT NULL,
    visitor    TEXT,
    user       TEXT,
    started_at INTEGER NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_site ON conversations (site);

CREATE TABLE answers (
    id                TEXT PRIMARY KEY,
    conversation      TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    site              TEXT NOT NULL,
    question          TEXT NOT NULL,
    text              TEXT NOT NULL,
    origin            TEXT NOT NULL,
    finish            TEXT NOT NULL,
    sources           TEXT NOT NULL,
    model             TEXT,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    counted           INTEGER NOT NULL,
    cost_pico_usd     INTEGER NOT NULL,
    first_word_ms     INTEGER,
    total_ms          INTEGER NOT NULL,
    page_url          TEXT,
    page_title        TEXT,
    locale            TEXT NOT NULL,
    asked_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX answers_by_conversation ON answers (conversation, asked_at);
CREATE INDEX answers_by_time ON answers (asked_at);
CREATE INDEX answers_unanswered ON answers (asked_at) WHERE finish IN ('unanswered', 'failed');

-- The visitor's last word on an answer.
CREATE TABLE feedback (
    answer   TEXT PRIMARY KEY REFERENCES answers (id) ON DELETE CASCADE,
    rating   TEXT NOT NULL,
    comment  TEXT NOT NULL,
    given_at INTEGER NOT NULL
) STRICT;
CREATE INDEX feedback_by_rating ON feedback (rating, given_at);

-- What the operator did about an answer.
CREATE TABLE reviews (
    answer     TEXT PRIMARY KEY REFERENCES answers (id) ON DELETE CASCADE,
    note       TEXT NOT NULL,
    handled_at INTEGER
) STRICT;

CREATE TABLE operator (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    password_hash TEXT NOT NULL,
    set_at        INTEGER NOT NULL
) STRICT;

-- Only the hash of a session's token is kept: who reads this table cannot take over a session.
CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    csrf       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT;
