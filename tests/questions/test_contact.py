"""What of an answer looks like contact data: a table, in Portuguese and Spanish."""

import pytest

from questions.contact import Kind, find_contact

FORBIDDEN = [
    ("Escreva para vendas@loja.com.br", Kind.EMAIL),
    ("contato (arroba) gmail", Kind.EMAIL),
    ("me manda no gmail", Kind.EMAIL),
    ("https://minhaloja.com/promo", Kind.LINK),
    ("veja www.loja.net", Kind.LINK),
    ("está em minhaloja.com", Kind.LINK),
    ("está en mitienda.com.mx", Kind.LINK),
    ("wa.me/5511987654321", Kind.LINK),
    ("minhaloja ponto com", Kind.LINK),
    ("tutienda punto com", Kind.LINK),
    ("Ligue (11) 98765-4321", Kind.PHONE),
    ("+55 11 98765 4321", Kind.PHONE),
    ("11987654321", Kind.PHONE),
    ("11 9.8765.4321", Kind.PHONE),
    ("98765-4321", Kind.PHONE),
    ("fone 34567890", Kind.PHONE),
    ("Tel: 3456 7890", Kind.PHONE),
    ("Llamame al 11 2345-6789", Kind.PHONE),
    ("+54 9 11 2345 6789", Kind.PHONE),
    ("mi celular 55 1234 5678", Kind.PHONE),
    ("+56 9 1234 5678", Kind.PHONE),
    ("300 123 4567", Kind.PHONE),
    ("Me chame no WhatsApp", Kind.NETWORK),
    ("chama no whats", Kind.NETWORK),
    ("manda um zap", Kind.NETWORK),
    ("escribime al wsp", Kind.NETWORK),
    ("por wasap te paso", Kind.NETWORK),
    ("siga no insta", Kind.NETWORK),
    ("siga @lojadaana", Kind.NETWORK),
    ("estamos no Telegram", Kind.NETWORK),
    ("minha chave pix é esta", Kind.PAYMENT),
    ("faço por fora com desconto", Kind.PAYMENT),
    ("lo vendo fuera de Mercado Libre", Kind.PAYMENT),
    ("por depósito bancario", Kind.PAYMENT),
]

HARMLESS = [
    "Sim, serve.",
    "Olá! É bivolt, 110v/220v.",
    "110/220",
    "Funciona em 110V e 220V, 1500 W, 60 Hz",
    "Mede 120 x 80 x 45 cm",
    "1200x800x450mm",
    "CEP 01310-100 chega em 2 dias",
    "Do 38 ao 44, numeração 38-40",
    "R$ 1.299,90 ou 12x de R$ 108,33",
    "$ 125.990 en 6 cuotas",
    "Item MLB4100200300",
    "https://produto.mercadolivre.com.br/MLB-123456789-caneca",
    "https://articulo.mercadolibre.com.mx/MLM-123456789",
    "Pague com Mercado Pago: www.mercadopago.com.br",
    "Aceitamos Pix pelo Mercado Pago",
    "Chega em 20/11/2026",
    "Serve de 2015-2022, gol 2015 a 2022",
    "Código de barras 7891234567895",
    "Pedido 2000001234567890",
    "Chega em 2 dias. Obrigado",
    "Bateria 10000 mAh",
    "Instalação simples",
    "Capacidade de 1.250.000 ciclos",
    "Garantia de 12 meses, 30 dias para trocar",
    "Peças 1, 2, 3, 4, 5, 6, 7 e 8",
    "Horario de 9 a 18 hs",
    "Referência 12345678",
    "Son 2 unidades de 500 ml",
    "",
]


@pytest.mark.parametrize(("text", "kind"), FORBIDDEN)
def test_these_look_like_contact_data(text: str, kind: Kind) -> None:
    assert kind in {finding.kind for finding in find_contact(text)}


@pytest.mark.parametrize("text", HARMLESS)
def test_these_do_not(text: str) -> None:
    assert find_contact(text) == []


def test_what_was_found_is_told_once_and_as_it_stands() -> None:
    assert find_contact("zap (11) 98765-4321, zap") == [
        (Kind.PHONE, "(11) 98765-4321"),
        (Kind.NETWORK, "zap"),
    ]
