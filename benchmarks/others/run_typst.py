"""Typst on tables over as many pages. Usage: ``run_typst.py PAGES``; prints three rates as JSON."""

import io
import json
import sys
import time

import typst

ROW = "[510201], [电梯维护保养], [示例电梯有限公司], [2025-09-12], align(right)[8,400.00], align(right)[100,800.00],\n"
HEAD = """
#set page(paper: "a4", margin: 18mm, footer: context align(center, counter(page).display()))
#set text(font: ("Noto Sans CJK SC", "Noto Serif CJK SC"), size: 9pt, lang: "zh")
= 共有资金月度信息披露报告
"""


def document(pages: int) -> bytes:
    parts = [HEAD]
    for section in range(pages):
        parts.append(
            f"== 第{section + 1}部分\n#table(columns: 6, table.header([科目], [名称], [对方], "
        )
        parts.append("[日期], [金额], [累计]),\n" + ROW * 38 + ")\n#pagebreak(weak: true)\n")
    return "".join(parts).encode()


def main() -> None:
    source = document(int(sys.argv[1]))
    rates = []
    for _ in range(3):
        # A fresh compiler each time, as a statement of another month would need.
        started = time.process_time()
        content = typst.compile(source)
        rates.append(1 / (time.process_time() - started))
    pages = content.count(b"/Type /Page\n") or content.count(b"/Type/Page") or int(sys.argv[1])
    io.BytesIO(content)
    print(json.dumps({"per_second": rates, "pages": pages}))


main()
