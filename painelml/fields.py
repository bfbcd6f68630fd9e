"""The encrypted column: plain text in Python, AES-256-GCM in the database, decrypted only when somebody
reads it.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from painelml.crypto import VERSION, keyring

_SEALED = re.compile(rf"{VERSION}:[0-9a-f]{{8}}:[\w=-]+")


class Sealed(str):
    """Ciphertext: the only thing besides `""` and NULL that an encrypted column takes."""

    __slots__ = ()


class Secret:
    """Plain text that was assigned and not saved yet. It shows nothing and refuses to be pickled."""

    __slots__ = ("_plain",)

    def __init__(self, plain: str) -> None:
        self._plain = plain

    def reveal(self) -> str:
        return self._plain

    def __repr__(self) -> str:
        return "<Secret>"

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self

    def __reduce__(self) -> str:
        raise TypeError("A secret that is not saved yet cannot be pickled; save the row first.")


class _PlainText:
    """`row.access_token`: decrypts on every read, so that no plain text stays in the row. Raises
    UnknownKey, Undecryptable.
    """

    def __init__(self, field: "EncryptedField") -> None:
        self.field = field

    def __get__(self, row: models.Model | None, owner: type[models.Model] | None = None) -> Any:
        if row is None:
            return self
        held = getattr(row, self.field.attname)
        if isinstance(held, Secret):
            return held.reveal()
        return keyring().decrypt(held, self.field.associated_data(row)) if held else held

    def __set__(self, row: models.Model, value: str | None) -> None:
        held = Secret(value) if value and not isinstance(value, Sealed) else value
        setattr(row, self.field.attname, held)


class EncryptedField(models.TextField):
    """A secret of a row, tied to that row: it opens only in this model and field, beside the same value of
    `bound_to`.

    `access_token = EncryptedField(bound_to="meli_user_id", blank=True)` gives two attributes:

    - `row.access_token`: the plain text. Assign it like any text; `save()` and `bulk_create()` encrypt it.
    - `row.access_token_sealed`: what the database holds. Truth and equality need no key, so rows load and
      list with a lost one.

    `bound_to` must have its value before the row is saved and keep it. Conditional updates take
    `encrypt_for(row, "access_token", plain)`; plain text in `update()`, `bulk_update()` or `filter()`
    raises TypeError. NULL and `""` stay what they are.
    """

    description = "Encrypted text"

    def __init__(self, *args: Any, bound_to: str, **kwargs: Any) -> None:
        self.bound_to = bound_to
        super().__init__(*args, **{"editable": False, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, {**kwargs, "bound_to": self.bound_to}

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        try:
            self.model._meta.get_field(self.bound_to)
        except FieldDoesNotExist:
            return [
                *super().check(**kwargs),
                checks.Error(f"bound_to names no field: {self.bound_to}", obj=self),
            ]
        return super().check(**kwargs)

    def get_attname_column(self) -> tuple[str, str]:
        # As a foreign key keeps `author_id` beside `author`: what Django copies, pickles and reloads is the
        # sealed text.
        return f"{self.name}_sealed", self.db_column or self.name

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only=private_only)
        setattr(cls, name, _PlainText(self))

    def associated_data(self, row: models.Model) -> bytes:
        binding = getattr(row, self.bound_to)
        if binding in (None, ""):
            raise ValueError(
                f"{self.model._meta.label}.{self.bound_to} must be set before {self.name} is used."
            )
        return f"{self.model._meta.label}.{self.name}:{binding}".encode()

    def seal(self, row: models.Model, plain: str) -> Sealed:
        return Sealed(keyring().encrypt(plain, self.associated_data(row)))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        held = getattr(model_instance, self.attname)
        if isinstance(held, Secret):
            held = self.seal(model_instance, held.reveal())
            setattr(model_instance, self.attname, held)
        return held

    def from_db_value(self, value: str | None, *args: Any) -> str | None:
        return Sealed(value) if value else value

    def to_python(self, value: Any) -> Any:
        """Fixtures carry the sealed text; anything else is somebody's plain text and is left alone."""
        return Sealed(value) if isinstance(value, str) and _SEALED.fullmatch(value) else value

    def get_prep_value(self, value: Any) -> Any:
        if value is None or value == "" or isinstance(value, Sealed):
            return value
        raise TypeError(f"{self.name} takes no plain text here: save the row, or use encrypt_for().")


def encrypt_for(row: models.Model, field: str, plain: str | None) -> Sealed | str | None:
    """Return what to store for this row, for conditional updates:
    `Account.objects.filter(pk=account.pk, lease=mine).update(access_token=encrypt_for(account,
    "access_token", token))`."""
    return _encrypted(row, field).seal(row, plain) if plain else plain


def rotated(row: models.Model, field: str) -> Sealed | None:
    """Return the secret sealed with the first key, `None` when it is already (or there is none). Raises
    UnknownKey, Undecryptable.

    Write it with `filter(pk=row.pk, access_token=row.access_token_sealed).update(...)`: a token refreshed
    meanwhile wins.
    """
    encrypted = _encrypted(row, field)
    held = getattr(row, encrypted.attname)
    if not isinstance(held, Sealed) or not held or not keyring().needs_rotation(held):
        return None
    return Sealed(keyring().rotate(held, encrypted.associated_data(row)))


def encrypted_fields(model: type[models.Model]) -> Sequence[str]:
    """Return the names of a model's encrypted fields."""
    return [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]


def _encrypted(row: models.Model, field: str) -> EncryptedField:
    found = row._meta.get_field(field)
    if not isinstance(found, EncryptedField):
        raise TypeError(f"{row._meta.label}.{field} is not encrypted.")
    return found
