"""How analytics takes back from the log what a restored database has lost."""

from analytics.usecases.collect import recall
from wareflow_events.recovery import Recollection, Recovery
from wareflow_events.schemas.analytics import ActivityRecorded

RECOVERY = Recovery(
    service="analytics",
    recalls=(),
    recollections=(Recollection(ActivityRecorded, recall),),
    lost=("activities that were not understood, which are kept for people to look at",),
)
