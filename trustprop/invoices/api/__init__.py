"""How vendors, contracts and invoices are asked for over HTTP."""

from trustprop.invoices.api import contracts, invoices, vendors

handlers = [*vendors.handlers, *contracts.handlers, *invoices.handlers]
