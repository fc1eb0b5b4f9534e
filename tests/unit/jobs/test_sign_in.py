"""What signing in does for a name that is nobody's."""

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from mailer.jobs.sign_in import NO_PASSWORD, hash_password


def test_a_name_that_is_nobodys_costs_what_a_wrong_password_costs() -> None:
    # Anything that is no hash, or one of a weaker kind, would be answered at once.
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(NO_PASSWORD, "secret")
    assert not PasswordHasher().check_needs_rehash(NO_PASSWORD)
    assert len(NO_PASSWORD) == len(hash_password("secret"))
