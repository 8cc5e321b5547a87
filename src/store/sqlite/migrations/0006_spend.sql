-- How routing saw a question (its tier, and why), and the part that its visitor has in an experiment.
ALTER TABLE answers ADD COLUMN tier TEXT;
ALTER TABLE answers ADD COLUMN route TEXT;
ALTER TABLE answers ADD COLUMN experiment TEXT;
ALTER TABLE answers ADD COLUMN arm TEXT;
CREATE INDEX answers_by_experiment ON answers (experiment, arm, asked_at) WHERE experiment IS NOT NULL;

-- What a call was made for: an answer, or something that no visitor sees.
ALTER TABLE calls ADD COLUMN purpose TEXT NOT NULL DEFAULT 'answer';

-- What a shadow said: nobody was shown it. It goes with the answer beside which it was asked.
CREATE TABLE shadows (
    answer        TEXT PRIMARY KEY REFERENCES answers (id) ON DELETE CASCADE,
    experiment    TEXT NOT NULL,
    model         TEXT,
    text          TEXT NOT NULL,
    finish        TEXT NOT NULL,
    cost_pico_usd INTEGER NOT NULL,
    first_word_ms INTEGER,
    total_ms      INTEGER NOT NULL,
    asked_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX shadows_by_experiment ON shadows (experiment, asked_at);

-- These hold every column that the overview and the ledger add up, so that a sum reads the index alone.
DROP INDEX answers_by_time;
CREATE INDEX answers_by_time ON answers (asked_at, site, origin, finish, cost_pico_usd, first_word_ms, prompt_tokens,
    completion_tokens, model);
DROP INDEX calls_by_time;
CREATE INDEX calls_by_time ON calls (ended_at, site, model, provider, purpose, outcome, cost_pico_usd, first_token_ms,
    prompt_tokens, completion_tokens);
