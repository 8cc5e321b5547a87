-- What the baseline model would have cost for an answer without a cache; NULL when that is not known.
ALTER TABLE answers ADD COLUMN baseline_pico_usd INTEGER;

-- It holds every column that the overview adds up, so that a sum reads the index alone.
DROP INDEX answers_by_time;
CREATE INDEX answers_by_time ON answers (asked_at, site, origin, finish, cost_pico_usd, first_word_ms, prompt_tokens,
    completion_tokens, model, baseline_pico_usd);
