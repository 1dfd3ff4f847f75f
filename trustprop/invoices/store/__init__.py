"""Statements over vendors, contracts and invoices."""
