"""Small files of every kind, and the hostile ones."""

import io
import struct
import zipfile

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 16
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 16
XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<EInvoice/>'
CSV = "日期,摘要,金额\n2025-09-01,电梯维保,8400.00\n".encode("gb18030")
TEXT = "验收单：九月电梯维保已完成。\n".encode()


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return packed.getvalue()


def ofd(**more: bytes) -> bytes:
    return archive({"OFD.xml": b"<ofd:OFD/>", "Doc_0/Document.xml": b"<ofd:Document/>"} | more)


def xlsx(**more: bytes) -> bytes:
    return archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"} | more)


def bomb(megabytes: int = 60) -> bytes:
    """Zeros that unpack a thousandfold."""
    return ofd(**{"Doc_0/zeros": b"\x00" * (megabytes << 20)})


def overlapping_bomb(entries: int = 400) -> bytes:
    """Many directory entries that all point to the same packed bytes (a bomb without recursion)."""
    whole = ofd(zeros=b"\x00" * (1 << 20))
    end = whole.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack("<HII", whole[end + 10 : end + 20])
    directory = whole[offset:end]
    last = directory[directory.rindex(b"PK\x01\x02") :]
    grown = directory + last * entries
    trailer = struct.pack("<HHHHIIH", 0, 0, count + entries, count + entries, len(grown), offset, 0)
    assert size == len(directory)
    return whole[:offset] + grown + b"PK\x05\x06" + trailer
