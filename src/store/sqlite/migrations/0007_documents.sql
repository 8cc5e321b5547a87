-- A site's content. A row with deleted = 1 is a tombstone: it holds nothing but when the document went, so that a late and
-- older version does not bring it back. `seq` grows with every change to any document; who follows it misses none.
CREATE TABLE documents (
    site       TEXT NOT NULL,
    id         TEXT NOT NULL,
    url        TEXT NOT NULL,
    title      TEXT NOT NULL,
    locale     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    -- Who brings it: plugin, upload, qa, or file:…, wxr:…, sitemap:… with what it was read from.
    source     TEXT NOT NULL,
    markdown   TEXT NOT NULL,
    -- Of title, address, language and text.
    version    TEXT NOT NULL,
    words      INTEGER NOT NULL,
    modified   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted    INTEGER NOT NULL DEFAULT 0,
    seq        INTEGER NOT NULL,
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX documents_by_change ON documents (seq);
CREATE INDEX documents_by_source ON documents (site, source);

CREATE TABLE document_changes (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL
) STRICT;
INSERT INTO document_changes VALUES (1, 0);
