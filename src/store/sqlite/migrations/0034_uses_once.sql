-- An answer that is written again was counted again: what it said stayed for ever, since nobody was left to say it no more.
UPDATE repeated SET uses = said.times
    FROM (SELECT repeats, count(*) AS times FROM answers WHERE repeats IS NOT NULL GROUP BY repeats) AS said
    WHERE said.repeats = repeated.id;
DELETE FROM repeated WHERE id NOT IN (SELECT repeats FROM answers WHERE repeats IS NOT NULL);

-- Whoever writes answers counts each of them, so an answer that takes the place of itself gives back what it was counted for before.
CREATE TRIGGER repeated_again AFTER UPDATE OF repeats ON answers WHEN old.repeats IS NOT NULL BEGIN
    UPDATE repeated SET uses = uses - 1 WHERE id = old.repeats;
    DELETE FROM repeated WHERE id = old.repeats AND uses < 1;
END;
