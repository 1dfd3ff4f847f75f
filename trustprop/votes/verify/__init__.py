"""The offline check of a published count: needs the file, and nobody's word."""

from trustprop.votes.verify.check import verify_vote
from trustprop.votes.verify.report import Finding, Outcome, Report

__all__ = ["Finding", "Outcome", "Report", "verify_vote"]
