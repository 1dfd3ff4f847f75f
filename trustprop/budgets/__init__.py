"""The open budget: documents, adoption, changes, and what each line still has."""
