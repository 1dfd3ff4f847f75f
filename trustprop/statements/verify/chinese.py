"""The details of an offline check in Chinese; the check itself words them in English."""

import re
from collections.abc import Callable

_PARTIES = {"trustee": "受托方", "owners": "业主方"}
_SECTIONS = {
    "summary": "摘要", "activities": "收入与支出", "budget": "预算执行", "funds": "各基金余额",
    "transfers": "基金划转", "banks": "银行账户", "in_transit_fen": "支付通道在途",
    "payments": "付款", "payments_threshold_fen": "付款门槛", "receivables": "应收", "ageing": "账龄",
    "collected_fen": "收缴率", "billed_fen": "收缴率", "revenue_contracts": "公共收益",
    "payables": "应付", "commitments": "已占用的合同", "remuneration": "受托人酬金",
    "maintenance_fund": "专项维修资金", "questions": "提问与答复", "decisions": "决议的执行",
    "corrections": "更正", "tie_outs": "结账核对", "period": "期间",
}  # fmt: skip
_SIGNED = {
    "period": "期间", "tree_size": "账本大小", "root": "账本的根",
    "trial_balance_digest": "试算平衡", "figures_digest": "报告数字",
}  # fmt: skip
_OF_ACTS = {"kind": "种类", "digest": "指纹", "signatures": "签名"}
_WHOLE = {
    "the note attests another statement": "它证明的是另一份报告",
    "it seals another journal": "它封存的是另一个账本",
    "the tree sealed before": "上次封存的账本不符",
    "the number of leaves": "叶的数目不符",
    "the root sealed before": "上次封存的根不符",
    "the size of the tree": "账本的大小不符",
    "an account is missing": "缺少科目",
    "two acts for one entry": "一笔分录有两份签署文件",
    "money left without an order": "钱付出去了，却没有双方签名的付款单",
    "no such entry": "没有这笔分录",
    "the payload is not what was signed": "内容与签署的不一致",
    "the payload is of another act": "内容属于另一份文件",
    "one key signed twice": "同一把密钥签了两次",
    "the entry names another act": "分录指向另一份签署文件",
    "the amount signed is not the amount posted": "签署的金额与入账的金额不同",
    "signed was another bank account or fund": "签署的是另一个银行账户或基金",
    "the statement does not show it": "报告没有列出它",
    "the statement shows other signers": "报告列出的签名人不同",
    "the statement shows another amount": "报告列出的金额不同",
    "the statement shows another payee or purpose": "报告列出的收款方或用途不同",
    "it is not the act of a close": "这不是结账的签署文件",
    "it names other signers": "列出的签名人不同",
    "not signed by this key": "不是这把密钥签的",
    "the signature does not verify": "签名不成立",
    "not a note": "证明的格式不对",
    "not in canonical form": "不是规范字节",
    "the database does not hold it": "数据库里没有这份报告",
    "the root sealed with the month": "随月份封存的根",
    "the payee is not the one signed for": "收款方不是签署时的那一个",
}


def chinese(detail: str) -> str:
    """The same in Chinese; identifiers, digests and places stay as they are."""
    for pattern, say in _PATTERNS:
        found = re.fullmatch(pattern, detail, re.DOTALL)
        if found:
            return say(found)
    return _WHOLE.get(detail) or _SECTIONS.get(detail) or detail


_PATTERNS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"entry (\S+): (.+)", lambda found: f"第 {found[1]} 号分录：{chinese(found[2])}"),
    (
        r"a signature of (\w+) is missing",
        lambda found: f"缺少{_PARTIES.get(found[1], found[1])}的签名",
    ),
    (
        r"the signature of (\w+) (\w+) does not verify",
        lambda found: f"{found[1]} 的签名（密钥 {found[2]}）不成立",
    ),
    (
        r"act (\S+) is not there, or not signed",
        lambda found: f"签署文件 {found[1]} 不在，或没有签署",
    ),
    (
        r"the (\w+) of act (\S+) was changed",
        lambda found: f"签署文件 {found[2]} 的{_OF_ACTS.get(found[1], found[1])}被改过",
    ),
    (
        r"act (\S+) \((\S+)\): (.+)",
        lambda found: f"签署文件 {found[1]}（{found[2]}）：{chinese(found[3])}",
    ),
    (
        r"signed was another (\w+)",
        lambda found: f"签署的是另一个{_SIGNED.get(found[1], found[1])}",
    ),
)
