"""Signed notes against the examples of the specification and of the Go reference implementation."""

import base64
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.ledger.rules.checkpoint import (
    Checkpoint,
    NoteInvalid,
    Verifier,
    open_checkpoint,
    open_note,
    origin,
    sign_checkpoint,
    sign_note,
    verifier_of,
)

# golang.org/x/mod/sumdb/note
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_NOTE = (
    GO_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6K"
    "E6RyyBwJnAM=\n"
)
# c2sp.org/signed-note
SPEC_VERIFIER = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw"
    "HjG1Yu72IneyaQM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
COMPOUND = UUID("01890000-0000-7000-8000-000000000001")
CHECKPOINT = Checkpoint(origin=origin(COMPOUND), tree_size=45, root=bytes(range(32)))


def test_the_reference_note_is_signed_byte_for_byte() -> None:
    key = Ed25519PrivateKey.from_private_bytes(GO_SEED)
    assert sign_note(GO_TEXT, "PeterNeumann", key) == GO_NOTE
    assert str(verifier_of("PeterNeumann", key)) == GO_VERIFIER


@pytest.mark.parametrize(("verifier", "note"), [(GO_VERIFIER, GO_NOTE), (SPEC_VERIFIER, SPEC_NOTE)])
def test_the_published_notes_verify(verifier: str, note: str) -> None:
    parsed = Verifier.parse(verifier)
    assert str(parsed) == verifier
    assert open_note(note, parsed) == note.rpartition("\n\n")[0] + "\n"


@pytest.mark.parametrize("position", range(len(GO_NOTE)))
def test_no_byte_of_a_note_can_change(position: int) -> None:
    changed = GO_NOTE[:position] + chr(ord(GO_NOTE[position]) ^ 1) + GO_NOTE[position + 1 :]
    with pytest.raises(NoteInvalid):
        open_note(changed, Verifier.parse(GO_VERIFIER))


def test_a_signature_of_an_unknown_key_is_passed_over() -> None:
    stranger = GO_NOTE.rpartition("\n\n")[2]
    note = sign_note(GO_TEXT, "here", KEY)
    text, _, signature = note.rpartition("\n\n")
    assert open_note(f"{text}\n\n{stranger}{signature}", verifier_of("here", KEY)) == GO_TEXT
    with pytest.raises(NoteInvalid):
        open_note(f"{text}\n\n{stranger}", verifier_of("here", KEY))


def test_a_checkpoint_opens_to_what_was_signed() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY)
    assert note.split("\n")[:4] == [
        "trustprop/journal/01890000-0000-7000-8000-000000000001",
        "45",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "",
    ]
    assert open_checkpoint(note, verifier_of(origin(COMPOUND), KEY)) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "origin\n5\n",
        "origin\n05\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n-5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n5\nAAEC\n",
        "origin\n5\nnot base64\n",
    ],
)
def test_a_signed_note_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        open_checkpoint(sign_note(text, "origin", KEY), verifier_of("origin", KEY))


@pytest.mark.parametrize(
    "text", ["", "name", "name+00000000", GO_VERIFIER.replace("c7", "c8"), "name+c74f20a3+AA=="]
)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        Verifier.parse(text)
