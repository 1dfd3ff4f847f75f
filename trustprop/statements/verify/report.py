"""What an offline check found, in plain words."""

from trustprop.kernel.struct import Fact
from trustprop.statements.verify.chinese import chinese

# code: what holds (zh, en), what does not (zh, en)
_WORDS = {
    "form": (
        ("数据格式完整，是规范字节。", "The data is complete and in its canonical form."),
        ("数据残缺或被改过：{detail}", "The data is damaged or was changed: {detail}"),
    ),
    "digest": (
        ("报告指纹为 {detail}。", "The statement's digest is {detail}."),
        ("报告的内容与其指纹不符：{detail}", "The statement is not what its digest says: {detail}"),
    ),
    "note": (
        ("账本密钥 {detail} 对这份报告作了证明。", "The journal's key {detail} attests this statement."),
        ("账本密钥的证明不成立：{detail}", "The attestation by the journal's key does not hold: {detail}"),
    ),
    "entries": (
        ("{detail} 笔分录逐笔与账本叶哈希相符。", "All {detail} entries are what their leaves in the journal say."),
        ("第 {detail} 号分录被改过，或不在账本中。", "Entry {detail} was changed, or is not in the journal."),
    ),
    "memos": (
        ("公开的摘要与承诺值相符。", "The memos shown are the ones committed to."),
        ("第 {detail} 号分录的摘要被改过。", "The memo of entry {detail} was changed."),
    ),
    "root": (
        ("账本的根由全部叶哈希算出，为 {detail}。", "The journal's root follows from its leaves: {detail}."),
        ("账本的根对不上：{detail}", "The journal's root does not follow: {detail}"),
    ),
    "checkpoint": (
        ("账本封存的签名成立。", "The signature over the journal's seal holds."),
        ("账本封存的签名不成立：{detail}", "The signature over the journal's seal does not hold: {detail}"),
    ),
    "balanced": (
        ("每笔分录在总额和每个基金内都平衡，都在当月。", "Every entry balances, in total and in each fund, and is of this month."),
        ("第 {detail} 号分录不平衡，或不属于当月。", "Entry {detail} does not balance, or is not of this month."),
    ),
    "balances": (
        ("期初余额加全部分录等于期末余额。", "Opening balances and entries add up to the closing balances."),
        ("期末余额对不上：{detail}", "The closing balances do not follow: {detail}"),
    ),
    "figures": (
        ("报告的数字都能由分录重新算出。", "The statement's figures follow from the entries."),
        ("这一部分的数字与分录不符：{detail}", "The figures of this section do not follow from the entries: {detail}"),
    ),
    "payments": (
        ("{detail} 笔付款都有两方签名，内容与分录一致。", "All {detail} payments carry the signatures of both sides over exactly what was posted."),
        ("付款有问题：{detail}", "A payment does not hold: {detail}"),
    ),
    "close": (
        ("结账由双方签名，签的正是这些数字和这个根。", "Both sides signed the close, over these very figures and this root."),
        ("结账签名不成立：{detail}", "The signatures of the close do not hold: {detail}"),
    ),
    "keys": (
        ("用到的签名密钥（请与小区公布的核对）：{detail}", "Keys that signed (compare them with those the compound has published): {detail}"),
        ("{detail}", "{detail}"),
    ),
    "kept_edition": (
        ("数据库里的报告与发布的一字不差。", "The database holds the statement as it was published."),
        ("数据库里的报告不是发布的那份：{detail}", "The database does not hold the statement as published: {detail}"),
    ),
    "kept_entries": (
        ("数据库里的 {detail} 笔分录与发布的账本叶逐笔相符。", "All {detail} entries in the database are what the published leaves say."),
        ("数据库里第 {detail} 号分录缺失、被改过，或是封存后补入的。", "Entry {detail} in the database is missing, changed, or was put in behind the seal."),
    ),
    "kept_tree": (
        ("数据库里的哈希树与发布的根相符：{detail}", "The tree in the database leads to the published root: {detail}"),
        ("数据库里的哈希树对不上，涉及分录：{detail}", "The tree in the database does not hold, over entries: {detail}"),
    ),
    "kept_balances": (
        ("数据库里封存的余额与发布的相符。", "The balances sealed in the database are those published."),
        ("数据库里封存的余额与发布的不符：{detail}", "A balance sealed in the database is not the one published: {detail}"),
    ),
    "kept_acts": (
        ("数据库里 {detail} 份已签署的文件，签名全部成立，与发布的一致。", "All {detail} signed acts in the database carry good signatures, and those published are unchanged."),
        ("数据库里的签署文件不成立：{detail}", "A signed act in the database does not hold: {detail}"),
    ),
    "kept_payees": (
        ("数据库里 {detail} 个收款方与双方签署的一致。", "All {detail} payees in the database are those that both sides signed for."),
        ("数据库里的收款方不成立：{detail}", "A payee in the database does not hold: {detail}"),
    ),
    "kept_resolutions": (
        ("数据库里 {detail} 份决议与双方签署的一致。", "All {detail} resolutions in the database are what both sides signed."),
        ("数据库里的决议不是双方签署的内容：{detail}", "A resolution in the database is not what both sides signed: {detail}"),
    ),
    "integrity": (
        ("数据库的 {detail} 项完整性查询全部通过。", "All {detail} integrity queries of the database hold."),
        ("数据库的完整性查询不通过：{detail}", "Integrity queries of the database fail: {detail}"),
    ),
}  # fmt: skip


class Finding(Fact):
    code: str
    holds: bool
    detail: str = ""

    def text(self, lang: str) -> str:
        words = _WORDS[self.code][0 if self.holds else 1]
        if lang == "zh":
            return words[0].format(detail=self.detail if self.holds else chinese(self.detail))
        return words[1].format(detail=self.detail)


class Report(Fact):
    """Findings in the order of the check; the first that does not hold is the one to read."""

    number: str
    period: str
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        return all(finding.holds for finding in self.findings)

    @property
    def first_bad(self) -> Finding | None:
        return next((finding for finding in self.findings if not finding.holds), None)

    def text(self, lang: str) -> str:
        """Plain words, a line each; ``✓`` holds and ``✗`` does not."""
        lines = [
            f"{'✓' if finding.holds else '✗'} {finding.text(lang)}" for finding in self.findings
        ]
        return "\n".join([f"{self.number} · {self.period}", *lines, _verdict(self.is_sound, lang)])


def _verdict(is_sound: bool, lang: str) -> str:
    if lang == "zh":
        return "结论：全部成立。" if is_sound else "结论：不成立，请勿采信。"
    return "All of it holds." if is_sound else "It does not hold: do not rely on it."
