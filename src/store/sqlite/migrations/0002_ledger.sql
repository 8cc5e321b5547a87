-- The ledger: every call to a model. It names no visitor and stays when a conversation is deleted, since it was paid for.
CREATE TABLE calls (
    id                INTEGER PRIMARY KEY,
    answer            TEXT NOT NULL,
    site              TEXT NOT NULL,
    provider          TEXT NOT NULL,
    model             TEXT NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    counted           INTEGER NOT NULL,
    cost_pico_usd     INTEGER NOT NULL,
    outcome           TEXT NOT NULL,
    first_token_ms    INTEGER,
    total_ms          INTEGER NOT NULL,
    ended_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX calls_by_time ON calls (ended_at);
CREATE INDEX calls_by_answer ON calls (answer);
