"""Releases of the Open Contracting Data Standard, 1.1: one for every contract that an article tells of.

Any task can be exported so whose record has a list of models with the standard's words for their fields (`buyers`,
`suppliers`, `stage`, `value` …, see `llm_extract.export.places`), or which says which of its fields stand for them::

    class Deal(BaseModel):
        ocds: ClassVar = Places(buyers="customers", suppliers="winners", stage="event")

What the standard has no field for, or could hold only by a guess (a date known to the month, a sum a year, the value
of an extension, which may be a part or the whole), stands in words in `description`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from llm_extract.evaluation.items import in_words
from llm_extract.export.jsonl import json_line
from llm_extract.export.places import Mapped, places_of
from llm_extract.export.tables import Record, at, fitting
from llm_extract.fields import Money
from llm_extract.fields.names import normalise_name
from llm_extract.fields.partial_dates import add_months, term_end
from llm_extract.schema import CompiledSchema

SCHEMA_FILE = Path(__file__).with_name("release-schema-1.1.5.json")
UNREGISTERED = "ocds-unregistered"
"""The prefix of process ids until the publisher has one of the Open Contracting Partnership."""


@cache
def release_schema() -> Mapping[str, Any]:
    """The standard's own JSON schema of a release, as published."""
    schema: Mapping[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))
    return schema


# -- packages ------------------------------------------------------------------------------------------


def write_ocds(
    schema: CompiledSchema,
    task: str,
    records: Iterable[Record],
    path: Path,
    *,
    prefix: str = UNREGISTERED,
    publisher: str = "unnamed",
    uri: str | None = None,
) -> dict[str, int]:
    """Write a release package, or, where the path ends with `.jsonl`, a release a line.

    Args:
        schema: the task's schema.
        task: its name, the scheme of its service categories.
        records: the ledger's records.
        path: the new file.
        prefix: of the ids of processes, as registered.
        publisher: who publishes.
        uri: where the package will be found; by default a `urn:uuid:` of its own.

    Returns:
        How many releases there are.

    Raises:
        TaskError: the schema is not one of contracts.
    """
    mapped = places_of(schema)
    count = 0
    lines = path.suffix in (".jsonl", ".ndjson")
    now = _moment(datetime.now(UTC))
    with path.open("wb") as file:
        if not lines:
            package = {
                "uri": uri or uuid5(NAMESPACE_URL, f"{prefix} {publisher} {now}").urn,
                "version": "1.1",
                "publishedDate": now,
                "publisher": {"name": publisher},
            }
            file.write(json_line(package).rstrip(b"}\n") + b'},"releases":[\n')
        for record in records:
            for release in releases(mapped, task, record, prefix=prefix):
                file.write((b"," if count and not lines else b"") + json_line(release))
                count += 1
        if not lines:
            file.write(b"]}\n")
    return {"releases": count}


def releases(mapped: Mapped, task: str, record: Record, *, prefix: str = UNREGISTERED) -> Iterator[dict[str, Any]]:
    """The releases of one article's contracts; copies, failures and skips have none.

    Raises:
        TaskError: the record does not fit the schema.
    """
    if record["kind"] != "row":
        return
    data = record["extraction"]["record"]
    with fitting(record):
        for index, entry in enumerate(at(data, mapped.way) or ()):
            yield _Release(mapped, task, record, index, entry).release(prefix)


# -- one release ---------------------------------------------------------------------------------------


class _Release:
    """One contract of one article, being put into the standard's places."""

    def __init__(self, mapped: Mapped, task: str, record: Record, index: int, entry: Mapping[str, Any]) -> None:
        self.mapped, self.task, self.record, self.index, self.entry = mapped, task, record, index, entry
        self.stage = mapped.stages[self.of("stage")]
        self.rest: list[str] = []
        """What has no place of its own, in words."""

    def of(self, place: str) -> Any:
        """The entry's value for a place; None or [] where it has none."""
        name = self.mapped.fields.get(place)
        return None if name is None else self.entry.get(name)

    def release(self, prefix: str) -> dict[str, Any]:
        article = self.record["id"]
        digest = sha256(article.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        ocid = f"{prefix}-{digest}-{self.index + 1}"
        # An ending of something that had a supplier ends a contract; otherwise it calls the tender off.
        cancelled = self.stage == "ended" and not self.of("suppliers")
        tender = self.stage == "tender" or cancelled
        tag = {"tender": "tender", "award": "award", "extension": "contractAmendment", "ended": "contractTermination"}
        release: dict[str, Any] = {
            "ocid": ocid,
            "id": f"{ocid}-{self.stage}",
            "date": _moment(datetime.fromtimestamp(self.record["time"], UTC)),
            "tag": ["tenderCancellation" if cancelled else tag[self.stage]],
            "initiationType": "tender",
            "parties": self.parties(),
        }
        if self.of("buyers"):
            release["buyer"] = _reference(self.of("buyers")[0])
        if self.of("programme"):
            release["planning"] = {"budget": {"project": self.of("programme")}}
        if tender:
            release["tender"] = self.tender(ocid, cancelled)
        else:
            release["awards"] = [self.award(ocid)]
            if self.stage in ("extension", "ended"):
                release["contracts"] = [self.contract(ocid)]
        if self.of("framework"):
            release["relatedProcesses"] = [{"id": "1", "relationship": ["framework"], "title": self.of("framework")}]
        return {key: value for key, value in release.items() if value not in ([], {})}

    def parties(self) -> list[dict[str, Any]]:
        roles = {"buyers": "buyer", "suppliers": "supplier", "partners": "subcontractor", "incumbents": "incumbent"}
        parties: dict[str, dict[str, Any]] = {}
        for place, role in roles.items():
            for name in self.of(place) or ():
                party = parties.setdefault(_party_id(name), {**_reference(name), "roles": []})
                if role not in party["roles"]:
                    party["roles"].append(role)
        return list(parties.values())

    def tender(self, ocid: str, cancelled: bool) -> dict[str, Any]:
        tender: dict[str, Any] = {"id": f"{ocid}-tender"}
        if cancelled:
            tender["status"] = "cancelled"
            self.undated("signed", "Decided")
        else:
            self.undated("signed", "Signed")
        tender["value"] = self.value()
        if self.of("buyers"):
            tender["procuringEntity"] = _reference(self.of("buyers")[0])
        tender |= {"items": self.items(), "contractPeriod": self.period(), "documents": [self.article()]}
        return self.described(tender)

    def award(self, ocid: str) -> dict[str, Any]:
        award: dict[str, Any] = {"id": f"{ocid}-award", "suppliers": _references(self.of("suppliers") or ())}
        if self.stage == "award":
            award["date"] = self.day("signed", "Signed or decided")
            award |= {"value": self.value(), "items": self.items(), "contractPeriod": self.period()}
            award["documents"] = [self.article()]
            return self.described(award)
        return {key: value for key, value in award.items() if value}

    def contract(self, ocid: str) -> dict[str, Any]:
        contract: dict[str, Any] = {"id": f"{ocid}-contract", "awardID": f"{ocid}-award"}
        if self.stage == "ended":
            contract["status"] = "terminated"
            self.undated("signed", "Decided")
            contract["value"] = self.value()
        else:
            amendment = {"id": "1", "date": self.day("signed", "Extended"), "description": self.sum_in_words()}
            contract["amendments"] = [{key: value for key, value in amendment.items() if value}]
        contract |= {"items": self.items(), "period": self.period(), "documents": [self.article()]}
        return self.described(contract)

    def described(self, section: dict[str, Any]) -> dict[str, Any]:
        """The section without what is empty, and with the words for what has no place."""
        users = self.of("users")
        if users is not None:
            self.rest.append(f"Users: {users}.")
        if self.of("extension_months") is not None:
            self.rest.append(f"Optional extensions: {self.of('extension_months')} months.")
        section["description"] = " ".join(self.rest)
        return {key: value for key, value in section.items() if value not in (None, "", [], {})}

    # -- values ------------------------------------------------------------------------------------------

    def value(self) -> dict[str, Any] | None:
        """A sum for the whole term; one a year, or in a currency of no code of the standard's, is said in words."""
        value = self.of("value")
        if value is None:
            return None
        words = self.sum_in_words()
        if value.get("per_year") or value["currency"] not in _currencies():
            self.rest.append(f"Value: {words}.")
            return None
        if value.get("qualifier", "exact") != "exact":
            self.rest.append(f"Value: {words}.")
        return {"amount": value["amount"], "currency": value["currency"]}

    def sum_in_words(self) -> str:
        value = self.of("value")
        return "" if value is None else in_words(Money.model_validate(value))

    def day(self, place: str, label: str) -> str | None:
        """A date that is known to the day; a vaguer one is said in words."""
        value = self.of(place)
        if value is None or len(value) == len("2023-05-17"):
            return None if value is None else f"{value}T00:00:00Z"
        self.rest.append(f"{label}: {value}.")
        return None

    def undated(self, place: str, label: str) -> None:
        """A date for which the section has no place."""
        if self.of(place) is not None:
            self.rest.append(f"{label}: {self.of(place)}.")

    def period(self) -> dict[str, Any]:
        start, end, months = self.of("start"), self.of("end"), self.of("duration_months")
        period: dict[str, Any] = {}
        if first := self.day("start", "Start"):
            period["startDate"] = first
        if self.day("end", "End"):
            period["endDate"] = f"{end}T23:59:59Z"
        if months is None:
            return period
        if "startDate" in period and "endDate" not in period and (last := term_end(start, months)):
            period["durationInDays"] = (date.fromisoformat(last) - date.fromisoformat(start)).days + 1
        elif not period:
            period["durationInDays"] = round(months * 365.25 / 12)  # the standard has days only
        if "endDate" in period and self.of("extension_months"):
            behind = (date.fromisoformat(end) + timedelta(days=1)).isoformat() if end < "9999" else end
            latest = add_months(behind, self.of("extension_months"))
            if latest is not None:
                period["maxExtentDate"] = f"{(date.fromisoformat(latest) - timedelta(days=1)).isoformat()}T23:59:59Z"
        self.rest.append(f"Term: {months} months.")
        return period

    def items(self) -> list[dict[str, Any]]:
        addresses = [{"description": site} for site in self.of("sites") or ()]
        places: dict[str, Any] = {"deliveryAddresses": _once(addresses)} if addresses else {}
        services = list(dict.fromkeys(self.of("services") or ()))
        items = [
            {
                "id": str(number),
                "description": service.replace("_", " "),
                "classification": {"scheme": self.task, "id": service},
                **places,
            }
            for number, service in enumerate(services, 1)
        ]
        return items or ([{"id": "1", **places}] if places else [])

    def article(self) -> dict[str, Any]:
        """The article, as the document that the release is made from."""
        data = self.record["extraction"]["record"]
        document: dict[str, Any] = {"id": self.record["id"], "documentType": "pressArticle", "format": "text/plain"}
        headline = at(data, self.mapped.headline) if self.mapped.headline else None
        published = at(data, self.mapped.published) if self.mapped.published else None
        if headline:
            document["title"] = headline
        if isinstance(published, str) and len(published) == len("2023-05-17"):
            document["datePublished"] = f"{published}T00:00:00Z"
        if _URL.fullmatch(self.record["id"]):
            document["url"] = self.record["id"]
        return document


_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#](?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?")


def _party_id(name: str) -> str:
    return normalise_name(name) or name


def _reference(name: str) -> dict[str, str]:
    return {"id": _party_id(name), "name": name}


def _references(names: Iterable[str]) -> list[dict[str, str]]:
    return list({_party_id(name): _reference(name) for name in names}.values())


def _once(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    return [entry for number, entry in enumerate(entries) if entry not in entries[:number]]


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def _currencies() -> frozenset[str]:
    return frozenset(release_schema()["definitions"]["Value"]["properties"]["currency"]["enum"]) - {None}
