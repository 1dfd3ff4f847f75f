"""Files against a real database and a real folder."""

from hashlib import sha256

import asyncpg
import msgspec
import pytest

from tests.make import evidence as make
from tests.make.ground import make_caller, new_id
from trustprop.evidence import rules, service
from trustprop.kernel.caller import Office
from trustprop.kernel.errors import Missing
from trustprop.plumbing.files import Files

XML_DIGEST = sha256(make.XML).hexdigest()


@pytest.fixture
def files(tmp_path):
    return Files.at(str(tmp_path / "files"))


async def test_a_file_comes_back_unchanged_under_its_digest(tx, caller, files):
    stored = await service.store(tx, caller, files, "a/发票.xml", make.XML)
    found, content = await service.read(tx, caller, files, stored.sha256)
    assert content == make.XML
    assert (found.sha256, found.name, found.size) == (XML_DIGEST, "发票.xml", len(make.XML))


async def test_the_same_bytes_twice_are_one_file_for_two_uploaders(tx, caller, files):
    vendor = make_caller(compound_id=caller.compound_id, scopes=("invoices:write",))
    first = await service.store(tx, caller, files, "first.xml", make.XML)
    again = await service.store(tx, vendor, files, "second.xml", make.XML)
    assert again.sha256 == first.sha256
    assert again.name == "second.xml"
    assert (await service.find(tx, caller, first.sha256)).name == "first.xml"


async def test_a_machine_reads_only_what_it_uploaded(tx, caller, files):
    stored = await service.store(tx, caller, files, "ours.xml", make.XML)
    vendor = make_caller(compound_id=caller.compound_id, scopes=("invoices:write",))
    with pytest.raises(Missing):
        await service.read(tx, vendor, files, stored.sha256)


async def test_a_supervisor_reads_every_file(tx, caller, files):
    stored = await service.store(tx, caller, files, "ours.xml", make.XML)
    supervisor = make_caller(Office.SUPERVISOR, compound_id=caller.compound_id)
    assert (await service.find(tx, supervisor, stored.sha256)).sha256 == stored.sha256


async def test_another_compound_does_not_see_the_file(database, caller, files):
    async with database.begin(caller) as tx:
        stored = await service.store(tx, caller, files, "ours.xml", make.XML)
    stranger = make_caller(Office.TRUSTEE_MANAGER)
    async with database.begin(stranger) as tx:
        with pytest.raises(Missing):
            await service.find(tx, stranger, stored.sha256)
        assert await tx.raw.fetchval("SELECT count(*) FROM file") == 0


async def test_a_stranger_uploads_nothing(tx, caller, files):
    stranger = msgspec.structs.replace(caller, mandates=())
    with pytest.raises(rules.UploadForbidden):
        await service.store(tx, stranger, files, "x.xml", make.XML)


async def test_every_missing_digest_is_named(tx, caller, files):
    stored = await service.store(tx, caller, files, "x.xml", make.XML)
    with pytest.raises(rules.FilesMissing) as refused:
        await service.check_exist(tx, caller.compound_id, [stored.sha256, "a" * 64, "b" * 64])
    assert refused.value.missing == ", ".join(["a" * 64, "b" * 64])


@pytest.mark.parametrize("digest", ["", "A" * 64, "g" * 64, "../" + "a" * 61, "a" * 63])
async def test_a_digest_is_sixty_four_small_hexadecimal_digits(tx, caller, digest):
    with pytest.raises(rules.DigestInvalid):
        await service.find(tx, caller, digest)


async def test_bytes_changed_on_the_disk_are_noticed(tx, caller, files):
    stored = await service.store(tx, caller, files, "x.xml", make.XML)
    await files.put(str(caller.compound_id), stored.sha256, b"other")
    with pytest.raises(AssertionError):
        await service.read(tx, caller, files, stored.sha256)


@pytest.mark.parametrize("statement", ["UPDATE file SET size = 1", "DELETE FROM file_upload"])
async def test_files_are_never_changed(database, caller, files, statement):
    async with database.begin(caller, dry_run=True) as tx:
        await service.store(tx, caller, files, str(new_id()), make.XML)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.raw.execute(statement)
