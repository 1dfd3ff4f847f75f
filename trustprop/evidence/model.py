"""What a piece of evidence is: bytes named by their digest, and who brought them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from trustprop.kernel.struct import Fact


class MediaType(StrEnum):
    """The kinds of file that are taken; told from the content, never from the name."""

    XML = "application/xml"
    PDF = "application/pdf"
    OFD = "application/ofd"
    """GB/T 33190, the national fixed-layout format: a zip archive that holds ``OFD.xml``."""
    PNG = "image/png"
    JPEG = "image/jpeg"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    CSV = "text/csv"
    TEXT = "text/plain"

    @property
    def extension(self) -> str:
        return _EXTENSION_OF[self]


_EXTENSION_OF = {
    MediaType.XML: "xml",
    MediaType.PDF: "pdf",
    MediaType.OFD: "ofd",
    MediaType.PNG: "png",
    MediaType.JPEG: "jpg",
    MediaType.XLSX: "xlsx",
    MediaType.CSV: "csv",
    MediaType.TEXT: "txt",
}


class File(Fact):
    """An uploaded file."""

    sha256: str
    """64 hexadecimal digits, small letters."""
    size: int
    """Bytes."""
    media_type: MediaType
    name: str
    """As its uploader called it, without folders and control characters."""
    uploaded_by: UUID
    """The person, or for a machine the API key."""
    uploaded_at: datetime


class Member(Fact):
    """One entry of a zip archive as its directory declares it; nothing is unpacked to learn this."""

    name: str
    packed: int
    unpacked: int
    is_encrypted: bool
