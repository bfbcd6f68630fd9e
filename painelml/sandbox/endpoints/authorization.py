"""The page where a seller says yes or no, and the token endpoint (facts: part A, sections 1.2 to 1.6)."""

import json
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ..http import Request, Response, route
from ..server import Box
from .pages import page


@route("GET", "/authorization", public=True, drilled=False)
def authorization(box: Box, request: Request) -> Response:
    """Choose who accepts. `auto=<seller id>|refuse|collaborator|pending` decides at once, without the
    page.
    """
    query = request.query
    wrong = problem(box, query)
    if wrong:
        return page("A aplicação não pode se conectar à sua conta", f"<p>{escape(wrong)}</p>", 400)
    choice = query.get("auto", "")
    if not choice:
        return choices(box, query)
    if choice == "collaborator":
        return page(
            "Entre com a conta principal",
            "<p>Você entrou como colaborador. Somente a conta principal pode autorizar uma aplicação.</p>"
            "<p><small>invalid_operator_user_id</small></p>",
            403,
        )
    answer = {"error": "access_denied", "error_description": "The user denied the request"}
    if choice != "refuse":
        seller = (
            next(iter(box.world.sellers)) if choice == "pending" else int(choice) if choice.isdigit() else 0
        )
        if seller not in box.world.sellers:
            return page("Conta não encontrada", "<p>Este vendedor não existe no ambiente de testes.</p>", 404)
        answer = {
            "code": box.oauth.authorize(
                seller,
                challenge=query.get("code_challenge", ""),
                method=query.get("code_challenge_method", "plain"),
                pending=choice == "pending",
            )
        }
    if "state" in query:
        answer["state"] = query["state"]
    return Response(status=302, headers={"Location": f"{box.application.redirect_uri}?{urlencode(answer)}"})


def problem(box: Box, query: dict[str, str]) -> str:
    """Why this request can never be accepted, or nothing. There is no redirect in that case, as with Mercado
    Livre.
    """
    if query.get("response_type") != "code":
        return "response_type must be code"
    if query.get("client_id") != str(box.application.id):
        return "unknown client_id"
    if query.get("redirect_uri") != box.application.redirect_uri:
        return "redirect_uri_mismatch: Your client callback has to match with the redirect_uri param."
    if query.get("code_challenge_method", "plain") not in {"S256", "plain"}:
        return "invalid code_challenge_method"
    return ""


def choices(box: Box, query: dict[str, str]) -> Response:
    def link(choice: str, text: str, css: str = "") -> str:
        target = escape("/authorization?" + urlencode({**query, "auto": choice}))
        return f'<a class="{css}" href="{target}">{escape(text)}</a>'

    sellers = "".join(
        link(str(s.id), f"Permitir como {s.name} ({s.nickname})") for s in box.world.sellers.values()
    )
    others = (
        link("refuse", "Não permitir", "no")
        + link("collaborator", "Entrar como colaborador", "no")
        + link("pending", "Entrar como vendedor com dados pendentes", "no")
    )
    text = "<p>Ela poderá ler e alterar anúncios, vendas, envios e perguntas da conta que você escolher.</p>"
    return page(
        "Painel ML quer acessar sua conta do Mercado Livre (ambiente de testes)", text + sellers + others
    )


@route("POST", "/oauth/token", public=True)
def token(box: Box, request: Request) -> dict[str, Any]:
    """Parameters in the body, as a form; JSON seems to work too, and does here. The query string counts for
    nothing.
    """
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            sent = json.loads(request.body)
        except ValueError:
            sent = {}
        form = {str(name): str(value) for name, value in sent.items()} if isinstance(sent, dict) else {}
    else:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    return box.oauth.exchange(form, pkce_required=box.drills.pkce_required)
