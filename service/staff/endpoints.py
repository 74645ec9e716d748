"""`/v1/staff`: an admin tells who works on returns, and when somebody is away."""

from fastapi import APIRouter, Depends

from service.edge import RetourDep, caller_with, problems
from service.platform.fields import StaffId
from service.staff.commands import UnknownStaff
from service.staff.schemas import Absence, StaffBody, StaffList, StaffTaken

router = APIRouter(
    prefix="/v1/staff", tags=["staff"], dependencies=[Depends(caller_with("staff:write"))]
)


@router.get("", responses=problems(has_body=False))
def get_staff(retour: RetourDep) -> StaffList:
    """Everybody who works on returns, and who did."""
    return StaffList(staff=retour.staff.members())


@router.put("/{staff_id:own}", responses=problems())
def put_staff(staff_id: StaffId, body: StaffBody, retour: RetourDep) -> StaffTaken:
    """Tell of a member, or tell anew. Keys of another role than the member's are revoked, of one who left, all;
    their open reviews go to others.
    """
    return StaffTaken(staff_id=staff_id, is_changed=retour.staff.put(staff_id, body))


@router.put("/{staff_id:own}/absence", responses=problems(UnknownStaff))
def put_absence(staff_id: StaffId, body: Absence, retour: RetourDep) -> Absence:
    """From then until then the member gets no new items; the newest word counts. Where it has begun, reviews that are due before
    its end go to others who have room.
    """
    retour.staff.be_absent(staff_id, body)
    return body


@router.delete(
    "/{staff_id:own}/absence", status_code=204, responses=problems(UnknownStaff, has_body=False)
)
def delete_absence(staff_id: StaffId, retour: RetourDep) -> None:
    """The member is back, or does not leave."""
    retour.staff.be_back(staff_id)
