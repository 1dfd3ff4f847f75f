"""How budgets are fetched and kept: documents, the control of lines, changes."""
