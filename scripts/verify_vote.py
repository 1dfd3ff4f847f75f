#!/usr/bin/env python3
"""Recomputes the published count of an owners' vote. Needs Python 3.11 and nothing else.

    python3 verify_vote.py vote.json [--receipt receipt.json] [--digest SHA-256] [--lang zh|en]

Exit code 0: everything that the file says follows from its own rows. 1: it does not. 2: wrong use.
The format is described in docs/verify-vote.md. 本程序独立于公布计票结果的系统，只用 Python 标准库。
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FORMAT = "trustprop/vote/v1"
CHOICES = ("for", "against", "abstain")
STANDINGS = ("counted", "invalid", "held", "silent")

Shape = Callable[[Any], bool]
Item = tuple[str, "str | None"]
Slips = dict[Item, "list[dict[str, Any]]"]


class Fault(Exception):
    """What does not hold: Chinese, English, where."""

    def __init__(self, zh: str, en: str, where: object = "") -> None:
        super().__init__(en)
        self.zh, self.en, self.where = zh, en, where


# The form: exactly these names and types, in exactly these bytes


def whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def text(value: Any) -> bool:
    return type(value) is str


def truth(value: Any) -> bool:
    return type(value) is bool


def matches(pattern: str) -> Shape:
    compiled = re.compile(pattern)
    return lambda value: type(value) is str and compiled.fullmatch(value) is not None


def one_of(*values: str) -> Shape:
    return lambda value: type(value) is str and value in values


def maybe(shape: Any) -> Shape:
    return lambda value: value is None or fits(value, shape)


def day(value: Any) -> bool:
    return matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")(value) and parses(value, "%Y-%m-%d")


def instant(value: Any) -> bool:
    if matches(r"[0-9T:-]{19}Z")(value):
        return parses(value, "%Y-%m-%dT%H:%M:%SZ")
    return matches(r"[0-9T:-]{19}\.[0-9]{6}Z")(value) and parses(value, "%Y-%m-%dT%H:%M:%S.%fZ")


def parses(value: Any, layout: str) -> bool:
    try:
        datetime.strptime(value, layout).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def fits(value: Any, shape: Any) -> bool:
    """A dictionary shape wants exactly its names; a list shape wants its one form in every place."""
    if isinstance(shape, dict):
        return (
            type(value) is dict
            and value.keys() == shape.keys()
            and all(fits(value[name], inner) for name, inner in shape.items())
        )
    if isinstance(shape, list):
        return type(value) is list and all(fits(item, shape[0]) for item in value)
    return shape(value)


HEX = matches(r"[0-9a-f]{64}")
UUID = matches(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
WEIGHT = {"heads": whole, "area_dm2": whole}
BASIS = {"text_id": UUID, "text_version": whole, "clause": text}
POLICY = {
    "invalid_ballots": one_of("take_no_part", "take_part"),
    "invalid_ballots_basis": maybe(BASIS),
    "silent_majority": maybe(BASIS),
    "silent_majority_on_special": truth,
    "has_parking": truth,
    "parking_basis": maybe(BASIS),
    "proxies_per_holder": whole,
}
QUESTION = {
    "question_id": UUID,
    "position": whole,
    "kind": one_of("motion", "election"),
    "title": text,
    "majority": one_of("ordinary", "special", "unanimous"),
    "legal_basis": text,
    "building": text,
    "stair": text,
    "is_secret": truth,
    "seats": whole,
    "candidates": [{"candidate_id": UUID, "name": text}],
}
HEAD = {
    "type": one_of(FORMAT),
    "compound_id": UUID,
    "vote_id": UUID,
    "subject_id": UUID,
    "is_rehearsal": truth,
    "record_on": day,
    "opens_at": instant,
    "closes_at": instant,
    "counted_at": instant,
    "roll": {"digest": HEX, "heads": whole, "area_dm2": whole},
    "policy": POLICY,
    "questions": [QUESTION],
    "box": {"size": whole, "head": HEX},
}
ROW = {"commitment": HEX, "standing": one_of(*STANDINGS), "weights": [WEIGHT]}
SLIP = {
    "id": HEX,
    "question_id": UUID,
    "candidate_id": maybe(UUID),
    "choice": one_of(*CHOICES),
    "heads": whole,
    "area_dm2": whole,
}
READING = {
    "total": WEIGHT,
    "participating": WEIGHT,
    "in_favour": WEIGHT,
    "tally": {
        "quorum_area": truth,
        "quorum_heads": truth,
        "majority_area": truth,
        "majority_heads": truth,
    },
}
RESULT = {
    "question_id": UUID,
    "candidate_id": maybe(UUID),
    "total": WEIGHT,
    "in_favour": WEIGHT,
    "against": WEIGHT,
    "abstaining": WEIGHT,
    "invalid": WEIGHT,
    "held": WEIGHT,
    "silent": WEIGHT,
    "reading": READING,
    "otherwise_invalid": READING,
    "without_silent": maybe(READING),
    "is_passed": truth,
    "needs_legal_review": truth,
}
SEAT = {"question_id": UUID, "elected": [UUID], "open_seats": whole, "tied": [UUID]}
HIDDEN = {"question_id": UUID, "smallest_group": whole, "heads": whole, "area_dm2": whole}
DOCUMENT = {
    "head": HEAD,
    "register": [ROW],
    "slips": [SLIP],
    "results": [RESULT],
    "seats": [SEAT],
    "hiding": [HIDDEN],
    "tree_size": whole,
    "root": HEX,
}


def canonical(value: Any) -> bytes:
    """RFC 8785, for documents whose names are ASCII and whose numbers are whole."""
    written = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return written.encode("utf-8")


def read(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8"))
        again = canonical(document)
    except (ValueError, RecursionError) as error:
        raise Fault("数据残缺或被改过", "The data is damaged or was changed", str(error)) from None
    if not fits(document, DOCUMENT) or again != content:
        raise Fault("数据格式不对或被改过", "The data has another form than it should")
    return document


# The head


def items(question: dict[str, Any]) -> list[Item]:
    """What a ballot asks: the question itself, or each candidate."""
    if question["kind"] == "motion":
        return [(question["question_id"], None)]
    return [(question["question_id"], one["candidate_id"]) for one in question["candidates"]]


def check_head(head: dict[str, Any]) -> None:
    # Two forms of an instant, with and without a fraction, compare rightly once the Z is gone.
    times = [head[name].rstrip("Z") for name in ("opens_at", "closes_at", "counted_at")]
    if not times[0] < times[1] <= times[2]:
        raise Fault("开始、截止、计票时间不成顺序", "Opening, close and count are not in order")
    asked = [item for question in head["questions"] for item in items(question)]
    positions = [question["position"] for question in head["questions"]]
    if not asked or len(set(asked)) != len(asked) or positions != sorted(set(positions)):
        raise Fault("议题缺失或重复", "Questions are missing or doubled")
    for question in head["questions"]:
        is_election = question["kind"] == "election"
        is_whole = is_election == (question["seats"] > 0) == bool(question["candidates"])
        if not is_whole or (question["stair"] and not question["building"]):
            raise Fault("议题有误", "A question is wrong", question["position"])
    check_clauses(head["policy"])


def check_clauses(policy: dict[str, Any]) -> None:
    lacking = (
        policy["invalid_ballots"] == "take_part" and policy["invalid_ballots_basis"] is None,
        policy["silent_majority_on_special"] and policy["silent_majority"] is None,
        policy["has_parking"] and policy["parking_basis"] is None,
    )
    if any(lacking):
        raise Fault("计票规则缺少条款依据", "A counting rule names no clause")


# The tree of RFC 6962


def tree_root(leaves: list[bytes]) -> bytes:
    """By recursion over halves: the left one is the largest power of two below the whole."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + tree_root(leaves[:half]) + tree_root(leaves[half:])).digest()


def check_tree(document: dict[str, Any]) -> None:
    rows = [document["head"]] + document["register"] + document["slips"]
    root = tree_root([canonical(row) for row in rows]).hex()
    if document["tree_size"] != len(rows) or document["root"] != root:
        raise Fault("哈希树的根对不上", "The root of the tree does not follow", root)


# Register and slips


def check_rows(document: dict[str, Any]) -> None:
    questions, policy = document["head"]["questions"], document["head"]["policy"]
    last = ""
    for number, row in enumerate(document["register"], 1):
        bad = row["commitment"] <= last or len(row["weights"]) != len(questions)
        bad = bad or (row["standing"] == "silent" and policy["silent_majority"] is None)
        for question, weight in zip(questions, row["weights"], strict=False):
            outside = weight == {"heads": 0, "area_dm2": 0} and question["building"] != ""
            inside = weight["heads"] == 1 and weight["area_dm2"] > 0
            bad = bad or not (inside or outside)
        if bad:
            raise Fault("参与登记有误，第几行", "A row of the register is wrong", number)
        last = row["commitment"]


def check_slips(document: dict[str, Any]) -> None:
    secret = {
        item: question["is_secret"]
        for question in document["head"]["questions"]
        for item in items(question)
    }
    last, seen = ("", "", ""), set()
    for number, slip in enumerate(document["slips"], 1):
        item = (slip["question_id"], slip["candidate_id"])
        order = (item[0], item[1] or "", slip["id"])
        bad = item not in secret or order <= last or slip["id"] in seen
        if not bad and secret[item]:
            bad = not (
                (slip["heads"] == 1 and slip["area_dm2"] == 0)
                or (slip["heads"] == 0 and slip["area_dm2"] > 0)
            )
        elif not bad:
            bad = slip["heads"] != 1 or slip["area_dm2"] == 0
        if bad:
            raise Fault("匿名选票条有误，第几张", "A slip is wrong", number)
        last = order
        seen.add(slip["id"])


def total(weights: Iterable[dict[str, Any]]) -> dict[str, int]:
    weights = list(weights)
    return {
        "heads": sum(weight["heads"] for weight in weights),
        "area_dm2": sum(weight["area_dm2"] for weight in weights),
    }


def check_sums(document: dict[str, Any]) -> Slips:
    """What the counted voters weigh is what the slips of each item weigh."""
    by_item = {}
    for slip in document["slips"]:
        by_item.setdefault((slip["question_id"], slip["candidate_id"]), []).append(slip)
    for place, question in enumerate(document["head"]["questions"]):
        counted = standing_weights(document, place, "counted")
        for item in items(question):
            slips = by_item.get(item, [])
            same = total(slips) == total(counted)
            if not question["is_secret"]:
                voters = sorted(weight["area_dm2"] for weight in counted if weight["heads"])
                same = same and voters == sorted(slip["area_dm2"] for slip in slips)
            if not same:
                raise Fault(
                    "匿名选票条与参与登记合计不符，议题",
                    "Slips and register do not agree in question",
                    question["position"],
                )
    return by_item


def standing_weights(document: dict[str, Any], place: int, standing: str) -> list[dict[str, Any]]:
    rows = document["register"]
    return [row["weights"][place] for row in rows if row["standing"] == standing]


def check_sizes(document: dict[str, Any]) -> None:
    head = document["head"]
    returned = sum(row["standing"] != "silent" for row in document["register"])
    if returned > head["box"]["size"] or len(document["register"]) > head["roll"]["heads"]:
        raise Fault("参与登记多于票箱或全体", "The register is longer than the box or the roll")


# The law


def passes(entitled: int, taking_part: int, agreeing: int, majority: str) -> tuple[bool, bool]:
    """One basis, area or heads: (quorum, majority). 以上 includes the number, 过半数 does not."""
    if majority == "unanimous":
        return entitled > 0 and taking_part == entitled, taking_part > 0 and agreeing == taking_part
    quorum = entitled > 0 and 3 * taking_part >= 2 * entitled
    if majority == "special":
        return quorum, taking_part > 0 and 4 * agreeing >= 3 * taking_part
    return quorum, 2 * agreeing > taking_part


def reading(
    entitled: dict[str, int], taking_part: dict[str, int], agreeing: dict[str, int], majority: str
) -> dict[str, Any]:
    area = passes(entitled["area_dm2"], taking_part["area_dm2"], agreeing["area_dm2"], majority)
    heads = passes(entitled["heads"], taking_part["heads"], agreeing["heads"], majority)
    return {
        "total": entitled,
        "participating": taking_part,
        "in_favour": agreeing,
        "tally": {
            "quorum_area": area[0],
            "quorum_heads": heads[0],
            "majority_area": area[1],
            "majority_heads": heads[1],
        },
    }


def is_passed(one: dict[str, Any]) -> bool:
    return all(one["tally"].values())


def readings(
    question: dict[str, Any], cast: dict[str, Any], policy: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]:
    """By the compound's rules, with invalid ballots the other way, and without the silent."""
    silent_join = policy["silent_majority"] is not None and (
        question["majority"] == "ordinary"
        or (question["majority"] == "special" and policy["silent_majority_on_special"])
    )

    def one(invalid_count: bool, silent_count: bool) -> dict[str, Any]:
        agreeing = cast["for"]
        present = [cast["for"], cast["against"], cast["abstain"]]
        present += [cast["invalid"]] if invalid_count else []
        voted = total(present)
        if silent_count:
            # The silent follow a majority of those who voted, by area and by heads, if there is one.
            if all(2 * agreeing[basis] > voted[basis] for basis in ("heads", "area_dm2")):
                agreeing = total([agreeing, cast["silent"]])
            voted = total([voted, cast["silent"]])
        return reading(cast["total"], voted, agreeing, question["majority"])

    counts = policy["invalid_ballots"] == "take_part"
    without = one(counts, False) if silent_join else None
    return one(counts, silent_join), one(not counts, silent_join), without


def result(
    question: dict[str, Any], candidate: str | None, cast: dict[str, Any], policy: dict[str, Any]
) -> dict[str, Any]:
    decisive, otherwise, without = readings(question, cast, policy)
    others = [otherwise] if without is None else [otherwise, without]
    return {
        "question_id": question["question_id"],
        "candidate_id": candidate,
        "total": cast["total"],
        "in_favour": cast["for"],
        "against": cast["against"],
        "abstaining": cast["abstain"],
        "invalid": cast["invalid"],
        "held": cast["held"],
        "silent": cast["silent"],
        "reading": decisive,
        "otherwise_invalid": otherwise,
        "without_silent": without,
        "is_passed": is_passed(decisive),
        "needs_legal_review": any(is_passed(one) != is_passed(decisive) for one in others),
    }


def check_totals(document: dict[str, Any], place: int, totals: list[Any]) -> None:
    """Everybody where everybody is asked; never fewer than took part, never more than there are."""
    head = document["head"]
    question, roll = head["questions"][place], head["roll"]
    listed = total(row["weights"][place] for row in document["register"])
    for entitled in totals:
        bad = entitled is None or entitled != totals[0]
        for basis in () if bad else ("heads", "area_dm2"):
            bad = bad or not listed[basis] <= entitled[basis] <= roll[basis]
            bad = bad or (not question["building"] and entitled[basis] != roll[basis])
        if bad:
            raise Fault(
                "总数与全体名册不符，议题", "Totals are not the roll's", question["position"]
            )


def check_results(document: dict[str, Any], by_item: Slips) -> list[dict[str, Any]]:
    head, expected = document["head"], []
    told = {(one["question_id"], one["candidate_id"]): one for one in document["results"]}
    for place, question in enumerate(head["questions"]):
        asked = items(question)
        check_totals(document, place, [told.get(item, {}).get("total") for item in asked])
        for item in asked:
            slips = by_item.get(item, [])
            cast = {name: standing_sum(document, place, name) for name in STANDINGS}
            cast.update({name: total(s for s in slips if s["choice"] == name) for name in CHOICES})
            cast["total"] = told[item]["total"]
            expected.append(result(question, item[1], cast, head["policy"]))
    for found, again in zip(document["results"], expected, strict=False):
        if canonical(found) != canonical(again):
            raise Fault(
                "结果重新计算后不符", "A result is another when computed again", name(head, again)
            )
    if len(document["results"]) != len(expected):
        raise Fault("结果数目不对", "There are too many or too few results")
    return expected


def standing_sum(document: dict[str, Any], place: int, standing: str) -> dict[str, int]:
    return total(standing_weights(document, place, standing))


def name(head: dict[str, Any], one: dict[str, Any]) -> str:
    question = next(q for q in head["questions"] if q["question_id"] == one["question_id"])
    title = f"{question['position']}. {question['title']}"
    for candidate in question["candidates"]:
        if candidate["candidate_id"] == one["candidate_id"]:
            return f"{title} {candidate['name']}"
    return title


def check_seats(document: dict[str, Any], results: list[dict[str, Any]]) -> set[str]:
    expected = []
    for question in document["head"]["questions"]:
        if question["kind"] != "election":
            continue
        able = [one for one in results if one["question_id"] == question["question_id"]]
        able = [(strength(one), one["candidate_id"]) for one in able if one["is_passed"]]
        ranks = sorted((rank for rank, _ in able), reverse=True)
        seats, tied = question["seats"], []
        if len(ranks) > seats and ranks[seats - 1] == ranks[seats]:
            tied = [who for rank, who in able if rank == ranks[seats]]
        bar = ranks[min(seats, len(ranks)) - 1] if ranks else None
        elected = sorted(
            (pair for pair in able if pair[0] >= bar and pair[1] not in tied),
            key=lambda pair: (-pair[0][0], -pair[0][1]),
        )
        expected.append(
            {
                "question_id": question["question_id"],
                "elected": [who for _, who in elected],
                "open_seats": seats - len(elected),
                "tied": tied,
            }
        )
    if canonical(document["seats"]) != canonical(expected):
        raise Fault("当选人与得票不符", "The seats do not follow from the votes")
    return {who for seat in expected for who in seat["elected"]}


def strength(one: dict[str, Any]) -> tuple[int, int]:
    return one["in_favour"]["heads"], one["in_favour"]["area_dm2"]


def check_hiding(document: dict[str, Any], by_item: Slips) -> None:
    expected = []
    for question in document["head"]["questions"]:
        slips = by_item.get(items(question)[0], [])
        if not question["is_secret"] or not slips:
            continue
        groups = {}
        for slip in slips:
            alike = (slip["heads"], slip["area_dm2"])
            groups[alike] = groups.get(alike, 0) + 1
        size, alike = min((count, alike) for alike, count in groups.items())
        expected.append(
            {
                "question_id": question["question_id"],
                "smallest_group": size,
                "heads": alike[0],
                "area_dm2": alike[1],
            }
        )
    if canonical(document["hiding"]) != canonical(expected):
        raise Fault("对无记名保护程度的说明不实", "What is said of how slips hide is not so")


# One owner's receipt


def prefixed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def digest(*parts: bytes) -> bytes:
    return hashlib.sha256(prefixed(*parts)).digest()


def raw(identity: str | None) -> bytes:
    return bytes.fromhex(identity.replace("-", "")) if identity else b""


def check_receipt(
    document: dict[str, Any], by_item: Slips, content: bytes
) -> list[tuple[str, str, str]]:
    """The voter's row, its place in the box, and with the secret every choice. Returns lines."""
    kept, salt, secret = open_receipt(content)
    if kept["vote_id"] != document["head"]["vote_id"]:
        raise Fault("回执属于另一次表决", "The receipt is of another vote", kept["vote_id"])
    voter = raw(kept["voter_id"])
    commitment = digest(salt, voter, raw(kept["vote_id"])).hex()
    rows = [row for row in document["register"] if row["commitment"] == commitment]
    if not rows:
        raise Fault("参与登记中没有您的一行", "Your row is not in the register", commitment)
    said = [("参与登记中有您的一行", "Your row is in the register", commitment)]
    said.append(("您的票的状态", "Your ballot is", rows[0]["standing"]))
    check_place(document["head"]["box"], kept)
    if secret is None or rows[0]["standing"] != "counted":
        return said
    own_secret = digest(b"trustprop/vote-slips/v1", secret)
    for place, question in enumerate(document["head"]["questions"]):
        weight = rows[0]["weights"][place]
        for item in items(question) if weight["heads"] else ():
            own = own_slips(by_item.get(item, []), own_secret, voter, item)
            choices = {slip["choice"] for slip in own}
            label = name(document["head"], {"question_id": item[0], "candidate_id": item[1]})
            if total(own) != weight or len(choices) != 1:
                raise Fault("匿名选票条中没有您的选择", "Your choice is not among the slips", label)
            said.append(("您的选择", "Your choice", f"{choices.pop()} · {label}"))
    return said


def open_receipt(content: bytes) -> tuple[dict[str, Any], bytes, bytes | None]:
    """The receipt, the salt of its row, and the secret if it is the owner's own."""
    unreadable = Fault("回执无法读取", "The receipt cannot be read")
    try:
        kept = json.loads(content.decode("utf-8"))
        secret = kept.get("secret")
        if secret is None:
            salt = bytes.fromhex(kept.get("salt") or "")
        else:
            secret = base64.b64decode(secret, validate=True)
            salt = digest(b"trustprop/vote-salt/v1", secret)
    except (ValueError, TypeError, AttributeError):
        raise unreadable from None
    if not (UUID(kept.get("vote_id")) and UUID(kept.get("voter_id"))):
        raise unreadable
    return kept, salt, secret


def check_place(box: dict[str, Any], kept: dict[str, Any]) -> None:
    sequence = kept.get("sequence", 0)
    is_head = sequence != box["size"] or kept.get("chain") == box["head"]
    if not whole(sequence) or sequence > box["size"] or (sequence and not is_head):
        raise Fault("票箱与您的回执不符", "The box is not the one of your receipt", sequence)


def own_slips(
    slips: list[dict[str, Any]], secret: bytes, voter: bytes, item: Item
) -> list[dict[str, Any]]:
    by_id, own = {slip["id"]: slip for slip in slips}, []
    while True:
        part = len(own).to_bytes(4, "big")
        slip = by_id.get(digest(secret, voter, raw(item[0]), raw(item[1]), part).hex())
        if slip is None:
            return own
        own.append(slip)


# Words


def area(dm2: int) -> str:
    return "{:,}.{:02d} ㎡".format(*divmod(dm2, 100))


def show(head: dict[str, Any], results: list[dict[str, Any]], elected: set[str], lang: str) -> None:
    zh = lang == "zh"
    for one in results:
        verdict = ("通过", "passed") if one["is_passed"] else ("未通过", "not passed")
        if one["candidate_id"] is not None:
            won = one["candidate_id"] in elected
            verdict = ("当选", "elected") if won else ("未当选", "not elected")
        print(f"{name(head, one)}: {verdict[0 if zh else 1]}")
        labels = ("同意", "参与", "全体") if zh else ("for", "taking part", "entitled")
        figures = [one["reading"][key] for key in ("in_favour", "participating", "total")]
        parts = [
            f"{label} {weight['heads']} / {area(weight['area_dm2'])}"
            for label, weight in zip(labels, figures, strict=True)
        ]
        print("   " + "; ".join(parts))
        if one["needs_legal_review"]:
            print("   需法律复核" if zh else "   needs legal review")


def verify(
    content: bytes, receipt: bytes | None = None, printed: str | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]], set[str], list[tuple[str, str, str]]]:
    """Head, results, the elected, and what a receipt finds. Raises Fault."""
    found = hashlib.sha256(content).hexdigest()
    if printed is not None and printed.strip().lower() != found:
        raise Fault("文件指纹与所给的不符", "The file has another digest than the one given", found)
    document = read(content)
    check_head(document["head"])
    check_tree(document)
    check_rows(document)
    check_slips(document)
    by_item = check_sums(document)
    check_sizes(document)
    results = check_results(document, by_item)
    elected = check_seats(document, results)
    check_hiding(document, by_item)
    said = [] if receipt is None else check_receipt(document, by_item, receipt)
    return document, results, elected, said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--receipt")
    parser.add_argument("--digest")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    chosen = parser.parse_args()
    zh = chosen.lang == "zh"
    try:
        content = Path(chosen.file).read_bytes()
        receipt = Path(chosen.receipt).read_bytes() if chosen.receipt else None
    except OSError as error:
        parser.error(str(error))
    print("SHA-256 " + hashlib.sha256(content).hexdigest())
    try:
        document, results, elected, said = verify(content, receipt, chosen.digest)
    except Fault as fault:
        print(f"✗ {fault.zh if zh else fault.en} {fault.where}")
        print("结论：不成立，请勿采信。" if zh else "It does not hold: do not rely on it.")
        return 1
    print(("✓ 根 %s" if zh else "✓ root %s") % document["root"])
    for chinese, english, detail in said:
        print(f"✓ {chinese if zh else english}: {detail}")
    show(document["head"], results, elected, chosen.lang)
    print("结论：全部成立。" if zh else "All of it holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
