-- What answers say that are given again and again, from the cache or as the operator wrote them: it stands here once.
CREATE TABLE repeated (
    -- The beginning of a hash of what it says.
    id      INTEGER PRIMARY KEY,
    text    TEXT NOT NULL,
    sources TEXT NOT NULL,
    -- See answers.reuse.
    reuse   TEXT,
    -- At least so many answers say it.
    uses    INTEGER NOT NULL
) STRICT;
-- Where it is set, the answer's text, sources and reuse stand in that row of `repeated`; its own are empty.
ALTER TABLE answers ADD COLUMN repeats INTEGER;

-- What nobody says any more goes with the last answer that said it.
CREATE TRIGGER repeated_no_more AFTER DELETE ON answers WHEN old.repeats IS NOT NULL BEGIN
    UPDATE repeated SET uses = uses - 1 WHERE id = old.repeats;
    DELETE FROM repeated WHERE id = old.repeats AND uses < 1;
END;
