"""Pages for people who are signed in: committee, firm, residents, supervisor."""
