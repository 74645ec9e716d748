"""The fast path: the same plan carried out as events straight away, by the column, without the service.

A stretch of days at a time: what people do and what follows from it (`reviewing`, `sending`, `inspecting`, `refunding`,
`ending`) becomes columns of moments, those become frames of events (`events/`), and `stream` puts them in the log's order.
"""
