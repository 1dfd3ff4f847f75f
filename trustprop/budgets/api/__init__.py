"""How budgets are asked: documents and comments, changes in force, what lines have left."""

from trustprop.budgets.api import changes, documents, lines

handlers = [*documents.handlers, *changes.handlers, *lines.handlers]
