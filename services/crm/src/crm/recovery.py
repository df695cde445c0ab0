"""How crm takes back from the log what a restored database has lost."""

from crm.usecases.recall import recall_customers
from wareflow_events.recovery import Recall, Recovery
from wareflow_events.schemas.crm import (
    CustomerChanged,
    CustomerErased,
    CustomerMerged,
    CustomerRegistered,
)

RECOVERY = Recovery(
    service="crm",
    recalls=(
        Recall(
            (CustomerRegistered, CustomerChanged, CustomerMerged, CustomerErased),
            recall_customers,
        ),
    ),
    lost=(
        "accounts that were opened since: address and password; their owners register anew",
        "passwords, names and telephone numbers that were changed since",
        "addresses of guests, where the log keeps them no more: 72 hours",
        "mails that were not sent yet, and links that were mailed",
        "the audit trail",
    ),
)
