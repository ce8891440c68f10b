"""What can be wrong with an account, as sentences."""

from __future__ import annotations

from desk.errors import DeskError


class WrongAliasOrPassphrase(DeskError):
    """This alias and passphrase do not belong together."""


class ManySignIn(DeskError):
    """Many people are signing in right now; please try again in a moment."""


class PassphraseTooShort(DeskError):
    """A passphrase needs at least 15 characters; seven plain words are easy to keep in mind."""

    field = "passphrase"


class PassphraseTooLong(DeskError):
    """A passphrase may have up to 128 characters."""

    field = "passphrase"


class PassphraseCommon(DeskError):
    """This passphrase is one that many people choose; please take another."""

    field = "passphrase"


class VoucherUnusable(DeskError):
    """This voucher was used, has run out, or never was; please ask for a new one."""


class VoucherRoles(DeskError):
    """A voucher of an organizer is for spotters and responders; other roles are given at the console."""

    field = "roles"


class VouchersUsedUp(DeskError):
    """You have made as many vouchers today as one person may."""


class AdminReadsNothing(DeskError):
    """Who looks after the server must not also read reports: give the two roles to two people."""

    field = "roles"


class NoSuchAlias(DeskError):
    """There is no account of that alias here."""


class AliasForm(DeskError):
    """An alias is up to 40 small letters and digits, with single dashes between words."""

    field = "alias"


class NoRoles(DeskError):
    """An account needs at least one role."""

    field = "roles"


class TokenTooLong(DeskError):
    """A token for scripts may last up to 30 days."""


class NoFreeAlias(DeskError):
    """No free alias was found; please try again."""
