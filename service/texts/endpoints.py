"""`/v1/texts`, and the texts of a return: what customers and staff wrote, for those who must know it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.edge import RetourDep, caller_with, problems
from service.platform.auth import Caller
from service.platform.fields import Rma, TextRef
from service.platform.texts import UnknownText
from service.returns.held import UnknownReturn
from service.texts.schemas import ReturnTextView, TextView

router = APIRouter(tags=["texts"])
Reader = Annotated[Caller, Depends(caller_with("texts:read"))]
Staff = Annotated[Caller, Depends(caller_with("returns:read"))]


@router.get("/v1/texts/{text_ref}", responses=problems(UnknownText, has_body=False))
def get_text(text_ref: TextRef, retour: RetourDep, caller: Reader) -> TextView:
    """What somebody wrote. Each reading is noted, with the key and the member of staff that it belongs to."""
    return retour.texts.read(text_ref, caller)


@router.get("/v1/returns/{rma}/texts", responses=problems(UnknownReturn, has_body=False))
def get_texts(rma: Rma, retour: RetourDep, caller: Staff) -> list[ReturnTextView]:
    """What was asked, answered and noted on a return, the oldest first.

    Whoever may read texts gets the words, and each reading is noted, with the key and the member of staff that it belongs to.
    """
    return retour.texts.of_return(rma, caller)
