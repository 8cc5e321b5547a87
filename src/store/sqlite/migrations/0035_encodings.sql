-- What the sentence encoder made of passages, by the beginning of a hash of what it read: 45 ms of work each.
CREATE TABLE encodings (
    hash       BLOB PRIMARY KEY,
    vector     BLOB NOT NULL,
    -- Unix time in milliseconds, to the day.
    used_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX encodings_by_use ON encodings (used_at_ms);
