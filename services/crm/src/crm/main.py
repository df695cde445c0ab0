"""The composition root of crm."""

from datetime import timedelta
from functools import partial

from argon2 import PasswordHasher

from crm.api import accounts, customers
from crm.checks import CHECKS
from crm.consumers import HANDLERS
from crm.gateways.mailer import FolderMailer, Mailer, SmtpMailer
from crm.settings import Settings
from crm.usecases.send_mail import send_mail
from wareflow_events.broker import Broker
from wareflow_events.transaction import Transactions
from wareflow_kit.auth import Issuer
from wareflow_kit.database import engine
from wareflow_kit.service import Poller, Service
from wareflow_kit.web.app import create_app


def build(settings: Settings, *, broker: Broker) -> Service:
    """Put the service together."""
    database = engine(settings.database_url, pool=settings.pool_size, name="crm")
    transactions = Transactions(database, service="crm")
    issuer = Issuer.from_file(settings.signing_key, settings.issuer)
    doorman = accounts.Doorman(
        issuer=issuer,
        session=timedelta(hours=settings.session_hours),
        hasher=PasswordHasher(),
    )
    app = create_app(
        service="crm",
        title="CRM",
        description="Customers, accounts, their timeline, and forgetting them.",
        routers=[accounts.router(settings, doorman), customers.router],
        settings=settings,
        transactions=transactions,
    )
    post = partial(send_mail, transactions, _mailer(settings), storefront=settings.storefront_url)
    return Service(
        name="crm",
        settings=settings,
        engine=database,
        transactions=transactions,
        broker=broker,
        app=app,
        groups=HANDLERS,
        pollers=(Poller("crm.mail", 2.0, post, bell=transactions.committed),),
        checks=CHECKS,
    )


def _mailer(settings: Settings) -> Mailer:
    if settings.smtp_host is not None:
        return SmtpMailer(
            settings.smtp_host,
            settings.smtp_port,
            sender=settings.mail_from,
            user=settings.smtp_user,
            password=settings.smtp_password,
        )
    if settings.mail_folder is None:
        raise ValueError("say where mails go: mail_folder or smtp_host")
    return FolderMailer(settings.mail_folder, sender=settings.mail_from)
