"""Who is told when something goes wrong."""

import dagster as dg

from pipelines.alerts import State, look, send
from retour.settings import load_settings


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes a mail to RETOUR_ALERT_MAIL when a run or a check of data fails: once for each thing that is "
    "wrong, and again only after it has been well in between, or where it has grown a good deal.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason | dg.SensorResult:
    settings = load_settings()
    if not settings.alert_mail:
        return dg.SkipReason("RETOUR_ALERT_MAIL names nobody to tell")
    before = State.read(context.cursor)
    after, found = look(context.instance, before)
    for run, faults in found:
        send(settings, run, faults)
    told = "; ".join(each.place for _, faults in found for each in faults)
    return dg.SensorResult(
        skip_reason=f"told by mail: {told}" if told else "nothing went wrong anew",
        cursor=after.written(),
    )
