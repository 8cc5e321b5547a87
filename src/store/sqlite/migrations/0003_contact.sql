-- How a visitor reaches a person of the site; empty when there is no way.
ALTER TABLE sites ADD COLUMN contact TEXT NOT NULL DEFAULT '';
