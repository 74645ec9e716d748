"""`/v1/returns`: a shop's own app applies for a return and shows where it stands."""

from fastapi import APIRouter, Depends, Response

from service.edge import RetourDep, caller_with, problems
from service.platform.fields import Ref
from service.returns.schemas import ReturnBody, ReturnView

router = APIRouter(prefix="/v1/returns", tags=["returns"])


@router.post(
    "",
    status_code=201,
    responses=problems(404, 409),
    dependencies=[Depends(caller_with("returns:write"))],
)
def post_return(body: ReturnBody, retour: RetourDep, response: Response) -> ReturnView:
    """Apply for a return. Within policy it is authorized at once, else a reviewer decides."""
    rma = retour.returns.request(body)
    response.headers["Location"] = f"/v1/returns/{rma}"
    return retour.returns.get(rma)


@router.get("/{rma}", responses=problems(404), dependencies=[Depends(caller_with("returns:read"))])
def get_return(rma: Ref, retour: RetourDep) -> ReturnView:
    """Where a return stands, what happened, what happens next, and who does it."""
    return retour.returns.get(rma)
