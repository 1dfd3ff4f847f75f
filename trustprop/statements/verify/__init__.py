"""The offline check of a published statement: needs the file, and nobody's word."""

from trustprop.statements.verify.check import verify
from trustprop.statements.verify.files import Unreadable, read_file, verify_file
from trustprop.statements.verify.kept import Kept, KeptEntry, compare
from trustprop.statements.verify.report import Finding, Report

__all__ = [
    "Finding",
    "Kept",
    "KeptEntry",
    "Report",
    "Unreadable",
    "compare",
    "read_file",
    "verify",
    "verify_file",
]
