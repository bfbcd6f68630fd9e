"""What every page needs around its content: who works here, for which accounts, and what waits for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import sees_people
from accounts.models import Account, AccountStatus, Membership, Organization
from accounts.second_factor import waits_until
from catalog.queries import StockFigures, stock_figures
from painelml.exports.models import ExportFile
from painelml.exports.queries import files_to_tell
from painelml.sync.models import SyncRun
from painelml.sync.queries import unread_scopes
from painelml.web import masks
from painelml.web.attention import Need, needs_of
from painelml.web.filters import FilterForm
from painelml.web.kept import PERIOD_NAMES, KeptPeriod
from questions.queries import WaitingFigures, waiting_figures
from shipments.queries import DispatchFigures, dispatch_figures

THEMES = ("light", "dark")
ANY_ID = "any-id"
LANGUAGES = {"pt-br": "Português", "en": "English", "es": "Español"}


class Panel:
    """The frame of a page, asked in templates as `panel`. Each part is found when first used."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def organization(self) -> Organization | None:
        return self.request.organization or None  # type: ignore[attr-defined]

    @cached_property
    def membership(self) -> Membership | None:
        return self.request.membership or None  # type: ignore[attr-defined]

    @cached_property
    def sees_people(self) -> bool:
        """Whether the reader is told who buyers are."""
        return sees_people(self.request)

    def nickname(self, text: str) -> str:
        """Return a buyer's nickname as the reader may see it."""
        return text if self.sees_people else masks.nickname(text)

    @cached_property
    def all_accounts(self) -> list[Account]:
        """The organization's accounts. One query."""
        return list(Account.objects.of(self.organization)) if self.organization else []

    @cached_property
    def account(self) -> Account | None:
        """The account chosen in the address with `account_id`; None: all of them."""
        chosen = self.request.GET.get("account_id")
        return next((account for account in self.all_accounts if str(account.pk) == chosen), None)

    @property
    def accounts(self) -> list[Account]:
        """The accounts the page is about."""
        return [self.account] if self.account else self.all_accounts

    @cached_property
    def period(self) -> KeptPeriod:
        """The period chosen in the address, for the pages people go to next."""
        zone = self.account.time_zone if self.account else self.zone
        return KeptPeriod.read(self.request.GET, timezone.now().astimezone(zone).date())

    @cached_property
    def kept(self) -> str:
        """What the address of a page within a section ends with: `?account_id=1&days=30`, or nothing."""
        query = self.kept_params("")
        return f"?{urlencode(query)}" if query else ""

    def addresses(self, page: str, *, keeps: bool = True) -> Callable[[str], str]:
        """Return what makes the address of a page about one thing, `orders:detail`, from its id; it `keeps`
        the chosen account and period. Routes are asked once, not for each row of a list."""
        before, after = reverse(page, args=[ANY_ID]).split(ANY_ID)
        end = after + self.kept if keeps else after
        return lambda id_: f"{before}{quote(id_, safe='')}{end}"

    @property
    def passing(self) -> dict[str, str]:
        """The period as this page's address has it, for forms that know no period and must not lose it."""
        given = self.request.GET
        return {name: given[name] for name in PERIOD_NAMES if given.get(name)}

    def kept_params(self, page: str) -> dict[str, str]:
        """Return the chosen account and period as the page named so takes them."""
        account = {"account_id": str(self.account.pk)} if self.account else {}
        return account | self.period.params(page)

    @property
    def expired(self) -> list[Account]:
        return [account for account in self.all_accounts if account.status == AccountStatus.EXPIRED]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone moments are shown in that belong to no account: the first account's."""
        return self.all_accounts[0].time_zone if self.all_accounts else ZoneInfo(settings.TIME_ZONE)

    @cached_property
    def second_factor_until(self) -> datetime | None:
        """Until when this person has to set up two-factor login here; None: they need not, or have."""
        return waits_until(self.membership, self.request.user)  # type: ignore[arg-type]

    @cached_property
    def needs(self) -> list[Need]:
        """What needs somebody's attention, worst first."""
        return needs_of(self)

    @property
    def near_limits(self) -> int:
        """How many metrics of the accounts' reputation are near a limit, or past it."""
        return sum(len(account.near_limits) for account in self.accounts)

    @cached_property
    def is_filling(self) -> bool:
        """Whether a run is reading from Mercado Livre right now. One query."""
        return SyncRun.objects.filter(account__in=self.accounts).active().exists()

    @cached_property
    def unread(self) -> set[str]:
        """What is not read for the first time yet for all accounts of the page: `items`, `orders`, ... One
        query."""
        return unread_scopes(self.accounts)

    @cached_property
    def waiting(self) -> WaitingFigures:
        return waiting_figures(self.accounts, timezone.now())

    @cached_property
    def dispatch(self) -> DispatchFigures:
        return dispatch_figures(self.accounts, timezone.now())

    @cached_property
    def stock(self) -> StockFigures:
        return stock_figures(self.accounts)

    @cached_property
    def files(self) -> list[ExportFile]:
        """The person's files that are being made or wait to be taken. One query."""
        person = self.request.user
        return files_to_tell(self.organization, person) if self.organization else []  # type: ignore[arg-type]

    @cached_property
    def section(self) -> str:
        """The first part of the path: `orders` for `/orders/123/`."""
        return self.request.path_info.strip("/").split("/", 1)[0]

    @property
    def theme(self) -> str:
        """`light`, `dark`, or empty for what the machine prefers."""
        chosen = self.request.COOKIES.get("theme", "")
        return chosen if chosen in THEMES else ""

    @property
    def languages(self) -> dict[str, str]:
        """The languages of the interface, each in its own words."""
        return LANGUAGES


def panel_of(request: HttpRequest) -> Panel:
    """Return the request's frame; views and templates share one."""
    if not hasattr(request, "panel"):
        request.panel = Panel(request)  # type: ignore[attr-defined]
    return request.panel  # type: ignore[attr-defined]


def redirect_kept(request: HttpRequest, page: str, *args: Any) -> HttpResponseRedirect:
    """Lead to the page named so, with the account and the period of this address."""
    query = urlencode(panel_of(request).kept_params(page))
    address = reverse(page, args=args)
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def panel(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {"panel": panel_of(request)}


Form = TypeVar("Form", bound=FilterForm)


def filters_of(request: HttpRequest, form_class: type[Form]) -> Form:
    """Return the filters of a page's address. Raises Http404 for an account of somebody else's."""
    form = form_class(request.GET, organization=request.organization)  # type: ignore[attr-defined]
    form.all_accounts = panel_of(request).all_accounts
    form.sees_people = panel_of(request).sees_people
    if form.has_error("account_id"):
        raise Http404(_("There is no such account."))
    return form
