"""The offline check of a published statement: needs the file, and nobody's word."""

from trustprop.statements.verify.check import verify
from trustprop.statements.verify.files import Unreadable, verify_file
from trustprop.statements.verify.report import Finding, Report

__all__ = ["Finding", "Report", "Unreadable", "verify", "verify_file"]
