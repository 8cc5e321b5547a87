-- How content came in: one row each time that a source is read, and a line for everything that went wrong with it.
CREATE TABLE syncs (
    id        INTEGER PRIMARY KEY,
    site      TEXT NOT NULL,
    source    TEXT NOT NULL,
    state     TEXT NOT NULL,
    -- What it is at, or how it ended.
    note      TEXT NOT NULL,
    seen      INTEGER NOT NULL,
    expected  INTEGER NOT NULL,
    stored    INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    removed   INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    began_at  INTEGER NOT NULL,
    -- A sync that runs says so again and again; one that has been silent was cut off.
    seen_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX syncs_by_site ON syncs (site, id);

CREATE TABLE sync_troubles (
    id   INTEGER PRIMARY KEY,
    sync INTEGER NOT NULL REFERENCES syncs (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    why  TEXT NOT NULL
) STRICT;
CREATE INDEX sync_troubles_by_sync ON sync_troubles (sync);

-- What a web server said of a page when it was fetched last, to ask next time only whether it changed.
CREATE TABLE fetched (
    site          TEXT NOT NULL,
    url           TEXT NOT NULL,
    document      TEXT NOT NULL,
    etag          TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (site, url)
) STRICT, WITHOUT ROWID;
