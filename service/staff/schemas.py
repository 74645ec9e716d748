"""What is told of the people who work on returns."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from service.domain.words import Language
from service.platform.auth import StaffRole
from service.platform.fields import Body, Moment, StaffId, Words


class StaffBody(Body):
    """A member of staff as it is now: the newest word replaces the one before."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "role": "reviewer",
                "name": "林晓 Lin Xiao",
                "languages": ["zh", "en"],
                "capacity": 20,
                "is_active": True,
            }
        }
    )

    role: Annotated[StaffRole, Field(description="what the member does, and may do")]
    name: Annotated[Words, Field(description="as colleagues call the member; it reaches no log")]
    languages: Annotated[
        list[Language],
        Field(min_length=1, max_length=2, description="in which customers are served"),
    ]
    capacity: Annotated[
        int, Field(ge=1, le=1000, strict=True, description="how many items may be open at once")
    ]
    is_active: Annotated[
        bool,
        Field(
            strict=True, description="whether the member works here; if not, its keys are revoked"
        ),
    ] = True


class Absence(Body):
    """A time in which a member gets no new items. Once it has begun, reviews that are due before its end go to others."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"from": "2026-03-09T08:00:00+01:00", "until": "2026-03-16T08:00:00+01:00"}
        }
    )

    from_: Annotated[Moment, Field(alias="from", description="its first moment")]
    until: Annotated[Moment, Field(description="the moment at which it is over")]

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until <= self.from_:
            raise ValueError("until must be later than from")
        return self


class StaffView(Body):
    """A member of staff, and the last absence that was told."""

    staff_id: StaffId
    role: Annotated[StaffRole, Field(description="what the member does, and may do")]
    name: Annotated[str, Field(description="as colleagues call the member")]
    languages: Annotated[list[Language], Field(description="in which customers are served")]
    capacity: Annotated[int, Field(description="how many items may be open at once")]
    is_active: Annotated[bool, Field(description="whether the member works here")]
    absence: Annotated[Absence | None, Field(description="null where none was told")]


class StaffList(Body):
    """Everybody, those who left too, by id."""

    staff: Annotated[list[StaffView], Field(description="everybody, by id")]


class StaffTaken(Body):
    """The member is known as it was told. `is_changed` says whether this request changed anything."""

    staff_id: StaffId
    is_changed: Annotated[bool, Field(description="whether this request changed anything")]
