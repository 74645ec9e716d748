"""What a shop's app proves its customer with, and the token that it gets."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from service.platform.fields import Body, MailSha256, OrderId


class CustomerTokenBody(Body):
    """An order and the mail address that was given with it, as a hash: the address itself is not sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "order_id": "A-1001",
                "mail_sha256": "f7d54c22dda5b1780276601cd005909b70543fc4a6ba72d735b4cb9bbb611f01",
            }
        }
    )

    order_id: OrderId
    mail_sha256: MailSha256


class CustomerToken(Body):
    """What the customer proves itself with from now on, in the header `Retour-Customer`."""

    token: Annotated[str, Field(description="good for this order and its returns")]
    expires_at: Annotated[datetime, Field(description="from then on it is refused, in UTC")]
