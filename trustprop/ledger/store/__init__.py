"""Statements of the books: the functions that write, and everything that reads."""
