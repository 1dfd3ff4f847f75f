"""The portal's routes, all below one compound, with their own way of saying no."""

from litestar import Router
from litestar.di import Provide

from trustprop.web.portal import entrance, signing
from trustprop.web.portal.forms import provide_form
from trustprop.web.portal.refusals import HANDLERS
from trustprop.web.portal.visitor import provide_page_caller, provide_visitor

router = Router(
    "/c/{compound_id:uuid}",
    route_handlers=[*entrance.handlers, *signing.handlers],
    dependencies={
        "visitor": Provide(provide_visitor),
        "caller": Provide(provide_page_caller),
        "form": Provide(provide_form),
    },
    exception_handlers=HANDLERS,
    include_in_schema=False,
)
