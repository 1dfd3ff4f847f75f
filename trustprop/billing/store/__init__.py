"""Statements over what homes and counterparties owe and pay."""
