-- Only the deletion of a site asked it, which may take a moment; every conversation paid for it.
DROP INDEX conversations_by_site;
