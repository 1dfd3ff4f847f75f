"""Statements of payment orders, policies and bank files."""
