from django.urls import path

from . import bulk_views, file_views, location_views, stock_views, views

app_name = "catalog"

urlpatterns = [
    path("", views.item_list, name="list"),
    path("stock-outs/", stock_views.stock_outs, name="stock-outs"),
    path("stock-outs/export/", stock_views.export, name="stock-outs-export"),
    path("sheet/", file_views.sheet, name="sheet"),
    path("import/", file_views.read_file, name="import"),
    path("bulk/", bulk_views.change_list, name="bulk-list"),
    path("bulk/new/", bulk_views.new, name="bulk-new"),
    path("bulk/<int:pk>/", bulk_views.detail, name="bulk"),
    path("bulk/<int:pk>/start/", bulk_views.start, name="bulk-start"),
    path("bulk/<int:pk>/stop/", bulk_views.cancel, name="bulk-stop"),
    path("bulk/<int:pk>/discard/", bulk_views.discard, name="bulk-discard"),
    path("bulk/<int:pk>/undo/", bulk_views.undo, name="bulk-undo"),
    path("<str:meli_id>/", views.item_detail, name="row"),
    path("<str:meli_id>/edit/", views.item_edit, name="edit"),
    path("<str:meli_id>/locations/", location_views.item_locations, name="locations"),
]
