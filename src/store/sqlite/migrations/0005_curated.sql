-- Answers that the operator wrote. Sources are a JSON list, as in answers.
CREATE TABLE curated (
    id         TEXT PRIMARY KEY,
    site       TEXT NOT NULL,
    question   TEXT NOT NULL,
    text       TEXT NOT NULL,
    -- Empty: for visitors of every language.
    locale     TEXT NOT NULL,
    sources    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX curated_by_site ON curated (site, updated_at);

-- How an answer that was had before came to be given again, as JSON: the question it was given to, how close, why.
ALTER TABLE answers ADD COLUMN reuse TEXT;

-- Pairs of questions of which a visitor said that the answer to one is none to the other.
CREATE TABLE rejected_pairs (
    site        TEXT NOT NULL,
    asked       TEXT NOT NULL,
    kept        TEXT NOT NULL,
    rejected_at INTEGER NOT NULL,
    PRIMARY KEY (site, asked, kept)
) STRICT, WITHOUT ROWID;
