"""Which files are taken and which are refused, and what they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import evidence as make
from trustprop.evidence import rules
from trustprop.evidence.model import MediaType, Member


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (make.PDF, MediaType.PDF),
        (make.PNG, MediaType.PNG),
        (make.JPEG, MediaType.JPEG),
        (make.XML, MediaType.XML),
        ("\ufeff<EInvoice/>".encode(), MediaType.XML),
        ('<?xml version="1.0"?><EInvoice/>'.encode("utf-16"), MediaType.XML),
        (make.ofd(), MediaType.OFD),
        (make.xlsx(), MediaType.XLSX),
        (make.CSV, MediaType.CSV),
        (b"a;b\r\n1;2\r\n", MediaType.CSV),
        (make.TEXT, MediaType.TEXT),
        (b"one line only", MediaType.TEXT),
        (b":20:1234\r\n:25:6222/9999\r\n:28C:1/1\r\n", MediaType.TEXT),
    ],
)
def test_a_file_is_what_its_content_says(content, media_type):
    assert rules.sniff(content) is media_type


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00\x03\x00\x00\x00",
        b"\x7fELF\x02\x01\x01\x00",
        b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        b"  <html><body>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<script>alert(1)</script>",
        b"GIF89a\x01\x00\x01\x00",
        b"\x00" * 64,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"Rar!\x1a\x07\x00",
        make.archive({"payload.exe": b"MZ"}),
        make.archive({"word/document.xml": b"<w/>", "[Content_Types].xml": b"<Types/>"}),
    ],
)
def test_other_kinds_of_file_are_refused(content):
    with pytest.raises(rules.FileTypeUnknown):
        rules.sniff(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (make.bomb(), "ratio"),
        (make.overlapping_bomb(), "size"),
        (make.ofd(**{"../../etc/passwd": b"x"}), "path"),
        (make.ofd(**{"..\\up": b"x"}), "path"),
        (make.ofd(**{"/etc/passwd": b"x"}), "path"),
        (make.ofd(**{"C:/windows": b"x"}), "path"),
        (make.xlsx(**{"xl/vbaProject.bin": b"x"}), "macro"),
        (make.archive({f"m{i}": b"" for i in range(rules.MAX_MEMBERS + 1)}), "members"),
        (make.ofd()[:-30], "damaged"),
        (b"PK\x03\x04", "damaged"),
    ],
)
def test_a_dangerous_archive_is_refused_without_unpacking_it(content, reason):
    with pytest.raises(rules.ArchiveDangerous) as refused:
        rules.sniff(content)
    assert refused.value.reason == reason


def test_an_archive_that_declares_too_much_is_refused_whatever_its_ratio():
    members = [
        Member(name="OFD.xml", packed=10**7, unpacked=rules.MAX_UNPACKED + 1, is_encrypted=False)
    ]
    with pytest.raises(rules.ArchiveDangerous):
        rules.check_archive(members, 10**7)


def test_an_encrypted_archive_is_refused():
    members = [Member(name="OFD.xml", packed=10, unpacked=10, is_encrypted=True)]
    with pytest.raises(rules.ArchiveDangerous):
        rules.check_archive(members, 1000)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("发票.xml", "发票.xml"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\发票.pdf", "发票.pdf"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "abSet-Cookie: x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("  spaced   out .txt ", "spaced out .txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_is_the_last_part_of_a_path_and_visible(sent, kept):
    assert rules.clean_name(sent) == kept


@pytest.mark.parametrize("sent", ["", ".", "..", "a/", "\\", "\x00", " . ", "../.."])
def test_a_name_that_names_nothing_is_refused(sent):
    with pytest.raises(rules.FileNameInvalid):
        rules.clean_name(sent)


@given(st.text(max_size=400))
def test_a_clean_name_is_clean_already_and_holds_no_path(sent):
    try:
        kept = rules.clean_name(sent)
    except rules.FileNameInvalid:
        return
    assert rules.clean_name(kept) == kept
    assert not set(kept) & {"/", "\\", "\x00", "\r", "\n"}
    assert len(kept) <= rules.MAX_NAME


@given(st.binary(max_size=300))
def test_sniffing_any_bytes_ends_in_a_kind_or_a_refusal(content):
    try:
        assert rules.sniff(content) in MediaType
    except (rules.FileTypeUnknown, rules.ArchiveDangerous):
        return


@given(st.binary(max_size=200), st.integers(0, 200))
def test_a_broken_archive_is_refused_and_never_an_error(noise, at):
    whole = make.ofd()
    try:
        rules.sniff(whole[:at] + noise + whole[at + len(noise) :])
    except (rules.FileTypeUnknown, rules.ArchiveDangerous):
        return


def test_the_size_limit_is_exact():
    rules.check_size(rules.MAX_SIZE)
    with pytest.raises(rules.FileTooLarge):
        rules.check_size(rules.MAX_SIZE + 1)
    with pytest.raises(rules.FileEmpty):
        rules.check_size(0)
