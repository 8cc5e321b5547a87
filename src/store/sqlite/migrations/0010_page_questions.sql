-- Questions of visitors that a section of a page answers, as the operator said: the section is found by them, too.
CREATE TABLE page_questions (
    site       TEXT NOT NULL,
    document   TEXT NOT NULL,
    -- The section's fragment; empty for what stands above the first heading.
    fragment   TEXT NOT NULL,
    question   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (site, document, fragment, question)
) STRICT, WITHOUT ROWID;
