-- See SQLite's migration of this number.
CREATE TABLE encodings (
    hash       BYTEA PRIMARY KEY,
    vector     BYTEA NOT NULL,
    used_at_ms BIGINT NOT NULL
);
CREATE INDEX encodings_by_use ON encodings (used_at_ms);
