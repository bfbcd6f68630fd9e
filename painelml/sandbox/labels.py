"""Shipping labels: a plain PDF of 10 by 15 cm pages, or ZPL inside a ZIP, as `GET /shipment_labels` answers
them.
"""

import io
import zipfile

from .people import Buyer
from .records import Shipment
from .world import World

PAGE = (283, 425)


def lines(world: World, shipment: Shipment) -> list[str]:
    buyer = Buyer(shipment.buyer)
    street, number, neighborhood, zip_code = buyer.street
    city, state, _, _ = buyer.city
    return [
        f"Envio {shipment.id}",
        f"Remetente: {world.sellers[shipment.seller_id].name}",
        f"Destinatario: {buyer.name}",
        f"{street}, {number} - {neighborhood}",
        f"CEP {zip_code[:5]}-{zip_code[5:]} {city} - {state}",
    ]


def pdf(world: World, shipments: list[Shipment]) -> bytes:
    """One page per shipment, text only."""
    pages = [f"{4 + 2 * n} 0 R" for n in range(len(shipments))]
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{' '.join(pages)}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, shipment in enumerate(shipments):
        text = b"BT /F1 12 Tf 18 395 Td 18 TL\n"
        for line in lines(world, shipment):
            escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            text += b"(" + escaped.encode("cp1252", "replace") + b") Tj T*\n"
        text += b"ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE[0]} {PAGE[1]}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text))
    return _file(objects)


def _file(objects: list[bytes]) -> bytes:
    out = io.BytesIO(b"")
    out.write(b"%PDF-1.4\n")
    starts = []
    for number, body in enumerate(objects, start=1):
        starts.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for start in starts:
        out.write(b"%010d 00000 n \n" % start)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()


def zipped_zpl(world: World, shipments: list[Shipment]) -> bytes:
    text = ""
    for shipment in shipments:
        fields = "".join(
            f"^FO30,{40 + 40 * n}^A0N,30,30^FD{line}^FS\n" for n, line in enumerate(lines(world, shipment))
        )
        text += f"^XA\n^CI28\n{fields}^FO30,300^BCN,120^FD{shipment.id}^FS\n^XZ\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Etiqueta de envio.txt", text)
    return out.getvalue()
