"""What every table of the settings is made of: types of values, and one field."""

from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mailer.errors import AddressError
from mailer.model.address import parse_address


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("must be networks such as 127.0.0.1/32 or 2001:db8::/32") from None


def _mail_address(text: str) -> str:
    if text:
        try:
            parse_address(text)
        except AddressError as problem:
            raise ValueError(str(problem)) from None
    return text


Port = Annotated[int, Field(ge=1, le=65_535)]
Count = Annotated[int, Field(ge=1)]
Limit = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Network = Annotated[str, AfterValidator(_network)]
"""An IP address with the number of its leading bits that count."""

MailAddress = Annotated[str, AfterValidator(_mail_address)]
"""An email address, or "" for none."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, 0 … 1."""


def setting(default: Any, description: str, unit: str = "") -> Any:
    """Declare a setting.

    Args:
        description: One sentence or more, for `config.example.toml`.
        unit: What a number counts, such as "seconds".
    """
    described = f"{description.removesuffix('.')} ({unit})." if unit else description
    return Field(default=default, description=described)


class Section(BaseModel):
    """One table of the file. It never changes; a name that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
