-- Runs of golden sets that were kept for the operator to see.
CREATE TABLE evaluations (
    id            INTEGER PRIMARY KEY,
    site          TEXT NOT NULL,
    -- Unix time in milliseconds.
    began_at      INTEGER NOT NULL,
    questions     INTEGER NOT NULL,
    passed        INTEGER NOT NULL,
    -- Whether as many passed as were wanted.
    good          INTEGER NOT NULL,
    cost_pico_usd INTEGER NOT NULL,
    -- As `pennypress eval --report` writes it.
    report        TEXT NOT NULL
) STRICT;
CREATE INDEX evaluations_by_site ON evaluations (site, id);
