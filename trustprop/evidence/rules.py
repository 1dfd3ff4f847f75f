"""Which files are taken, what they are, and what they may be called."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Collection, Sequence
from uuid import UUID

from trustprop.evidence.model import MediaType, Member
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import N_, Forbidden, Invalid

MAX_SIZE = 20 * 1024 * 1024
"""Bytes of one file."""
MAX_UNPACKED = 200 * 1024 * 1024
"""Bytes that an archive may declare in total."""
MAX_RATIO = 100
"""How many times its packed size an archive may unpack to, once above ``RATIO_FROM``."""
RATIO_FROM = 1024 * 1024
MAX_MEMBERS = 2000
MAX_NAME = 200
"""Characters of a file name."""
UPLOAD_SCOPES = frozenset({"files:write", "invoices:write"})

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MARKUP_NAME = re.compile(rb"<[A-Za-z_:]")
_WEB_PAGE = re.compile(rb"<(?:!doctype\s+(?:html|svg)|html|svg|script|head|body)\b", re.IGNORECASE)
_TEXT_CONTROLS = {"\t", "\n", "\r", "\x1a", "\f"}


class FileEmpty(Invalid):
    code = "file-empty"
    detail = N_("The file is empty.")


class FileTooLarge(Invalid):
    code = "file-too-large"
    detail = N_("The file has {size} bytes; at most {max_size} are taken.")
    size: int
    max_size: int


class FileTypeUnknown(Invalid):
    code = "file-type-unknown"
    detail = N_("This is none of the kinds of file taken: {known}.")
    known: str


class FileNameInvalid(Invalid):
    code = "file-name-invalid"
    detail = N_("This file name names no file.")


class ArchiveDangerous(Invalid):
    code = "archive-dangerous"
    detail = N_("The archive inside this file is refused: {reason}.")
    reason: str
    """``members``, ``size``, ``ratio``, ``path``, ``encrypted``, ``macro`` or ``damaged``."""


class DigestInvalid(Invalid):
    code = "digest-invalid"
    detail = N_("A file is named by the 64 hexadecimal digits of its SHA-256.")


class FilesMissing(Invalid):
    code = "files-missing"
    detail = N_("These files have not been uploaded: {missing}.")
    missing: str


class FileFieldMissing(Invalid):
    code = "file-field-missing"
    detail = N_("Send exactly one file, in the form field named file.")


class UploadForbidden(Forbidden):
    code = "upload-forbidden"
    detail = N_("Files are uploaded by office holders, residents, and API keys with files:write.")


def check_may_upload(caller: Caller) -> None:
    """Raises UploadForbidden."""
    if not (caller.mandates or caller.is_resident or caller.scopes & UPLOAD_SCOPES):
        raise UploadForbidden


def uploader(caller: Caller) -> UUID:
    """Who a file belongs to: the person over all sessions, or the API key."""
    known = caller.person_id or caller.credential_id
    if known is None:
        raise UploadForbidden
    return known


def reads_all(caller: Caller) -> bool:
    """Office holders, and keys that may read the books, see every file; others their own."""
    return bool(caller.mandates) or "books:read" in caller.scopes


def check_all_found(digests: Collection[str], found: Collection[str]) -> None:
    """Raises FilesMissing."""
    missing = sorted(set(digests) - set(found))
    if missing:
        raise FilesMissing(missing=", ".join(missing))


def check_digest(sha256: str) -> None:
    """Raises DigestInvalid."""
    if not _DIGEST.fullmatch(sha256):
        raise DigestInvalid


def check_size(size: int) -> None:
    """Raises FileEmpty or FileTooLarge."""
    if size == 0:
        raise FileEmpty
    if size > MAX_SIZE:
        raise FileTooLarge(size=size, max_size=MAX_SIZE)


def clean_name(name: str) -> str:
    """The last part of a path, without control, formatting and unassigned characters.

    Raises FileNameInvalid when nothing is left, or only dots.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(
        c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C"
    )
    kept = " ".join(visible.split())
    if not kept.strip(". "):
        raise FileNameInvalid
    stem, dot, extension = kept.rpartition(".")
    if len(kept) > MAX_NAME and dot and len(extension) <= 10:
        return f"{stem[: MAX_NAME - len(extension) - 1]}.{extension}"
    return kept[:MAX_NAME]


def sniff(content: bytes) -> MediaType:
    """What the bytes are. Raises FileTypeUnknown or ArchiveDangerous."""
    for magic, media_type in _MAGIC:
        if content.startswith(magic):
            return media_type
    if content.startswith(b"PK\x03\x04"):
        return _sniff_archive(content)
    text = _decode(content)
    if text is None or _WEB_PAGE.match(text.lstrip().encode()[:200]):
        raise _unknown()
    if text.lstrip().startswith("<?xml") or _MARKUP_NAME.match(text.lstrip().encode()[:10]):
        return MediaType.XML
    return MediaType.CSV if _is_table(text) else MediaType.TEXT


_MAGIC = (
    (b"%PDF-", MediaType.PDF),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"\xff\xd8\xff", MediaType.JPEG),
)


def _unknown() -> FileTypeUnknown:
    return FileTypeUnknown(known=", ".join(sorted(kind.extension for kind in MediaType)))


def _sniff_archive(content: bytes) -> MediaType:
    members = _members(content)
    check_archive(members, len(content))
    names = {member.name for member in members}
    if "OFD.xml" in names:
        return MediaType.OFD
    if {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        return MediaType.XLSX
    raise _unknown()


def _members(content: bytes) -> tuple[Member, ...]:
    """Reads the directory at the archive's end. Raises ArchiveDangerous when there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return tuple(
                Member(
                    name=member.orig_filename,
                    packed=member.compress_size,
                    unpacked=member.file_size,
                    is_encrypted=bool(member.flag_bits & 0x1),
                )
                for member in archive.infolist()
            )
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError):
        raise ArchiveDangerous(reason="damaged") from None


def check_archive(members: Sequence[Member], size: int) -> None:
    """Judges an archive by its directory alone. Raises ArchiveDangerous.

    Entries that overlap count each in full, so that the known non-recursive bombs are over the total.
    """
    unpacked = sum(member.unpacked for member in members)
    if not members or len(members) > MAX_MEMBERS:
        raise ArchiveDangerous(reason="members")
    if unpacked > MAX_UNPACKED or sum(member.packed for member in members) > size:
        raise ArchiveDangerous(reason="size")
    if unpacked > RATIO_FROM and unpacked > MAX_RATIO * size:
        raise ArchiveDangerous(reason="ratio")
    for member in members:
        _check_member(member)


def _check_member(member: Member) -> None:
    parts = member.name.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0] or "\x00" in member.name:
        raise ArchiveDangerous(reason="path")
    if member.is_encrypted:
        raise ArchiveDangerous(reason="encrypted")
    if parts[-1].lower() == "vbaproject.bin":
        raise ArchiveDangerous(reason="macro")


def _decode(content: bytes) -> str | None:
    """Text in UTF-8, UTF-16 with its mark, or GB 18030 as banks export it; None when it is no text."""
    encodings: tuple[str, ...] = ("utf-8-sig", "gb18030")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text if _is_plain(text) else None
    return None


def _is_plain(text: str) -> bool:
    controls = {chr(code) for code in (*range(32), *range(127, 160))} - _TEXT_CONTROLS
    return not controls & set(text)


def _is_table(text: str) -> bool:
    """Whether its first lines all hold the same number of one separator, and at least one."""
    lines = [line for line in text[:8192].splitlines()[:6] if line.strip()]
    if len(text) > 8192:
        lines = lines[:-1]
    if len(lines) < 2:
        return False
    return any(
        lines[0].count(mark) and len({line.count(mark) for line in lines}) == 1 for mark in ",\t;|"
    )
