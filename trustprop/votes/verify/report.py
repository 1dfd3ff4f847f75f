"""What an offline check of a count found, in plain words, and the count itself with its figures."""

from trustprop.kernel.struct import Fact
from trustprop.votes.model.counting import Majority, Question, Reading, Result, Weight

# code: what holds (zh, en), what does not (zh, en)
_WORDS = {
    "form": (
        ("数据格式完整，是规范字节。", "The data is complete and in its canonical form."),
        ("数据残缺或被改过：{detail}", "The data is damaged or was changed: {detail}"),
    ),
    "digest": (
        ("文件指纹与所给的一致：{detail}", "The file has the digest given: {detail}"),
        ("文件指纹与所给的不符：{detail}", "The file has another digest than the one given: {detail}"),
    ),
    "head": (
        ("表决事项、时间和计票规则完整。", "Questions, times and counting rules are complete."),
        ("表决事项、时间或计票规则有误：{detail}", "Questions, times or counting rules are wrong: {detail}"),
    ),
    "tree": (
        ("哈希树的根由全部各行算出：{detail}", "The root of the tree follows from its rows: {detail}"),
        ("哈希树的根对不上，算出的是：{detail}", "The root of the tree does not follow; what follows is: {detail}"),
    ),
    "register": (
        ("参与登记 {detail} 行，无重复，每行一票。", "The register has {detail} rows, none twice, each one head."),
        ("参与登记第 {detail} 行有误。", "Row {detail} of the register is wrong."),
    ),
    "slips": (
        ("匿名选票条 {detail} 张，无重复。", "There are {detail} slips, none twice."),
        ("第 {detail} 张匿名选票条有误。", "Slip {detail} is wrong."),
    ),
    "sums": (
        ("每项议题的匿名选票条合计等于参与登记合计。", "For every question the slips add up to the register."),
        ("第 {detail} 项议题的匿名选票条与参与登记对不上。", "In question {detail} slips and register do not agree."),
    ),
    "box": (
        ("参与登记人数不超过票箱票数和全体人数。", "The register is no longer than the box and the roll."),
        ("参与登记多于票箱或全体人数：{detail}", "The register is longer than the box or the roll: {detail}"),
    ),
    "roll": (
        ("参与面积和人数均不超过全体。", "Nowhere do more take part than there are on the roll."),
        ("第 {detail} 项议题的总数与全体名册不符。", "The totals of question {detail} are not those of the roll."),
    ),
    "results": (
        ("{detail} 个结果全部重新算出，各种口径一致。", "All {detail} results were computed again, in every reading."),
        ("结果重新计算后不符：{detail}", "This result is another when computed again: {detail}"),
    ),
    "seats": (
        ("当选人按得票重新排出，结果一致。", "The seats follow from the votes."),
        ("第 {detail} 项选举的当选人不符。", "The seats of election {detail} do not follow from the votes."),
    ),
    "hiding": (
        ("无记名议题中，相同的匿名选票条每组至少：{detail}", "Of the secret questions, the smallest group of slips that look alike: {detail}"),
        ("对无记名保护程度的说明不实：{detail}", "What is said of how slips hide is not so: {detail}"),
    ),
    "receipt": (
        ("回执属于这次表决。", "The receipt is of this vote."),
        ("回执不属于这次表决，或无法读取：{detail}", "The receipt is of another vote, or cannot be read: {detail}"),
    ),
    "receipt_row": (
        ("参与登记中有您的一行：{detail}", "Your row is in the register: {detail}"),
        ("参与登记中没有您的一行：{detail}", "Your row is not in the register: {detail}"),
    ),
    "receipt_place": (
        ("您的票是票箱中的第 {detail} 张。", "Your ballot is number {detail} in the box."),
        ("票箱与您的回执不符，序号：{detail}", "The box is not the one of your receipt, number {detail}"),
    ),
    "receipt_standing": (
        ("您的票：{detail}", "Your ballot: {detail}"),
        ("您的票：{detail}", "Your ballot: {detail}"),
    ),
    "receipt_choice": (
        ("您的选择：{detail}", "Your choice: {detail}"),
        ("匿名选票条中没有您的选择，或重量不符：{detail}", "Your choice is not among the slips, or weighs something else: {detail}"),
    ),
}  # fmt: skip

_TERMS = {
    "counted": ("计入", "counted"),
    "invalid": ("无效", "invalid"),
    "held": ("暂不计入，待共有人推选一人", "held until the co-owners appoint one"),
    "silent": ("未交回，按条款计入多数", "not returned; joins the majority by a clause"),
    "for": ("同意", "for"),
    "against": ("反对", "against"),
    "abstain": ("弃权", "abstain"),
}


class Finding(Fact):
    code: str
    holds: bool
    detail: str = ""
    term: str = ""
    """A standing or a choice, said before the detail."""

    def text(self, lang: str) -> str:
        zh = lang == "zh"
        words = _WORDS[self.code][0 if self.holds else 1][0 if zh else 1]
        term = _TERMS[self.term][0 if zh else 1] if self.term else ""
        return words.format(detail=" · ".join(part for part in (term, self.detail) if part))


class Outcome(Fact):
    """One result with the question it answers."""

    question: Question
    result: Result
    is_elected: bool

    def lines(self, lang: str) -> list[str]:
        zh, result = lang == "zh", self.result
        names = {one.candidate_id: one.name for one in self.question.candidates}
        name = names.get(result.candidate_id, "") if result.candidate_id else ""
        title = f"{self.question.position}. {self.question.title} {name}".rstrip()
        lines = [f"{title}: {self._verdict(zh)}", _reading(result.reading, zh)]
        majority = _MAJORITY[self.question.majority][0 if zh else 1]
        lines.append(f"   {majority} · {self.question.legal_basis}")
        if result.without_silent is not None:
            lines.append(_other(result.without_silent, zh, "不计默示多数", "without the silent"))
        if result.needs_legal_review:
            others = _other(
                result.otherwise_invalid, zh, "无效票另一口径", "invalid ballots otherwise"
            )
            lines += [others, "   需法律复核" if zh else "   needs legal review"]
        return lines

    def _verdict(self, zh: bool) -> str:
        if self.is_elected:
            return "当选" if zh else "elected"
        if self.result.candidate_id is not None and self.result.is_passed:
            return "达到两项过半数，未当选" if zh else "both majorities, not elected"
        if zh:
            return "通过" if self.result.is_passed else "未通过"
        return "passed" if self.result.is_passed else "not passed"


_MAJORITY = {
    Majority.ORDINARY: ("参与者过半数", "more than half of those taking part"),
    Majority.SPECIAL: ("参与者四分之三以上", "three quarters of those taking part"),
    Majority.UNANIMOUS: ("全体一致", "every interested owner"),
}


def _reading(reading: Reading, zh: bool) -> str:
    figures = [
        _weight(one, zh) for one in (reading.in_favour, reading.participating, reading.total)
    ]
    words = ("同意 {}；参与 {}；全体 {}", "for {}; taking part {}; entitled {}")
    return "   " + words[0 if zh else 1].format(*figures)


def _other(reading: Reading, zh: bool, chinese: str, english: str) -> str:
    verdict = ("通过", "passed") if reading.tally.is_passed else ("未通过", "not passed")
    label, said = (chinese, verdict[0]) if zh else (english, verdict[1])
    return f"   {label}: {said} ·{_reading(reading, zh)[2:]}"


def _weight(weight: Weight, zh: bool) -> str:
    square, hundredths = divmod(weight.area_dm2, 100)
    unit = "户" if zh else "heads"
    return f"{weight.heads} {unit} / {square:,}.{hundredths:02d} ㎡"


class Report(Fact):
    """Findings in the order of the check, and what the count says of every question."""

    vote_id: str
    digest: str
    """SHA-256 of the file: compare it with the one on the tally certificate."""
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def is_sound(self) -> bool:
        return all(finding.holds for finding in self.findings)

    @property
    def first_bad(self) -> Finding | None:
        return next((finding for finding in self.findings if not finding.holds), None)

    def text(self, lang: str) -> str:
        """Plain words, a line each; ``✓`` holds and ``✗`` does not."""
        lines = [f"{self.vote_id} · SHA-256 {self.digest}"]
        lines += [f"{'✓' if one.holds else '✗'} {one.text(lang)}" for one in self.findings]
        if self.is_sound:
            lines += [line for outcome in self.outcomes for line in outcome.lines(lang)]
        return "\n".join([*lines, _verdict(self.is_sound, lang)])


def _verdict(is_sound: bool, lang: str) -> str:
    if lang == "zh":
        return "结论：全部成立。" if is_sound else "结论：不成立，请勿采信。"
    return "All of it holds." if is_sound else "It does not hold: do not rely on it."
