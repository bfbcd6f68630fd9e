"""Pages go out compressed to whoever can read that, and nothing else does."""

import gzip

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from painelml.web.compress import CompressPagesMiddleware

ROWS = "<tr><td>Garrafa térmica</td></tr>" * 500


def sent(answer: HttpResponseBase, **headers: str) -> HttpResponseBase:
    request = RequestFactory().get("/", headers=headers)
    return CompressPagesMiddleware(lambda _request: answer)(request)


def test_a_page_is_compressed() -> None:
    answer = sent(HttpResponse(ROWS), **{"accept-encoding": "gzip"})

    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert len(answer.content) < len(ROWS) / 10
    assert gzip.decompress(answer.content).decode() == ROWS


def test_who_reads_no_gzip_gets_it_plain() -> None:
    assert sent(HttpResponse(ROWS)).content.decode() == ROWS


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(ROWS, content_type="application/json"),
        StreamingHttpResponse(iter([ROWS.encode()])),
    ],
)
def test_what_is_no_page_stays_as_it_is(answer: HttpResponseBase) -> None:
    assert "Content-Encoding" not in sent(answer, **{"accept-encoding": "gzip"})
