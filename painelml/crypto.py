"""Secrets at rest: AES-256-GCM under a ring of keys. Design section 5; part A, 2.7 (AES-256 at rest, the
key elsewhere).
"""

import base64
import binascii
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION = "v1"
NONCE_BYTES = 12
MIN_KEY_LENGTH = 32


class CryptoError(Exception):
    """A stored secret cannot be read. The message says what to do and never holds a value."""


class UnknownKey(CryptoError):
    """The key that encrypted it is not on the ring. Adding it to ENCRYPTION_KEY mends this."""


class Undecryptable(CryptoError):
    """The text is damaged, or belongs to another row or column. No key mends this: connect the account
    again.
    """


class KeyRing:
    """The keys of ENCRYPTION_KEY: one, or several separated by commas. The first encrypts, all decrypt.

    A sealed text is `v1:<key id>:<base64url(nonce + ciphertext)>`. The key id is derived from the key and
    says nothing about it. `ad` (associated data) ties a text to its place: it opens only with the bytes it
    was sealed with. Raises ValueError for a key that is missing or too short.
    """

    def __init__(self, keys: str) -> None:
        texts = [text.strip() for text in keys.split(",") if text.strip()]
        if not texts or any(len(text) < MIN_KEY_LENGTH for text in texts):
            raise ValueError(
                f"ENCRYPTION_KEY needs one key of at least {MIN_KEY_LENGTH} characters,"
                " or several such keys separated by commas."
            )
        self._ciphers = {_key_id(text): AESGCM(_derive(text, b"painelml secrets", 32)) for text in texts}
        self._first = next(iter(self._ciphers))

    def encrypt(self, plain: str, ad: bytes) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._ciphers[self._first].encrypt(nonce, plain.encode(), ad)
        return f"{VERSION}:{self._first}:{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, sealed: str, ad: bytes) -> str:
        """Raises UnknownKey, Undecryptable."""
        version, _, rest = sealed.partition(":")
        key_id, _, payload = rest.partition(":")
        if version != VERSION or not payload:
            raise Undecryptable("The stored value is not an encrypted one; connect the account again.")
        if key_id not in self._ciphers:
            raise UnknownKey(
                f"This was encrypted with a key ({key_id}) that is not in ENCRYPTION_KEY; add it back."
            )
        try:
            raw = base64.b64decode(payload, altchars=b"-_", validate=True)
            return self._ciphers[key_id].decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], ad).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Undecryptable(
                "The stored value is damaged or belongs to another row; connect the account again."
            ) from error

    def needs_rotation(self, sealed: str) -> bool:
        """Whether another key than the first one holds it."""
        return not sealed.startswith(f"{VERSION}:{self._first}:")

    def rotate(self, sealed: str, ad: bytes) -> str:
        """Return it sealed anew with the first key. Raises UnknownKey, Undecryptable."""
        return self.encrypt(self.decrypt(sealed, ad), ad)

    @property
    def fingerprints(self) -> list[str]:
        """What may be written down of each key, the first one first: it tells keys apart and nothing else."""
        return list(self._ciphers)

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._ciphers)}>"


def keyring() -> KeyRing:
    """Return the ring of `settings.ENCRYPTION_KEY`, made once for each value of the setting."""
    return _keyring(settings.ENCRYPTION_KEY)


@lru_cache(maxsize=4)
def _keyring(keys: str) -> KeyRing:
    return KeyRing(keys)


def _key_id(text: str) -> str:
    return _derive(text, b"painelml key id", 4).hex()


def _derive(text: str, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(text.encode())
