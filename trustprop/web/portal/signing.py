"""What waits for a signature, what exactly would be signed, and signing it in the browser."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import cn2an
import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from trustprop.acts import rules as act_rules
from trustprop.acts import service as acts
from trustprop.acts.model import Act, ActState, DraftKeyActivation, RejectAct, SignAct
from trustprop.acts.service import Effects
from trustprop.disbursements import service as disbursements
from trustprop.disbursements.model import OrderDetail
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.identity.model import KeyState, ProveKey, SigningKey
from trustprop.kernel.caller import Caller
from trustprop.kernel.signatures import Scheme
from trustprop.plumbing.database import Database, Tx
from trustprop.web.portal.forms import Form, new_key
from trustprop.web.portal.pages import go, page
from trustprop.web.portal.visitor import Visitor

PAYMENT_ORDER = "payment-order"
MOST_WAITING = 100
ACTIVATION_VALID = timedelta(days=20)
KINDS = {
    PAYMENT_ORDER: ("付款", "Payment"),
    "resolution": ("确认决议记录", "Record of a decision"),
    "resolution-revocation": ("撤销决议", "Revocation of a decision"),
    "key-activation": ("启用签名密钥", "A new signing key"),
    "key-revocation": ("停用签名密钥", "A signing key revoked"),
    "key-replacement": ("更换签名密钥", "A signing key replaced"),
    "mandate": ("任职", "A person in office"),
    "mandate-end": ("离任", "A person leaving office"),
    "governing-text": ("治理文本", "A governing text"),
    "vendor-account": ("供应商收款账户", "A vendor's bank account"),
    "contract": ("合同", "A contract"),
    "payment-policy": ("付款规则", "The payment policy"),
    "bank-account": ("银行账户", "A bank account"),
    "budget-virement": ("预算内调剂", "Money moved between budget lines"),
    "budget-emergency": ("应急支出", "Emergency spending"),
    "opening-balances": ("期初余额", "Opening balances"),
    "alarm-clearance": ("银行警报说明", "An alarm explained"),
    "period-close": ("月度结账", "Close of a month"),
    "trust-instrument-amendment": ("修改信托文件", "The trust instrument amended"),
    act_rules.FOUNDING: ("设立", "Founding"),
}


@get("/", operation_id="page_home")
async def get_home(
    visitor: NamedDependency[Visitor], database: NamedDependency[Database]
) -> Response[bytes]:
    """Where everybody begins; who signs for a side sees first what waits for their signature."""
    caller = visitor.caller
    waiting: tuple[Act, ...] = ()
    if any(mandate.office.may_sign for mandate in caller.mandates):
        async with database.read(caller) as tx:
            waiting = await acts.acts(
                tx, caller, state=ActState.OPEN, waiting_for_me=True, limit=MOST_WAITING
            )
    shown = sorted(waiting, key=lambda act: (act.expires_at, act.act_id))
    return page("home.html", visitor, waiting=shown, kinds=KINDS, is_order=_is_order)


@get("/acts/{act_id:uuid}", operation_id="page_act")
async def get_act(
    act_id: FromPath[UUID],
    visitor: NamedDependency[Visitor],
    database: NamedDependency[Database],
) -> Response[bytes]:
    """All that a signer checks; the very bytes that are signed can be opened below it."""
    async with database.read(visitor.caller) as tx:
        act = await acts.get(tx, visitor.caller, act_id)
        order = await _order_of(tx, visitor.caller, act)
        keys = await _own_keys(tx, visitor.caller)
        people = await identity.people(tx, {one.person_id for one in act.signatures})
    return page(
        "act.html",
        visitor,
        act=act,
        order=order,
        kinds=KINDS,
        keys=[_findable(key) for key in keys if _is_ready(key)],
        people=people,
        code=check_code(act.digest),
        capitals=_capitals(order.order.body.amount_fen) if order else "",
        payload=msgspec.json.format(msgspec.json.encode(act.body), indent=2).decode(),
        may_sign=_may_sign(visitor.caller, act),
    )


@post("/acts/{act_id:uuid}/signature", operation_id="page_sign")
async def sign(
    act_id: FromPath[UUID],
    visitor: NamedDependency[Visitor],
    form: NamedDependency[Form],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    effects: NamedDependency[Effects],
) -> Response[Any]:
    """A signature made by the browser. Raises DigestChanged when the act changed under the page."""
    command = form.to(SignAct)
    async with database.begin(visitor.caller) as tx:
        await form.once(tx, acts.sign(tx, visitor.caller, act_id, command, effects))
    return go(request, f"{visitor.base}/acts/{act_id}")


@post("/acts/{act_id:uuid}/rejection", operation_id="page_reject")
async def reject(
    act_id: FromPath[UUID],
    visitor: NamedDependency[Visitor],
    form: NamedDependency[Form],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    effects: NamedDependency[Effects],
) -> Response[Any]:
    """A no, with its reason."""
    command = form.to(RejectAct)
    async with database.begin(visitor.caller) as tx:
        work = acts.reject(tx, visitor.caller, act_id, command.reason, effects)
        await form.once(tx, work)
    return go(request, f"{visitor.base}/acts/{act_id}")


@get("/keys", operation_id="page_keys")
async def get_keys(
    visitor: NamedDependency[Visitor], database: NamedDependency[Database]
) -> Response[bytes]:
    """My signing keys, and making one in this browser."""
    async with database.read(visitor.caller) as tx:
        keys = await _own_keys(tx, visitor.caller)
    return page("keys.html", visitor, keys=keys)


@post("/keys", operation_id="page_prove_key")
async def prove_key(
    visitor: NamedDependency[Visitor],
    form: NamedDependency[Form],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Enrols a key; whoever holds an office asks both sides to activate it in the same step."""
    command = form.to(ProveKey)
    async with database.begin(visitor.caller) as tx:
        await form.once(tx, _enrol(tx, visitor.caller, command))
    return go(request, f"{visitor.base}/keys")


@post("/keys/{key_id:str}/suspension", operation_id="page_suspend_key")
async def suspend_key(
    key_id: FromPath[str],
    visitor: NamedDependency[Visitor],
    form: NamedDependency[Form],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
) -> Response[Any]:
    """The phone is lost: its key signs nothing from now on."""
    async with database.begin(visitor.caller) as tx:
        await form.once(tx, identity.suspend_key(tx, visitor.caller, key_id))
    return go(request, f"{visitor.base}/keys")


async def _enrol(tx: Tx, caller: Caller, command: ProveKey) -> SigningKey:
    key = await identity.prove_key(tx, caller, command)
    if any(mandate.office.may_sign for mandate in caller.mandates):
        draft = DraftKeyActivation(
            id=new_key(), key_id=key.key_id, expires_at=caller.at + ACTIVATION_VALID
        )
        await acts.draft_key_activation(tx, caller, draft)
    return key


async def _own_keys(tx: Tx, caller: Caller) -> list[SigningKey]:
    if caller.person_id is None:
        raise identity_rules.PersonNeeded
    found = await identity.signing_keys(tx, caller)
    return [key for key in found if key.person_id == caller.person_id]


def _is_ready(key: SigningKey) -> bool:
    """Active, and held by a browser."""
    return key.state is KeyState.ACTIVE and key.scheme is not Scheme.ED25519


def _findable(key: SigningKey) -> dict[str, str]:
    """What a browser needs to find its key again."""
    return {
        "key_id": key.key_id,
        "scheme": key.scheme.value,
        "credential_id": (key.credential_id or b"").hex(),
    }


async def _order_of(tx: Tx, caller: Caller, act: Act) -> OrderDetail | None:
    return await disbursements.detail(tx, caller, act.subject_id) if _is_order(act) else None


def _is_order(act: Act) -> bool:
    return act.kind == PAYMENT_ORDER


def _may_sign(caller: Caller, act: Act) -> bool:
    """Whether it is worth showing the button; signing itself decides."""
    wanted = {requirement.party for requirement in act.missing}
    signed = {one.person_id for one in act.signatures}
    return (
        act.state is ActState.OPEN
        and caller.person_id not in signed
        and any(m.office.may_sign and m.party in wanted for m in caller.mandates)
    )


def check_code(digest: str) -> tuple[str, ...]:
    """Five groups of four digits from the digest: the same on any device that shows the same order."""
    return tuple(f"{int(digest[i : i + 8], 16) % 10_000:04d}" for i in range(0, 40, 8))


def _capitals(amount_fen: int) -> str:
    """大写金额, as cheques write it."""
    return str(cn2an.an2cn(f"{amount_fen // 100}.{amount_fen % 100:02d}", "rmb"))


handlers = [get_home, get_act, sign, reject, get_keys, prove_key, suspend_key]
