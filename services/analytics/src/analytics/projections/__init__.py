"""What analytics derives from the events: a table, how it folds, and the questions it answers."""

from analytics.model.activity import ActivityRow, BadActivity
from analytics.projections.channels import Channel
from analytics.projections.funnel import Touch
from analytics.projections.sales import Cancellation, Return, Sale, SaleLine

TABLES = (ActivityRow, BadActivity, Channel, Touch, Sale, SaleLine, Return, Cancellation)
"""Every mapped class of analytics; importing this module fills the metadata."""
