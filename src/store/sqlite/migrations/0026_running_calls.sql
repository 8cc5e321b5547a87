-- Calls to models that are under way. A call's row goes when its line comes into the ledger; what is left after a kill is put
-- there at the next start, at what was set aside for it.
CREATE TABLE running_calls (
    id               INTEGER PRIMARY KEY,
    process          INTEGER NOT NULL,
    answer           TEXT NOT NULL,
    site             TEXT NOT NULL,
    provider         TEXT NOT NULL,
    model            TEXT NOT NULL,
    purpose          TEXT NOT NULL,
    at_most_pico_usd INTEGER NOT NULL,
    began_at         INTEGER NOT NULL
) STRICT;
