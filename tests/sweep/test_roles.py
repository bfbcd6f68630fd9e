"""Which role may do which write: the table of `writes.py`, held against every address of the panel."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Membership, Role
from painelml.audit.models import Entry
from painelml.sandbox import Sandbox
from tests.factories import make_person

from .addresses import UNSAFE, addresses
from .conftest import SELLER, Visitor, browser_of, nobody, program_of, undone
from .world import World
from .writes import ANYBODY, PERSON, READS, WRITES, Write

pytestmark = pytest.mark.ignore_template_errors  # what allauth and the administration leave out is theirs

BY_TEXT = {address.text: address for address in addresses()}
IN_TABLE = {write.call for write in WRITES}
RANK = Membership.RANK
OURS = [address for address in addresses() if not address.is_admin]


def came_through(answer: Any) -> bool:
    """Whether a request was let in: done, or told what is wrong with it."""
    return not is_shut_out(answer) and (answer.status_code < 400 or answer.status_code in (409, 422))


def is_shut_out(answer: Any) -> bool:
    to_login = answer.status_code == 302 and answer["Location"].startswith("/login/")
    return to_login or answer.status_code in (401, 403)


def send(write: Write, visitor: Visitor, world: World, box: Sandbox) -> Any:
    """Send the write with our own ids, then undo it."""
    with undone():
        tokens, account = box.grant(SELLER), world.account
        account.access_token, account.refresh_token = tokens["access_token"], tokens["refresh_token"]
        account.save()
        path = BY_TEXT[write.address].of(world)
        answer = visitor.send(write.method, path, write.body(world), write.query(world))
        answer.nameless = list(Entry.objects.filter(action="other").values_list("outcome", flat=True))
        return answer


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.call)
def test_the_table_names_what_there_is(write: Write) -> None:
    assert write.address in BY_TEXT, "there is no such address any more"


def test_every_write_of_every_address_is_in_the_table(ours: World, box: Sandbox) -> None:
    owner = browser_of(ours.person)
    unknown = []
    for address in OURS:
        for method in UNSAFE[:1] if address.is_allauth else UNSAFE:
            if f"{method} {address.text}" not in IN_TABLE:
                answer = send(Write(f"{method} {address.text}", PERSON), owner, ours, box)
                nothing_there = 404 if address.is_allauth or address.text == "api/nowhere" else 405
                if answer.status_code not in (405, nothing_there):
                    unknown.append(f"{method} {address.text} ({answer.status_code})")
    assert not unknown, f"say in tests/sweep/writes.py which role these need: {', '.join(unknown)}"


@pytest.mark.parametrize("role", Role.values)
def test_each_role_does_what_the_table_says_and_nothing_more(ours: World, box: Sandbox, role: str) -> None:
    wrong = []
    for visit in (browser_of, program_of):
        visitor = visit(ours.members[Role(role)])
        for write in WRITES:
            if write.role in (ANYBODY, PERSON) or (
                visit is program_of and not write.address.startswith("api/")
            ):
                continue
            answer = send(write, visitor, ours, box)
            may = RANK[role] >= RANK[write.role]
            if write.is_own and role != Role.OWNER:  # the rows are the owner's
                is_right = came_through(answer) or answer.status_code in (403, 404)
            else:
                is_right = came_through(answer) if may else answer.status_code == 403
            if not is_right:
                wrong.append(f"{write.call} -> {answer.status_code} {answer.content[:200]!r}")
            if answer.nameless:
                wrong.append(f"{write.call}: the audit log has no word for it ({answer.nameless})")
    assert not wrong, "\n".join(wrong)


def test_what_people_do_about_themselves_has_its_word_in_the_audit_log(ours: World, box: Sandbox) -> None:
    visitor = browser_of(ours.person)
    own = [write for write in WRITES if write.role in (ANYBODY, PERSON)]
    assert [write.call for write in own if send(write, visitor, ours, box).nameless] == []


def test_nobody_does_anything_that_needs_a_login(ours: World, box: Sandbox) -> None:
    before = ours.snapshot()
    visitor = nobody()
    answers = {write.call: send(write, visitor, ours, box) for write in WRITES if write.role != ANYBODY}
    assert [call for call, answer in answers.items() if not is_shut_out(answer)] == []
    assert ours.snapshot() == before


def test_a_person_without_an_organization_does_nothing_that_needs_a_role(ours: World, box: Sandbox) -> None:
    stranger = make_person("Sam")
    stranger.memberships.all().delete()
    for visitor in (browser_of(stranger), program_of(stranger)):
        answers = {
            write.call: send(write, visitor, ours, box)
            for write in WRITES
            if write.role not in (ANYBODY, PERSON)
        }
        assert [call for call, answer in answers.items() if not is_shut_out(answer)] == []
        reads = {address: visitor.send("GET", address.of(ours)) for address in OURS}
        assert [address for address, answer in reads.items() if answer.status_code == 500] == []


@pytest.mark.parametrize("role", Role.values)
def test_reading_needs_no_more_than_a_viewer_but_where_the_table_says_so(
    ours: World, box: Sandbox, role: str
) -> None:
    owner, visitor = browser_of(ours.person), browser_of(ours.members[Role(role)])
    wrong = []
    for address in OURS:
        read = Write(f"GET {address.text}", PERSON)
        answer = send(read, visitor, ours, box)
        may = RANK[role] >= RANK[READS.get(address.text, Role.VIEWER)]
        if answer.status_code == 500 or (may and answer.status_code == 403):
            # A role is asked before the method: what only changes something answers 403 to a GET, too.
            if send(read, owner, ours, box).status_code != 405:
                wrong.append(f"{address} -> {answer.status_code}")
        elif not may and answer.status_code != 403:
            wrong.append(f"{address} -> {answer.status_code}")
    assert not wrong, f"say in READS of tests/sweep/writes.py what these need: {', '.join(wrong)}"


@pytest.mark.parametrize("method", ["GET", *UNSAFE])
def test_the_administration_is_for_administrators(ours: World, method: str) -> None:
    """Owners are no administrators, and staff sees only what an administrator allowed."""
    owner, staff = ours.members[Role.OWNER], make_person("Otto")
    staff.is_staff = True
    staff.save(update_fields=["is_staff"])
    open_to_staff = {"admin/", "admin/logout/", "admin/jsi18n/", "admin/login/"}
    for person in (owner, staff):
        visitor = browser_of(person)
        for address in (one for one in addresses() if one.is_admin):
            with undone():
                answer = visitor.send(method, address.of(ours))
            assert answer.status_code < 500, address
            is_open = address.text in open_to_staff or "password_change" in address.text
            if answer.status_code == 200 and not (person is staff and is_open):
                assert address.text in open_to_staff, address
