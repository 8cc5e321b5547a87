-- Sentences of an answer that its passages do not support, as a JSON array of {sentence, reason, detail}.
ALTER TABLE answers ADD COLUMN doubts TEXT NOT NULL DEFAULT '[]';
CREATE INDEX answers_doubted ON answers (asked_at) WHERE doubts <> '[]';
