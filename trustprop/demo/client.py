"""The clients of the demo: each has its own credential and its own key, and speaks HTTP only."""

import base64
import hashlib
import time
from datetime import datetime
from typing import Any

import httpx
import rfc8785
import uuid_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

RETRIES = 5


def new_id() -> str:
    """A UUIDv7, made by the client."""
    return str(uuid_utils.uuid7())


class Refused(Exception):
    """The service said no; the demo did not expect it."""


class Client:
    """One credential of one compound."""

    def __init__(
        self, base_url: str, *, token: str = "", compound_id: str = "", name: str = ""
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url, timeout=60, headers={"Accept-Language": "zh-CN"}
        )
        self.base_url = base_url
        self.token = token
        self.compound_id = compound_id
        self.name = name

    def get(self, path: str, **params: Any) -> Any:
        return self._answer(
            self._http.get(self._url(path), params=params, headers=self._headers())
        ).json()

    def get_bytes(self, path: str, **params: Any) -> bytes:
        return self._answer(
            self._http.get(self._url(path), params=params, headers=self._headers())
        ).content

    def fetch(self, path: str, **params: Any) -> httpx.Response:
        """Whatever the answer is, a refusal too."""
        return self._http.get(self._url(path), params=params, headers=self._headers())

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Sent again with the same key when the connection fails: that is what the key is for."""
        headers = self._headers() | {"Idempotency-Key": new_id()}
        for attempt in range(1, RETRIES + 1):
            try:
                answer = self._http.post(self._url(path), json=body or {}, headers=headers)
            except httpx.TransportError:
                if attempt == RETRIES:
                    raise
                time.sleep(attempt / 5)
                continue
            return self._json(self._answer(answer))
        raise AssertionError

    def send(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """A POST whose refusal is expected."""
        headers = self._headers() | {"Idempotency-Key": new_id()}
        return self._http.post(self._url(path), json=body, headers=headers)

    def upload(self, name: str, content: bytes, path: str = "/files", **fields: Any) -> Any:
        headers = self._headers() | {"Idempotency-Key": new_id()}
        files = {"file": (name, content, "application/octet-stream")}
        return self._json(
            self._answer(
                self._http.post(self._url(path), files=files, data=fields, headers=headers)
            )
        )

    def everything(self, path: str, **params: Any) -> list[Any]:
        """Every page of a list."""
        found: list[Any] = []
        cursor = None
        while True:
            page = self.get(path, limit=200, **params, **({"cursor": cursor} if cursor else {}))
            found += page["data"]
            if not page["page"]["has_more"]:
                return found
            cursor = page["page"]["next"]

    def _url(self, path: str) -> str:
        if path.startswith(("/v1", "/public", "/healthz")):
            return path
        return f"/v1/compounds/{self.compound_id}{path}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _answer(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        raise Refused(
            f"{self.name} {answer.request.method} {answer.request.url.path}: {answer.text}"
        )

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        return answer.json() if answer.content else None


class Person(Client):
    """A natural person: a login with a second factor, and a signing key that only they hold."""

    role = ""

    def register(self, suffix: str) -> None:
        """An account of their own; the authenticator's secret stays with the person."""
        self.person_id = new_id()
        self._login = f"{self.role}.{suffix}"
        self._password = f"pass phrase of {self._login}"
        answer = self.post(
            "/v1/people",
            {
                "id": self.person_id,
                "display_name": self.name,
                "login": self._login,
                "password": self._password,
            },
        )
        secret = answer["totp_secret"]
        self._totp = TOTP(base64.b32decode(secret + "=" * (-len(secret) % 8)), 6, SHA1(), 30)  # noqa: S303

    def sign_in(self, at: datetime) -> None:
        code = self._totp.generate(int(at.timestamp())).decode()
        body = {"login": self._login, "password": self._password, "code": code}
        self.token = self.post("/v1/sessions", body)["token"]

    def prove_key(self) -> None:
        """Makes a key and proves that it is held, by a signature over the claim."""
        self._key = Ed25519PrivateKey.generate()
        public = self._key.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(public).hexdigest()
        claim = {
            "type": "trustprop/key-possession/v1",
            "compound_id": self.compound_id,
            "person_id": self.person_id,
            "scheme": "ed25519",
            "public_key": public.hex(),
        }
        self.post(
            "/signing-keys",
            {
                "scheme": "ed25519",
                "public_key": _b64(public),
                "proof": _b64(self._sign(rfc8785.dumps(claim))),
            },
        )

    def sign_act(self, act_id: str) -> Any:
        """Reads the payload that the act stores, and signs its digest."""
        act = self.get(f"/acts/{act_id}")
        return self.post(f"/acts/{act_id}/signatures", self.signature(act["payload"]))

    def signature(self, payload_base64: str) -> dict[str, str]:
        """Over the payload as an act shows it."""
        payload = base64.b64decode(payload_base64)
        return {
            "key_id": self.key_id,
            "payload_digest": hashlib.sha256(payload).hexdigest(),
            "signature": _b64(self._sign(payload)),
        }

    def sign_digest(self, digest: bytes) -> bytes:
        return self._key.sign(digest)

    def _sign(self, payload: bytes) -> bytes:
        return self.sign_digest(hashlib.sha256(payload).digest())


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()
