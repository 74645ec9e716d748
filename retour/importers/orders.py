"""From sold rows to orders, their lines, deliveries and the catalogue; each numbered in order of time (`n`)."""

import duckdb


def make_orders(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `orders`, `order_lines`, `deliveries`, `products`. An order's time is that of its first row."""
    connection.execute(
        """create table orders as
           select row_number() over (order by time_us, order_id) as n, *
           from (select order_id, min(time_us) as time_us, arg_min(customer, row_n) as customer,
                        arg_min(currency, row_n) as currency, arg_min(country, row_n) as country
                 from sold group by order_id)
           order by n"""
    )
    connection.execute(
        """create table order_lines as
           select orders.n, orders.order_id,
                  coalesce(line_no, row_number() over (partition by orders.n order by row_n))
                      as line_no,
                  sku, quantity, unit_price_minor, delivered_us
           from sold join orders using (order_id) order by orders.n, 3"""
    )
    _make_deliveries(connection)
    _make_products(connection)


def _make_deliveries(connection: duckdb.DuckDBPyConnection) -> None:
    """What of an order arrived at one moment is one parcel."""
    connection.execute(
        """create table deliveries as
           select row_number() over (order by delivered_us, n) as delivery_n, *
           from (select n, order_id, delivered_us,
                        'import-' || row_number() over (partition by n order by delivered_us)
                            as delivery_id
                 from order_lines where delivered_us is not null
                 group by n, order_id, delivered_us)
           order by delivery_n"""
    )


def _make_products(connection: duckdb.DuckDBPyConnection) -> None:
    """A product is called what most of its sold rows call it; clerks' remarks are rare and lose."""
    connection.execute(
        """create table products as
           with seen as (
               select sku, title, category, vendor, time_us, true as is_sold from sold
               union all
               select sku, title, null, null, time_us, false from returned
           ),
           named as (
               select sku, title, count(*) filter (where is_sold) as times, count(*) as mentions
               from seen where title is not null group by sku, title
           ),
           titles as (
               select sku, title from named
               qualify row_number() over (
                   partition by sku order by times desc, mentions desc, title) = 1
           ),
           firsts as (
               select sku,
                      coalesce(min(time_us) filter (where is_sold), min(time_us)) as time_us,
                      arg_max(category, (time_us, category)) as category,
                      arg_max(vendor, (time_us, vendor)) as vendor
               from seen group by sku
           )
           select row_number() over (order by time_us, sku) as n, sku, time_us,
                  coalesce(title, sku) as title, category, vendor
           from firsts left join titles using (sku) order by n"""
    )
