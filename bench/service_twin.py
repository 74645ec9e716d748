"""The service as `retour serve` starts it, and beside it the least that its stack can do: write one row, read one row.

Both answer in one process, so that a ratio of the two leaves out the machine, the server and the client.
"""

from typing import Annotated

import uvicorn
from fastapi import APIRouter, Depends
from sqlalchemy import Column, MetaData, Table, Text, select

from retour.assembly import open_retour
from retour.settings import load_settings
from service.api import create_app
from service.edge import RetourDep, caller_with
from service.platform.fields import Body, Ref

_rows = Table(
    "bench_rows", MetaData(), Column("row_id", Text, primary_key=True), Column("note", Text)
)
_router = APIRouter()


class RowBody(Body):
    """One row, as short as can be."""

    row_id: Ref
    note: Annotated[str, "anything"]


@_router.post("/bench/rows", status_code=201, dependencies=[Depends(caller_with("returns:write"))])
def post_row(body: RowBody, retour: RetourDep) -> RowBody:
    """Write one row, behind the same key, in the same kind of transaction as a command."""
    with retour.context.db.write() as connection:
        connection.execute(_rows.insert(), body.model_dump())
    return body


@_router.get("/bench/rows/{row_id}", dependencies=[Depends(caller_with("returns:own"))])
def get_row(row_id: Ref, retour: RetourDep) -> RowBody:
    """Read one row, behind the same key, in the same kind of transaction as a query."""
    with retour.context.db.read() as connection:
        row = connection.execute(select(_rows).where(_rows.c.row_id == row_id)).one()
    return RowBody(row_id=row.row_id, note=row.note)


def main() -> None:
    """Serve both until a signal ends it."""
    settings = load_settings()
    retour = open_retour(settings)
    with retour.context.db.write() as connection:
        _rows.create(connection, checkfirst=True)
    app = create_app(retour)
    app.include_router(_router)
    uvicorn.run(app, host=settings.host, port=settings.service_port, log_level="warning")


if __name__ == "__main__":
    main()
