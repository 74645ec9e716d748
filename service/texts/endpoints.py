"""`/v1/texts`: what customers wrote, for those who must know it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.edge import RetourDep, caller_with, problems
from service.platform.auth import Caller
from service.platform.fields import TextRef
from service.platform.texts import UnknownText
from service.texts.schemas import TextView

router = APIRouter(prefix="/v1/texts", tags=["texts"])
Reader = Annotated[Caller, Depends(caller_with("texts:read"))]


@router.get("/{text_ref}", responses=problems(UnknownText, has_body=False))
def get_text(text_ref: TextRef, retour: RetourDep, caller: Reader) -> TextView:
    """What somebody wrote. Each reading is noted, with the key and the member of staff that it belongs to."""
    return retour.texts.read(text_ref, caller)
