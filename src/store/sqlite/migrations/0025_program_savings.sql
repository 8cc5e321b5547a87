-- What programs were given from the cache instead of asking a model again, added up by the hour: a program may be answered so
-- thousands of times a second.
CREATE TABLE program_savings (
    hour           INTEGER NOT NULL,
    program        TEXT NOT NULL,
    answers        INTEGER NOT NULL,
    saved_pico_usd INTEGER NOT NULL,
    PRIMARY KEY (hour, program)
) STRICT, WITHOUT ROWID;
