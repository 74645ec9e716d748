"""A history that lies ready in the workspace, as the application takes it in: batches of customers, rows, events."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import duckdb
import polars as pl

from retour.importers.events import KINDS, SpineEntry, make_spine, read_stretch
from retour.importers.reconciliation import Reconciliation
from retour.importers.source import Source
from service.domain.events import ImportCompleted, RecordedEvent, SetAside
from service.history.commands import Row
from service.platform.ids import derived_event_id

_CUSTOMERS = 5_000
_ROWS = 50_000
_EVENTS = 5_000

# Values in the order of the service's columns. Where a return is settled in full, it is refunded.
_STATE = {
    "products": """select sku, title, category, vendor, null, null, null, null from products""",
    "orders": """select order_id, token, currency, country, time_us, 0, 0
                 from orders left join tokens using (customer) order by n""",
    "order_lines": """select order_id, line_no, sku, quantity, unit_price_minor, 0, null
                      from order_lines""",
    "deliveries": "select order_id, delivery_id, delivered_us from deliveries",
    "delivery_lines": """select order_lines.order_id, delivery_id, line_no, quantity
                         from order_lines join deliveries using (n, delivered_us)""",
    "returns": """select rma, order_id, token, currency, time_us
                  from returns left join tokens using (customer)
                  left join (select n, min(order_id) as order_id from return_lines group by n
                             having count(order_id) = count(*) and min(order_id) = max(order_id))
                       using (n) order by n""",
    "return_lines": """select rma, line_no, order_id, order_line_no, sku, quantity, reason,
                              value_minor, 'authorized',
                              case when refunded_us is null then 'open' else 'refunded' end,
                              case when refunded_us is null then 'awaited' else 'passed' end
                       from return_lines""",
}


class PreparedHistory:
    """Implements `service.history.commands.History` over the workspace's relations."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source,
        reconciliation: Reconciliation,
        advance: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._source = source
        self._reconciliation = reconciliation
        self._advance = advance
        connection.execute("create table tokens (customer varchar, token varchar)")
        self._size = make_spine(connection)

    @property
    def size(self) -> int:
        """How many events there are, the last word on the import aside."""
        return self._size

    def customers(self) -> Iterator[Sequence[str]]:
        """Customers in the order in which they first appear."""
        cursor = self._connection.cursor()
        cursor.execute(
            """select customer from (select customer, time_us from orders
                                     union all select customer, time_us from returns)
               where customer is not null group by customer order by min(time_us), customer"""
        )
        while rows := cursor.fetchmany(_CUSTOMERS):
            yield [customer for (customer,) in rows]

    def name_customers(self, tokens: Mapping[str, str]) -> None:
        """Keep one batch of tokens for the rows and events to come."""
        frame = pl.DataFrame(
            list(tokens.items()), orient="row", schema={"customer": pl.String, "token": pl.String}
        )
        self._connection.register("token_batch", frame)
        self._connection.execute("insert into tokens select * from token_batch")
        self._connection.unregister("token_batch")

    def rows(self, table: str) -> Iterator[Sequence[Row]]:
        """One state table's rows."""
        reader = self._connection.cursor().sql(_STATE[table]).to_arrow_reader(_ROWS)
        for batch in reader:
            yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))

    def events(self, recorded_at_us: int) -> Iterator[Sequence[tuple[str, RecordedEvent]]]:
        """Every event in order of time."""
        for first in range(1, self._size + 1, _EVENTS):
            stretch = read_stretch(self._connection, first, first + _EVENTS - 1)
            yield [self._event(each, recorded_at_us) for each in stretch]
            self._advance(len(stretch))

    def _event(self, entry: SpineEntry, recorded_at_us: int) -> tuple[str, RecordedEvent]:
        kind = KINDS[entry[1]]
        _, _, time_us, part, subject, data = entry
        key = (subject, str(part)) if part else (subject,)
        return kind.noun, self._recorded(kind.type, time_us, key, subject, data, recorded_at_us)

    def completed(self, recorded_at_us: int) -> RecordedEvent:
        """What was read, at the time of the newest event."""
        account = self._reconciliation
        ((newest_us,),) = self._connection.execute("select max(time_us) from spine").fetchall()
        said = ImportCompleted(
            importer=self._source.name,
            timezone=self._source.timezone,
            content_sha256=account.content_sha256,
            rows_read=account.rows_read,
            rows_sold=account.rows_sold,
            rows_returned=account.rows_returned,
            units_sold=account.units_sold,
            units_returned=account.units_returned,
            units_matched=account.units_matched,
            set_aside=[
                SetAside(reason=each.reason, rows=each.rows, units=each.units)
                for each in account.set_aside
            ],
        )
        return self._recorded(
            said.type,
            newest_us,
            (account.content_sha256,),
            self._source.name,
            said.model_dump_json(),
            recorded_at_us,
        )

    def _recorded(
        self,
        type_: str,
        time_us: int,
        key: tuple[str, ...],
        subject: str,
        data: str,
        recorded_at_us: int,
    ) -> RecordedEvent:
        source = f"import/{self._source.name}"
        return RecordedEvent(
            seq=0,
            id=derived_event_id(time_us, source, type_, *key),
            source=source,
            type=type_,
            subject=subject,
            time_us=time_us,
            recorded_at_us=recorded_at_us,
            origin="import",
            actor_role="importer",
            actor_key=None,
            correlation_id=None,
            causation_id=None,
            corrects=None,
            schema_version=1,
            data=data,
        )
