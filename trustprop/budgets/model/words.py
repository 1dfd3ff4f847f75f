"""How a budget writes codes, titles, amounts and digests."""

from typing import Annotated

from msgspec import Meta

from trustprop.kernel.money import MAX_FEN

Code = Annotated[str, Meta(min_length=1, max_length=40)]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Prose = Annotated[str, Meta(max_length=4000)]
Reason = Annotated[str, Meta(min_length=1, max_length=4000)]
Fen = Annotated[int, Meta(ge=0, le=MAX_FEN)]
PositiveFen = Annotated[int, Meta(gt=0, le=MAX_FEN)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
