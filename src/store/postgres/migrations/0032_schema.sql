-- The schema as SQLite's migrations up to 0032 make it; what tables and columns hold is told there. Later migrations are added to both
-- engines with the same number. Names by which rows are sorted are sorted as SQLite sorts them.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE sites (
    key        TEXT COLLATE "C" PRIMARY KEY,
    secret     TEXT,
    name       TEXT NOT NULL,
    persona    TEXT NOT NULL,
    origins    TEXT NOT NULL,
    appearance TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    contact    TEXT NOT NULL DEFAULT ''
);

CREATE TABLE conversations (
    id         TEXT COLLATE "C" PRIMARY KEY,
    site       TEXT COLLATE "C" NOT NULL,
    visitor    TEXT,
    "user"     TEXT,
    started_at BIGINT NOT NULL,
    last_at    BIGINT NOT NULL
);

CREATE TABLE answers (
    id                TEXT COLLATE "C" PRIMARY KEY,
    conversation      TEXT COLLATE "C" NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    site              TEXT COLLATE "C" NOT NULL,
    question          TEXT NOT NULL,
    text              TEXT NOT NULL,
    origin            TEXT COLLATE "C" NOT NULL,
    finish            TEXT COLLATE "C" NOT NULL,
    sources           TEXT NOT NULL,
    model             TEXT COLLATE "C",
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    counted           BOOLEAN NOT NULL,
    cost_pico_usd     BIGINT NOT NULL,
    first_word_ms     BIGINT,
    total_ms          BIGINT NOT NULL,
    page_url          TEXT,
    page_title        TEXT,
    locale            TEXT NOT NULL,
    asked_at          BIGINT NOT NULL,
    reuse             TEXT,
    tier              TEXT,
    route             TEXT,
    experiment        TEXT COLLATE "C",
    arm               TEXT,
    doubts            TEXT NOT NULL DEFAULT '[]',
    baseline_pico_usd BIGINT,
    repeats           BIGINT
);
CREATE INDEX answers_by_conversation ON answers (conversation, asked_at);
CREATE INDEX answers_unanswered ON answers (asked_at) WHERE finish IN ('unanswered', 'failed');
CREATE INDEX answers_doubted ON answers (asked_at) WHERE doubts <> '[]';
CREATE INDEX answers_by_experiment ON answers (experiment, arm, asked_at) WHERE experiment IS NOT NULL;
CREATE INDEX answers_by_time ON answers (asked_at) INCLUDE (site, origin, finish, cost_pico_usd, first_word_ms, prompt_tokens,
    completion_tokens, model, baseline_pico_usd);

CREATE TABLE repeated (
    id      BIGINT PRIMARY KEY,
    text    TEXT NOT NULL,
    sources TEXT NOT NULL,
    reuse   TEXT,
    uses    BIGINT NOT NULL
);

CREATE FUNCTION repeated_no_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE repeated SET uses = uses - 1 WHERE id = OLD.repeats;
    DELETE FROM repeated WHERE id = OLD.repeats AND uses < 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER repeated_no_more AFTER DELETE ON answers FOR EACH ROW WHEN (OLD.repeats IS NOT NULL)
    EXECUTE FUNCTION repeated_no_more();

CREATE TABLE feedback (
    answer   TEXT COLLATE "C" PRIMARY KEY REFERENCES answers (id) ON DELETE CASCADE,
    rating   TEXT COLLATE "C" NOT NULL,
    comment  TEXT NOT NULL,
    given_at BIGINT NOT NULL
);
CREATE INDEX feedback_by_rating ON feedback (rating, given_at);

CREATE TABLE reviews (
    answer     TEXT COLLATE "C" PRIMARY KEY REFERENCES answers (id) ON DELETE CASCADE,
    note       TEXT NOT NULL,
    handled_at BIGINT
);

CREATE TABLE shadows (
    answer        TEXT COLLATE "C" PRIMARY KEY REFERENCES answers (id) ON DELETE CASCADE,
    experiment    TEXT COLLATE "C" NOT NULL,
    model         TEXT,
    text          TEXT NOT NULL,
    finish        TEXT NOT NULL,
    cost_pico_usd BIGINT NOT NULL,
    first_word_ms BIGINT,
    total_ms      BIGINT NOT NULL,
    asked_at      BIGINT NOT NULL
);
CREATE INDEX shadows_by_experiment ON shadows (experiment, asked_at);

CREATE TABLE operator (
    id            BIGINT PRIMARY KEY CHECK (id = 1),
    password_hash TEXT NOT NULL,
    set_at        BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash BYTEA PRIMARY KEY,
    csrf       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE TABLE calls (
    id                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    answer            TEXT COLLATE "C" NOT NULL,
    site              TEXT COLLATE "C" NOT NULL,
    provider          TEXT COLLATE "C" NOT NULL,
    model             TEXT COLLATE "C" NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    counted           BOOLEAN NOT NULL,
    cost_pico_usd     BIGINT NOT NULL,
    outcome           TEXT COLLATE "C" NOT NULL,
    first_token_ms    BIGINT,
    total_ms          BIGINT NOT NULL,
    ended_at          BIGINT NOT NULL,
    purpose           TEXT COLLATE "C" NOT NULL DEFAULT 'answer'
);
CREATE INDEX calls_by_answer ON calls (answer);
CREATE INDEX calls_by_time ON calls (ended_at) INCLUDE (site, model, provider, purpose, outcome, cost_pico_usd, first_token_ms,
    prompt_tokens, completion_tokens);

-- `process` is the number of the service that makes the call; see `writers`.
CREATE TABLE running_calls (
    id               BIGINT PRIMARY KEY,
    process          BIGINT NOT NULL,
    answer           TEXT NOT NULL,
    site             TEXT NOT NULL,
    provider         TEXT NOT NULL,
    model            TEXT NOT NULL,
    purpose          TEXT NOT NULL,
    at_most_pico_usd BIGINT NOT NULL,
    began_at         BIGINT NOT NULL
);

CREATE TABLE program_savings (
    hour           BIGINT NOT NULL,
    program        TEXT COLLATE "C" NOT NULL,
    answers        BIGINT NOT NULL,
    saved_pico_usd BIGINT NOT NULL,
    PRIMARY KEY (hour, program)
);

CREATE TABLE curated (
    id         TEXT COLLATE "C" PRIMARY KEY,
    site       TEXT COLLATE "C" NOT NULL,
    question   TEXT NOT NULL,
    text       TEXT NOT NULL,
    locale     TEXT NOT NULL,
    sources    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX curated_by_site ON curated (site, updated_at);

-- An index has no room for two long questions, but for their hashes.
CREATE TABLE rejected_pairs (
    site        TEXT COLLATE "C" NOT NULL,
    asked       TEXT NOT NULL,
    kept        TEXT NOT NULL,
    rejected_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX rejected_pairs_once ON rejected_pairs (site, hashtextextended(asked, 0), hashtextextended(kept, 0));

CREATE TABLE near_verdicts (
    pair      BYTEA PRIMARY KEY,
    answers   BOOLEAN NOT NULL,
    judged_at BIGINT NOT NULL
);
CREATE INDEX near_verdicts_by_time ON near_verdicts (judged_at);

CREATE TABLE documents (
    site       TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    url        TEXT NOT NULL,
    title      TEXT NOT NULL,
    locale     TEXT NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    source     TEXT COLLATE "C" NOT NULL,
    markdown   TEXT NOT NULL,
    version    TEXT NOT NULL,
    words      BIGINT NOT NULL,
    modified   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted    BOOLEAN NOT NULL DEFAULT FALSE,
    seq        BIGINT NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX documents_by_change ON documents (seq);

CREATE TABLE document_changes (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    seq    BIGINT NOT NULL
);
INSERT INTO document_changes VALUES (1, 0);

CREATE TABLE page_questions (
    site       TEXT COLLATE "C" NOT NULL,
    document   TEXT COLLATE "C" NOT NULL,
    fragment   TEXT NOT NULL,
    question   TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX page_questions_once ON page_questions (site, document, hashtextextended(fragment, 0),
    hashtextextended(question, 0));

CREATE TABLE syncs (
    id        BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    site      TEXT COLLATE "C" NOT NULL,
    source    TEXT NOT NULL,
    state     TEXT NOT NULL,
    note      TEXT NOT NULL,
    seen      BIGINT NOT NULL,
    expected  BIGINT NOT NULL,
    stored    BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    removed   BIGINT NOT NULL,
    failed    BIGINT NOT NULL,
    began_at  BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL
);
CREATE INDEX syncs_by_site ON syncs (site, id);

CREATE TABLE sync_troubles (
    id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync BIGINT NOT NULL REFERENCES syncs (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    why  TEXT NOT NULL
);
CREATE INDEX sync_troubles_by_sync ON sync_troubles (sync);

CREATE TABLE fetched (
    site          TEXT COLLATE "C" NOT NULL,
    url           TEXT NOT NULL,
    document      TEXT NOT NULL,
    etag          TEXT NOT NULL,
    last_modified TEXT NOT NULL
);
CREATE UNIQUE INDEX fetched_once ON fetched (site, hashtextextended(url, 0));

CREATE TABLE evaluations (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site          TEXT COLLATE "C" NOT NULL,
    began_at      BIGINT NOT NULL,
    questions     BIGINT NOT NULL,
    passed        BIGINT NOT NULL,
    good          BOOLEAN NOT NULL,
    cost_pico_usd BIGINT NOT NULL,
    report        TEXT NOT NULL
);
CREATE INDEX evaluations_by_site ON evaluations (site, id);

-- The last batch that each service wrote: when a connection breaks in the middle of a commit, this tells whether it was done.
CREATE TABLE writers (
    service    BIGINT PRIMARY KEY,
    batch      BIGINT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Conversations that a visitor deleted within the last hour: an answer that still runs, at whichever service, is not written.
CREATE TABLE deleted_conversations (
    conversation TEXT COLLATE "C" PRIMARY KEY,
    deleted_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);
