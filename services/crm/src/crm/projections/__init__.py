"""What crm derives from the events: orders of a customer, and their timeline."""

from crm.model import Account, Alias, Customer, Mail, MailedToken
from crm.projections.orders import CustomerOrder
from crm.projections.timeline import TimelineEntry

TABLES = (Account, Alias, Customer, Mail, MailedToken, CustomerOrder, TimelineEntry)
"""Every mapped class of crm; importing this module fills the metadata."""
