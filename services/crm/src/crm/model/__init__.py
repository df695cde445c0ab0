"""The nouns of crm."""

from crm.model.account import Account, MailedToken
from crm.model.base import Base
from crm.model.customer import Alias, Customer
from crm.model.mail import Mail

__all__ = ["Account", "Alias", "Base", "Customer", "Mail", "MailedToken"]
