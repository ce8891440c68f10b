"""Who belongs to the network: signed in and recognised, vouched for, suspended."""

from desk.accounts.enrolling import (
    READS_REPORTS,
    add,
    code_for,
    free_alias,
    make_voucher,
    new_code,
    read_code,
    redeem,
    suspend,
)
from desk.accounts.signing import (
    is_proved,
    recognise,
    recognise_all,
    script_token,
    sign_in,
    sign_out,
    still_signed_in,
)

__all__ = [
    "READS_REPORTS",
    "add",
    "code_for",
    "free_alias",
    "is_proved",
    "make_voucher",
    "new_code",
    "read_code",
    "recognise",
    "recognise_all",
    "redeem",
    "script_token",
    "sign_in",
    "sign_out",
    "still_signed_in",
    "suspend",
]
