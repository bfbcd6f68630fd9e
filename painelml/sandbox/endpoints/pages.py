"""The few pages a person can meet: what this is, and a listing as buyers would see it."""

from html import escape

from ..http import Request, Response, not_found, route
from ..server import Box

STYLE = (
    "body{font:16px/1.5 sans-serif;background:#fff159;margin:0}h1{font-size:1.3rem;margin-top:0}"
    "main{background:#fff;max-width:30rem;margin:4rem auto;padding:2rem;border-radius:8px}"
    "a{display:block;margin:.6rem 0;padding:.8rem 1rem;border-radius:6px;background:#3483fa;color:#fff;"
    "text-decoration:none}a.no{background:#e8e8e8;color:#333}small{color:#666}"
)


def page(title: str, body: str, status: int = 200) -> Response:
    html = (
        f'<!doctype html><html lang="pt-BR"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<link rel="icon" href="data:,">'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(html, status, content_type="text/html; charset=utf-8")


@route("GET", "/", public=True, drilled=False)
def index(box: Box, request: Request) -> Response:
    shops = "".join(f"<li>{escape(s.name)} ({s.id})</li>" for s in box.world.sellers.values())
    text = (
        "<p>Este servidor faz as vezes do Mercado Livre: lojas, vendas e pessoas são inventadas.</p>"
        f"<ul>{shops}</ul>"
        '<p><a href="/sandbox/control">Estado</a><a class="no" href="/sandbox/calls">Chamadas</a></p>'
    )
    return page("Mercado Livre de testes", text)


@route("GET", "/produto/{item_id}", public=True, drilled=False)
def listing(box: Box, request: Request, item_id: str) -> Response:
    """Where the permalink of a listing leads."""
    item = box.world.items.get(item_id)
    if item is None:
        raise not_found(f"Item with id {item_id} not found")
    price = f"{item.price / 100:_.2f}".replace(".", ",").replace("_", ".")
    return page(item.title, f'<img src="/pictures/{item.id}.svg" alt="" width="240"><p>R$ {price}</p>')
