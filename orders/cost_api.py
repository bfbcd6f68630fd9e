"""`/api/costs` and `/api/sale-costs`: what products and sales cost the seller, for scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Account, Role
from catalog.costs import BEGINNING, FILE_MAX, CostRow, UnreadableFile, good, read_costs
from catalog.models import ProductCost, SaleCost
from painelml.audit import trail
from painelml.web.api import AccountForm, ApiViewSet, Money, StrictSerializer
from painelml.web.filters import YEARS, ChoiceFilter, WordFilter

from . import actions

LISTED = 1000
"""Rows of a file an answer lists of the good ones, and of the others."""


class Amount(serializers.DecimalField):
    """An amount of cents, of nothing or more."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 2, "min_value": 0, **kwargs})


class Since(serializers.DateField):
    """The day from which a cost counts; null: it always did."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "default": BEGINNING, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        day = super().run_validation(data) or BEGINNING
        if day.year not in YEARS:
            raise ValidationError(_("Enter a date such as 2026-11-21."))
        return day

    def to_representation(self, day: Any) -> Any:
        return None if day == BEGINNING else super().to_representation(day)


class CostSerializer(serializers.Serializer):
    """What every cost says: it counts from `starts_on` (null: since ever) until `ends_on` (null: for ever),
    the day before the next one begins.
    """

    id = serializers.IntegerField()
    account_id = serializers.IntegerField()
    currency_id = serializers.CharField(source="account.currency_id")
    starts_on = Since()
    ends_on = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_ends_on(self, cost: Any) -> str | None:
        """Return the last day a cost counts on, of those that `CostViewSet.get_queryset` found."""
        return (cost.next_start - timedelta(days=1)).isoformat() if cost.next_start else None


class ProductCostSerializer(CostSerializer):
    """What a unit costs. `sku` is the SKU, or the item's id where a listing has none."""

    sku = serializers.CharField()
    amount = Money()


class SaleCostSerializer(CostSerializer):
    """What every sale costs beside its product: taxes as a share of gross, and an amount per order."""

    tax_percent = Money()
    per_order = Money()


class ProductCostChangeSerializer(StrictSerializer):
    amount = Amount()


class NewProductCostSerializer(ProductCostChangeSerializer):
    account_id = serializers.IntegerField()
    sku = serializers.CharField(max_length=120)
    starts_on = Since()

    def validate_sku(self, sku: str) -> str:
        if not sku.isprintable():
            raise ValidationError(_("Leave control characters out."))
        return sku


class SaleCostChangeSerializer(StrictSerializer):
    """What is left out stays as it is."""

    tax_percent = Amount(max_digits=5, max_value=100, required=False)
    per_order = Amount(required=False)


class NewSaleCostSerializer(StrictSerializer):
    account_id = serializers.IntegerField()
    tax_percent = Amount(max_digits=5, max_value=100)
    per_order = Amount()
    starts_on = Since()


class CostRowSerializer(serializers.Serializer):
    row = serializers.IntegerField(source="number")
    sku = serializers.CharField()
    amount = Money()
    starts_on = Since()


class WrongRowSerializer(serializers.Serializer):
    row = serializers.IntegerField(source="number")
    sku = serializers.CharField()
    errors = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]


class CostFileSerializer(StrictSerializer):
    file = serializers.FileField(
        help_text="CSV or XLSX; its first row names the columns: SKU, cost and, if wanted, from."
    )


class ReadFileSerializer(serializers.Serializer):
    """What a file held: `found` good rows, of which `stored` were stored, and `wrong` ones.

    `rows` and `errors` list the first 1,000 of them, each with its number in the file.
    """

    found = serializers.IntegerField()
    stored = serializers.IntegerField()
    wrong = serializers.IntegerField()
    rows = CostRowSerializer(many=True)
    errors = WrongRowSerializer(many=True)  # type: ignore[assignment]


class ProductCostFilterForm(AccountForm):
    sku = WordFilter(label=gettext_lazy("SKU"))


class ImportForm(AccountForm):
    account_id = forms.IntegerField(label=gettext_lazy("Account"))
    dry_run = ChoiceFilter(
        [("true", "true"), ("false", "false")], label=gettext_lazy("Only tell what would be stored")
    )


class CostViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Costs of the organization's accounts. A subclass names its `model`, and what tells two costs of one
    day apart in `named_by`.
    """

    model: type[ProductCost] | type[SaleCost]
    named_by: ClassVar[list[str]]
    lookup_value_regex = r"\d{1,18}"
    roles: ClassVar[dict[str, str]] = dict.fromkeys(
        ("list", "retrieve", "create", "partial_update", "destroy", "read_file"), Role.MANAGER
    )
    query_forms: ClassVar[dict[str, Any]] = {"list": AccountForm}

    def get_queryset(self) -> QuerySet[Any]:
        """Return the costs that pass the filters, each with its last day."""
        same = {name: OuterRef(name) for name in self.named_by}
        later = self.model.objects.filter(**same, starts_on__gt=OuterRef("starts_on"))
        next_start = later.order_by("starts_on").values("starts_on")[:1]
        costs = self.model.objects.filter(account__organization=self.request.organization)  # type: ignore[attr-defined]
        if self.action == "list":
            costs = costs.filter(account__in=self.query.accounts)
        return costs.select_related("account").annotate(next_start=Subquery(next_start))

    def account(self, pk: int) -> Account:
        account = Account.objects.of(self.request.organization).filter(pk=pk).first()  # type: ignore[attr-defined]
        if account is None:
            raise NotFound(_("There is no such account."))
        return account

    def given(self, serializer_class: type[StrictSerializer]) -> dict[str, Any]:
        given = serializer_class(data=self.request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        return values

    def answer(self, status: int = 200, **found: Any) -> Response:
        cost = self.get_queryset().get(**found)
        return Response(self.get_serializer(cost).data, status)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        """Forget a cost: from its first day on the one before it counts again, if there is one."""
        actions.forget_cost(self.get_object())
        return Response(status=204)


class ProductCostViewSet(CostViewSet):
    """What products cost, newest first. Every change reckons the profit of the account's sales again."""

    model = ProductCost
    named_by: ClassVar = ["account", "sku"]
    serializer_class = ProductCostSerializer
    query_forms: ClassVar[dict[str, Any]] = {"list": ProductCostFilterForm, "read_file": ImportForm}
    orderings: ClassVar = {"id": "id", "sku": "sku", "starts_on": "starts_on"}

    def get_queryset(self) -> QuerySet[ProductCost]:
        costs = super().get_queryset()
        return costs.filter(**self.query.filters(sku="sku")) if self.action == "list" else costs

    @extend_schema(request=NewProductCostSerializer, responses={201: ProductCostSerializer})
    def create(self, request: Request) -> Response:
        """Say what a unit costs from a day on. A cost of the same product and day is replaced."""
        given = self.given(NewProductCostSerializer)
        account = self.account(given.pop("account_id"))
        actions.change_product_costs(account, [CostRow(number=1, **given)])
        return self.answer(201, account=account, sku=given["sku"], starts_on=given["starts_on"])

    @extend_schema(request=ProductCostChangeSerializer, responses=ProductCostSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        """Change the amount of a cost. For another day, add one."""
        cost = self.get_object()
        row = CostRow(1, cost.sku, self.given(ProductCostChangeSerializer)["amount"], cost.starts_on)
        actions.change_product_costs(cost.account, [row])
        return self.answer(account=cost.account, sku=cost.sku, starts_on=cost.starts_on)

    @extend_schema(
        operation_id="costs_import",
        request={"multipart/form-data": CostFileSerializer},
        responses=ReadFileSerializer,
    )
    @action(detail=False, methods=["post"], url_path="import", parser_classes=[MultiPartParser])
    def read_file(self, request: Request) -> Response:
        """Store the good rows of a file of costs, as the page does; with `dry_run=true` only tell them.

        Up to 5 MB and 50,000 rows. What is wrong with the others is said row by row.
        """
        account = self.account(self.query.value("account_id"))
        file = self.given(CostFileSerializer)["file"]
        try:
            rows = read_costs(file.read(FILE_MAX + 1))
        except UnreadableFile as error:
            raise ValidationError({"file": [str(error)]}) from error
        found, wrong = good(rows), [row for row in rows if row.errors]
        is_trial = self.query.value("dry_run") == "true"
        if is_trial:
            trail.came_to_nothing()
        answer = {
            "found": len(found),
            "stored": 0 if is_trial else actions.change_product_costs(account, found),
            "wrong": len(wrong),
            "rows": found[:LISTED],
            "errors": wrong[:LISTED],
        }
        return Response(ReadFileSerializer(answer).data)


class SaleCostViewSet(CostViewSet):
    """What sales cost beside their products, newest first. Every change reckons the profit again."""

    model = SaleCost
    named_by: ClassVar = ["account"]
    serializer_class = SaleCostSerializer
    orderings: ClassVar = {"id": "id", "starts_on": "starts_on"}

    @extend_schema(request=NewSaleCostSerializer, responses={201: SaleCostSerializer})
    def create(self, request: Request) -> Response:
        """Say taxes and the cost per order from a day on. Those of the same day are replaced."""
        given = self.given(NewSaleCostSerializer)
        account = self.account(given.pop("account_id"))
        actions.change_sale_cost(account, **given)
        return self.answer(201, account=account, starts_on=given["starts_on"])

    @extend_schema(request=SaleCostChangeSerializer, responses=SaleCostSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        """Change taxes or the cost per order; what is left out stays. For another day, add one."""
        cost = self.get_object()
        now = {"tax_percent": cost.tax_percent, "per_order": cost.per_order}
        changed = {**now, **self.given(SaleCostChangeSerializer)}
        actions.change_sale_cost(cost.account, **changed, starts_on=cost.starts_on)
        return self.answer(account=cost.account, starts_on=cost.starts_on)
