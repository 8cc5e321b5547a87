-- What models said of near matches: whether a stored answer answers another question, by the BLAKE3 hash of both and the answer.
CREATE TABLE near_verdicts (
    pair BLOB PRIMARY KEY,
    answers INTEGER NOT NULL,
    judged_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX near_verdicts_by_time ON near_verdicts (judged_at);
