"""The scorer: its laws over generated records, and a table worked out by hand."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from itertools import permutations
from random import Random
from typing import Annotated, Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from llm_extract.evaluation.items import ScoredField, Value, every_value, make_plan
from llm_extract.evaluation.scoring import Score, score
from llm_extract.fields import FlagField, Name, OrganisationName, PartialDate
from llm_extract.fields.names import normalise_name
from llm_extract.schema import Identifies, compile_schema
from llm_extract.task import find_task
from tests.evaluation.generated import LISTS, NEW, Data, contracts, data, pairs, read, shuffled

PLAN = make_plan(find_task("it_contracts").schema)
VERDICTS = ("COR", "INC", "MIS", "SPU")
KEYS = [field.key for field in PLAN.fields] + [f"page:{field.key}" for field in PLAN.page]

# Written out once more, so that a slip in the schema shows.
WEIGHTS = {"buyers": 3, "suppliers": 3, "value": 2, "framework": 2, "programme": 2}
NAMED = {"buyers", "suppliers", "partners", "incumbents", "framework", "programme", "sites"}


def scored(gold: Data, predicted: Data | None, **more: Any) -> Score:
    return score(PLAN, read(gold), None if predicted is None else read(predicted), **more)


def counts(tally: Mapping[str, int], key: str) -> tuple[int, ...]:
    """COR, INC, MIS, SPU of a field."""
    return tuple(tally[f"{key}/{verdict}"] for verdict in VERDICTS)


def total(tally: Mapping[str, int]) -> tuple[int, ...]:
    """The same over all fields of entries."""
    return tuple(sum(tally[f"{field.key}/{verdict}"] for field in PLAN.fields) for verdict in VERDICTS)


def f1(tally: Mapping[str, int]) -> float:
    correct, incorrect, missing, spurious = total(tally)
    both = 2 * (correct + incorrect) + missing + spurious
    return 2 * correct / both if both else 0.0


def items_of(record: Data) -> Counter[str]:
    """How many items each field has, counted without the scorer."""
    found: Counter[str] = Counter()
    for deal in record["contracts"]:
        for key, value in deal.items():
            if key != "main":
                found[key] += len(value) if key in LISTS else value is not None
    for key, value in record["article"].items():
        found[f"page:article.{key}"] += value is not None
    return found


def comparable(deal: Data) -> dict[str, Counter[Any]]:
    """A contract's values in a form in which the same values are equal: an oracle beside the field types."""
    found: dict[str, Counter[Any]] = {}
    for key, value in deal.items():
        if key == "main" or value is None:
            continue
        values = value if key in LISTS else [value]
        if key in NAMED:
            values = [normalise_name(name) for name in values]
        elif key == "value":
            values = [(value["amount"], value["currency"], value["qualifier"], value.get("per_year", False))]
        found[key] = Counter(values)
    return found


def shared(gold: Data, predicted: Data) -> Counter[str]:
    """How many values two contracts share in each field."""
    a, b = comparable(gold), comparable(predicted)
    return Counter({key: (a[key] & b[key]).total() for key in a.keys() & b.keys()})


def weight(gold: Data, predicted: Data) -> int:
    found = shared(gold, predicted)
    identified = any(comparable(deal).get(key) for deal in (gold, predicted) for key in WEIGHTS)
    admissible = any(found[key] for key in WEIGHTS) or not identified
    return sum(WEIGHTS.get(key, 1) * count for key, count in found.items()) if admissible else 0


def position(path: str) -> int:
    return int(path.removeprefix("contracts[").removesuffix("]"))


# -- laws -----------------------------------------------------------------------------------------------


@given(data)
def test_gold_against_itself_has_no_verdict_but_right(gold: Data) -> None:
    found = scored(gold, gold)
    assert {item.verdict for item in found.items} <= {"COR"}
    assert {key: found.tally[f"{key}/COR"] for key in KEYS} == {key: items_of(gold)[key] for key in KEYS}
    deals = len(gold["contracts"])
    for name in ("gold", "predicted", "aligned", "exact"):
        assert found.tally[f"entries/{name}"] == deals
    assert found.tally["flag:main/right"] == found.tally["choice:stage/right"] == deals
    assert f1(found.tally) == (1.0 if deals else 0.0)


@given(pairs())
def test_items_of_gold_and_prediction_are_all_counted(both: tuple[Data, Data]) -> None:
    gold, predicted = both
    tally = scored(gold, predicted).tally
    expected, said = items_of(gold), items_of(predicted)
    for key in KEYS:
        correct, incorrect, missing, spurious = counts(tally, key)
        assert correct + incorrect + missing == expected[key]
        assert correct + incorrect + spurious == said[key]


@given(pairs())
def test_precision_one_way_is_recall_the_other_way(both: tuple[Data, Data]) -> None:
    gold, predicted = both
    there, back = scored(gold, predicted).tally, scored(predicted, gold).tally
    for key in KEYS:
        correct, incorrect, missing, spurious = counts(there, key)
        assert counts(back, key) == (correct, incorrect, spurious, missing)
        assert there[f"{key}/CLOSE"] == back[f"{key}/CLOSE"]
    for name in ("entries/aligned", "entries/exact", "flag:main/seen", "flag:main/right"):
        assert there[name] == back[name]


@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_contracts_and_of_lists_changes_nothing(both: tuple[Data, Data], random: Random) -> None:
    gold, predicted = both
    right = {"tallis", "ellerby council", "award"}

    def support(field: ScoredField, said: Value) -> bool:
        # By the words, so that two forms of one name may differ in it.
        return str(said.value).casefold() in right

    before = scored(gold, predicted, support=support)
    after = scored(shuffled(gold, random), shuffled(predicted, random), support=support)
    assert after.tally == before.tally


@given(pairs())
@settings(max_examples=60)
def test_the_alignment_is_the_best_of_all(both: tuple[Data, Data]) -> None:
    gold, predicted = (record["contracts"] for record in both)
    gold, predicted = gold[:5], predicted[:5]
    found = scored({"article": {}, "contracts": gold}, {"article": {}, "contracts": predicted})
    aligned = [(position(a), position(b)) for a, b in found.pairs if a is not None and b is not None]
    assert all(weight(gold[g], predicted[p]) for g, p in aligned)
    if not gold or not predicted:
        assert aligned == []
        return
    few, many = sorted((len(gold), len(predicted)))
    best = max(
        sum(
            weight(gold[a], predicted[b]) if len(gold) <= len(predicted) else weight(gold[b], predicted[a])
            for a, b in enumerate(order)
        )
        for order in permutations(range(many), few)
    )
    assert sum(weight(gold[g], predicted[p]) for g, p in aligned) == best
    # What is right follows from the pairs: an oracle that knows nothing of verdicts.
    right: Counter[str] = Counter()
    for g, p in aligned:
        right += shared(gold[g], predicted[p])
    assert {field.key: found.tally[f"{field.key}/COR"] for field in PLAN.fields} == {
        field.key: right[field.key] for field in PLAN.fields
    }


@given(pairs(), st.data())
def test_a_spurious_item_never_helps(both: tuple[Data, Data], choice: st.DataObject) -> None:
    gold, predicted = both
    worse = copy.deepcopy(predicted)
    if not worse["contracts"]:
        return
    deal = choice.draw(st.sampled_from(worse["contracts"]))
    key = choice.draw(
        st.sampled_from(["buyers", "suppliers", "partners", "sites", "framework", "users", "value", "end"])
    )
    if key in LISTS:
        deal[key] = [*deal.get(key, []), NEW]
    elif deal.get(key) is None:
        sums = {"amount": 77, "currency": "SEK"}
        deal[key] = {"framework": NEW, "users": 77, "value": sums, "end": "1977"}[key]
    before, after = scored(gold, predicted).tally, scored(gold, worse).tally
    assert total(after)[0] <= total(before)[0]
    assert f1(after) <= f1(before)
    for name in ("entries/exact", "entries/aligned", "flag:main/right"):
        assert after[name] <= before[name]


@given(pairs(), st.sampled_from(["tender", "award", "extension", "ended"]), st.booleans())
def test_a_spurious_contract_changes_nothing_but_its_own_items(both: tuple[Data, Data], stage: str, main: bool) -> None:
    gold, predicted = both
    invented = {"main": main, "stage": stage, "buyers": [NEW], "suppliers": [], "users": 77}
    worse = {**predicted, "contracts": [*predicted["contracts"], invented]}
    before, after = scored(gold, predicted).tally, scored(gold, worse).tally
    grown = {key: after[key] - before[key] for key in after | before if after[key] != before[key]}
    expected = {"stage/SPU": 1, "buyers/SPU": 1, "users/SPU": 1, "entries/predicted": 1}
    if not gold["contracts"] and not predicted["contracts"]:
        expected["articles/false_alarm"] = 1
    if main:
        expected["flag:main/SPU"] = 3
    assert grown == expected
    assert f1(after) <= f1(before)


@given(data)
def test_saying_nothing_earns_nothing(gold: Data) -> None:
    tally = scored(gold, {"article": {}, "contracts": []}).tally
    assert f1(tally) == 0.0
    assert {verdict for key in KEYS for verdict in VERDICTS if tally[f"{key}/{verdict}"]} <= {"MIS"}
    assert tally["entries/exact"] == tally["flag:main/right"] == tally["choice:stage/right"] == 0
    assert tally["articles/missing"] == 0


@given(data)
def test_a_missing_prediction_leaves_every_item_missing(gold: Data) -> None:
    found = scored(gold, None)
    assert {item.verdict for item in found.items} <= {"MIS"}
    for key in KEYS:
        assert counts(found.tally, key) == (0, 0, items_of(gold)[key], 0)
    assert found.tally["articles"] == found.tally["articles/missing"] == 1
    assert found.tally["entries/gold"] == len(gold["contracts"])
    assert found.pairs == tuple((f"contracts[{index}]", None) for index in range(len(gold["contracts"])))


@given(pairs())
@settings(max_examples=50)
def test_the_tally_is_the_sum_of_the_items(both: tuple[Data, Data]) -> None:
    gold, predicted = both
    found = scored(gold, predicted)
    for field in PLAN.fields:
        verdicts = Counter(str(item.verdict) for item in found.items if item.field == field.key)
        assert counts(found.tally, field.key) == tuple(verdicts[verdict] for verdict in VERDICTS)
    assert {item.gold.path for item in found.items if item.gold} == {
        value.path for _, value in every_value(read(gold), PLAN)
    }
    assert {item.predicted.path for item in found.items if item.predicted} == {
        value.path for _, value in every_value(read(predicted), PLAN)
    }
    assert all((item.gold is not None) == (item.verdict != "SPU") for item in found.items)
    assert all((item.predicted is not None) == (item.verdict != "MIS") for item in found.items)


# -- a table worked out by hand -------------------------------------------------------------------------

GOLD: Data = {
    "article": {"headline": "Ellerby picks Tallis", "author": "Owen Garrick", "published": "2023-09-14"},
    "contracts": [
        {
            "main": True,
            "stage": "award",
            "buyers": ["Ellerby Council"],
            "suppliers": ["Tallis Communications", "Vega"],
            "value": {"amount": 18_400_000, "currency": "GBP", "qualifier": "up_to"},
            "duration_months": 60,
            "signed": "2023-09-01",
            "services": ["network_and_telecoms"],
            "users": 6200,
        },
        {
            "main": False,
            "stage": "award",
            "buyers": ["Ellerby Council"],
            "suppliers": ["Brandt Telecom"],
            "value": {"amount": 21_000_000, "currency": "GBP"},
            "framework": "G-Cloud 9",
        },
    ],
}
PREDICTED: Data = {
    "article": {"headline": "ELLERBY picks Tallis", "publisher": "Trade Weekly", "published": "2023-09"},
    "contracts": [
        {
            "main": False,
            "stage": "award",
            "buyers": ["Ellerby Council"],
            "suppliers": ["Brandt Telecom Ltd"],
            "value": {"amount": 21_000_000, "currency": "GBP", "qualifier": "about"},
            "services": ["network_and_telecoms"],
        },
        {
            "main": True,
            "stage": "extension",
            "buyers": ["the Ellerby Council"],
            "suppliers": ["Orbis", "Tallis Communications"],
            "value": {"amount": 18_400_000, "currency": "GBP", "qualifier": "up_to"},
            "duration_months": 48,
            "signed": "2023-09",
            "services": ["security", "network_and_telecoms"],
        },
        {"main": False, "stage": "tender", "buyers": ["Harrow Borough"], "suppliers": []},
    ],
}


def test_a_table_worked_out_by_hand() -> None:
    """Two gold contracts against three predicted ones.

    What the pairs share, weighted:

                     predicted 0                        predicted 1                             predicted 2
        gold 0       buyer 3, stage 1, service 1 = 5    buyer 3, supplier 3, value 2,           nothing
                                                        service 1 = 9
        gold 1       buyer 3, supplier 3, stage 1 = 7   buyer 3                                 nothing

    0-1 and 1-0 make 16, 0-0 and 1-1 make 8; predicted 2 has no counterpart. So, field by field:

        stage            gold 0 award/extension INC, gold 1 COR, predicted 2 SPU
        buyers           COR ("the" is no difference), COR, predicted 2 SPU
        suppliers        Tallis COR, Vega/Orbis INC; Brandt COR (Ltd is no difference)
        value            COR; exact/about INC, close
        duration_months  60/48 INC
        signed           2023-09-01/2023-09 INC, close
        framework        gold 1 MIS
        services         network COR, security SPU; predicted 0 SPU where gold 1 is empty
        users            gold 0 MIS

    COR 1+2+2+1+1 = 7, INC 1+1+1+1+1 = 5, MIS 2, SPU 1+1+2 = 4. Gold has 9 + 5 = 14 items = 7 + 5 + 2, the
    prediction 5 + 9 + 2 = 16 = 7 + 5 + 4. P = 7/16, R = 7/14, F1 = 14/30.
    """
    found = scored(GOLD, PREDICTED)
    assert found.pairs == (
        ("contracts[0]", "contracts[1]"),
        ("contracts[1]", "contracts[0]"),
        (None, "contracts[2]"),
    )
    verdicts = [
        (
            item.field,
            item.verdict + (" close" if item.close else ""),
            item.gold and item.gold.path,
            item.predicted and item.predicted.path,
            item.aligned,
        )
        for item in found.items
    ]
    assert verdicts == [
        ("article.headline", "COR", "article.headline", "article.headline", True),
        ("article.publisher", "SPU", None, "article.publisher", True),
        ("article.author", "MIS", "article.author", None, True),
        ("article.published", "INC close", "article.published", "article.published", True),
        ("stage", "INC", "contracts[0].stage", "contracts[1].stage", True),
        ("buyers", "COR", "contracts[0].buyers[0]", "contracts[1].buyers[0]", True),
        ("suppliers", "COR", "contracts[0].suppliers[0]", "contracts[1].suppliers[1]", True),
        ("suppliers", "INC", "contracts[0].suppliers[1]", "contracts[1].suppliers[0]", True),
        ("value", "COR", "contracts[0].value", "contracts[1].value", True),
        ("duration_months", "INC", "contracts[0].duration_months", "contracts[1].duration_months", True),
        ("signed", "INC close", "contracts[0].signed", "contracts[1].signed", True),
        ("services", "COR", "contracts[0].services[0]", "contracts[1].services[1]", True),
        ("services", "SPU", None, "contracts[1].services[0]", True),
        ("users", "MIS", "contracts[0].users", None, True),
        ("stage", "COR", "contracts[1].stage", "contracts[0].stage", True),
        ("buyers", "COR", "contracts[1].buyers[0]", "contracts[0].buyers[0]", True),
        ("suppliers", "COR", "contracts[1].suppliers[0]", "contracts[0].suppliers[0]", True),
        ("value", "INC close", "contracts[1].value", "contracts[0].value", True),
        ("framework", "MIS", "contracts[1].framework", None, True),
        ("services", "SPU", None, "contracts[0].services[0]", True),
        ("stage", "SPU", None, "contracts[2].stage", False),
        ("buyers", "SPU", None, "contracts[2].buyers[0]", False),
    ]
    assert +found.tally == Counter(
        {
            "articles": 1,
            "entries/gold": 2, "entries/predicted": 3, "entries/aligned": 2,  # none of them wholly right
            "flag:main/seen": 2, "flag:main/right": 2,
            "flag:main/COR": 4, "flag:main/INC": 4, "flag:main/MIS": 1, "flag:main/SPU": 1,
            "choice:stage/seen": 2, "choice:stage/right": 1,
            "stage/COR": 1, "stage/INC": 1, "stage/SPU": 1, "stage/filled": 2,
            "buyers/COR": 2, "buyers/SPU": 1, "buyers/filled": 2,
            "suppliers/COR": 2, "suppliers/INC": 1, "suppliers/filled": 2,
            "partners/empty": 2,
            "incumbents/empty": 2,
            "value/COR": 1, "value/INC": 1, "value/CLOSE": 1, "value/filled": 2,
            "duration_months/INC": 1, "duration_months/filled": 1, "duration_months/empty": 1,
            "extension_months/empty": 2,
            "signed/INC": 1, "signed/CLOSE": 1, "signed/filled": 1, "signed/empty": 1,
            "start/empty": 2,
            "end/empty": 2,
            "framework/MIS": 1, "framework/filled": 1, "framework/omitted": 1, "framework/empty": 1,
            "programme/empty": 2,
            "services/COR": 1, "services/SPU": 2, "services/filled": 1, "services/empty": 1, "services/invented": 1,
            "users/MIS": 1, "users/filled": 1, "users/omitted": 1, "users/empty": 1,
            "sites/empty": 2,
            "page:article.headline/COR": 1,
            "page:article.publisher/SPU": 1,
            "page:article.author/MIS": 1,
            "page:article.published/INC": 1, "page:article.published/CLOSE": 1,
        }
    )  # fmt: skip
    assert total(found.tally) == (7, 5, 2, 4)
    assert f1(found.tally) == 14 / 30


# -- values ---------------------------------------------------------------------------------------------


def deal(**fields: Any) -> Data:
    return {"main": True, "stage": "award", "buyers": ["Ellerby Council"], "suppliers": [], **fields}


def one(**fields: Any) -> Data:
    return {"article": {}, "contracts": [deal(**fields)]}


def verdict(key: str, gold: Any, predicted: Any) -> str:
    """What becomes of one value of an aligned contract."""
    (item,) = [item for item in scored(one(**{key: gold}), one(**{key: predicted})).items if item.field == key]
    return f"{item.verdict} close" if item.close else item.verdict


def test_sums_are_the_same_in_all_four_parts_and_close_within_half_a_per_cent() -> None:
    gold = {"amount": 1_000_000, "currency": "GBP", "qualifier": "exact"}
    assert verdict("value", gold, gold) == "COR"
    assert verdict("value", gold, {**gold, "per_year": False}) == "COR"
    assert verdict("value", gold, {**gold, "qualifier": "about"}) == "INC close"
    assert verdict("value", gold, {**gold, "per_year": True}) == "INC close"
    assert verdict("value", gold, {**gold, "amount": 1_004_000}) == "INC close"
    assert verdict("value", gold, {**gold, "amount": 1_006_000}) == "INC"
    assert verdict("value", gold, {**gold, "currency": "EUR"}) == "INC"


def test_dates_are_close_where_one_is_the_beginning_of_the_other() -> None:
    assert verdict("end", "2023-09", "2023-09") == "COR"
    assert verdict("end", "2023-09-01", "2023-09") == "INC close"
    assert verdict("end", "2023", "2023-09") == "INC close"
    assert verdict("end", "2023-09", "2023-10") == "INC"


def test_names_are_the_same_without_frame_and_never_alike() -> None:
    assert verdict("framework", "Hosting & Cloud", "the hosting and cloud") == "COR"
    assert verdict("framework", "G-Cloud 13", "G-Cloud 14") == "INC"


def test_a_near_value_is_paired_before_any_other() -> None:
    class Plan(BaseModel):
        days: list[PartialDate]

    class Plans(BaseModel):
        owner: Name
        plans: Plan

    class Page(BaseModel):
        entries: list[Plans]

    def page(*days: str) -> Page:
        return Page(entries=[Plans(owner="A", plans=Plan(days=list(days)))])

    found = score(make_plan(compile_schema(Page)), page("2021-01-05", "2022"), page("2022-03-04", "2021"))
    values = [
        (item.gold.value, item.predicted.value, item.close)
        for item in found.items
        if item.field == "plans.days" and item.gold and item.predicted
    ]
    assert values == [("2021-01-05", "2021", True), ("2022", "2022-03-04", True)]


def test_a_doubled_value_is_right_once() -> None:
    tally = scored(one(sites=["Ayr"]), one(sites=["Ayr", "AYR"])).tally
    assert counts(tally, "sites") == (1, 0, 0, 1)


def test_unpaired_contracts_are_missing_and_spurious_whatever_else_they_share() -> None:
    gold = {"article": {}, "contracts": [deal(users=5, sites=["Ayr"])]}
    predicted = {"article": {}, "contracts": [deal(buyers=["Harrow"], users=5, sites=["Ayr"])]}
    found = scored(gold, predicted)
    assert found.pairs == (("contracts[0]", None), (None, "contracts[0]"))
    assert total(found.tally) == (0, 0, 4, 4)
    assert not any(item.aligned for item in found.items)
    assert found.tally["flag:main/seen"] == 0


def test_who_and_what_weigh_more_than_the_rest() -> None:
    gold = one(suppliers=["Tallis"], framework="G-Cloud 9", users=5, sites=["Ayr"], end="2031")
    same_supplier = deal(stage="tender", suppliers=["Tallis"])  # buyer 3, supplier 3
    same_framework = deal(stage="tender", framework="G-Cloud 9", users=5)  # buyer 3, framework 2, users 1
    same_rest = deal(stage="tender", users=5, sites=["Ayr"])  # buyer 3, users 1, site 1: more values, less weight
    same_all = deal(stage="tender", users=5, sites=["Ayr"], end="2031")  # as much as the first two, with more values
    for better, worse in ((same_supplier, same_rest), (same_framework, same_rest), (same_all, same_supplier)):
        for deals in ([better, worse], [worse, better]):
            found = scored(gold, {"article": {}, "contracts": deals})
            assert found.pairs[0] == ("contracts[0]", f"contracts[{deals.index(better)}]")


def test_contracts_of_nobody_are_paired_by_what_else_they_share() -> None:
    # "A council has …": where neither names anybody, a sum or a framework; gold would not be its own equal otherwise.
    anonymous = {"main": True, "stage": "award", "buyers": [], "suppliers": [], "users": 5}
    gold = {"article": {}, "contracts": [anonymous]}
    assert scored(gold, gold).pairs == (("contracts[0]", "contracts[0]"),)
    assert scored(gold, one(users=5)).tally["entries/aligned"] == 0
    other = {"article": {}, "contracts": [{**anonymous, "stage": "tender", "users": 6}]}
    assert scored(gold, other).tally["entries/aligned"] == 0


def test_there_is_no_threshold() -> None:
    wrong = deal(stage="ended", users=1, sites=["Ayr"], end="2020", framework="X", programme="Y")
    found = scored(one(users=9, sites=["Mull"], end="2031"), {"article": {}, "contracts": [wrong]})
    assert found.pairs == (("contracts[0]", "contracts[0]"),)
    assert counts(found.tally, "buyers") == (1, 0, 0, 0)


def test_of_equal_pairs_the_one_whose_main_agrees_is_taken() -> None:
    predicted: Data = {"article": {}, "contracts": [deal(main=False), deal(main=True)]}
    for order in (1, -1):
        turned = {**predicted, "contracts": predicted["contracts"][::order]}
        tally = scored(one(), turned).tally
        assert (tally["flag:main/seen"], tally["flag:main/right"]) == (1, 1)


def test_a_contract_is_exact_with_every_item_right_and_none_spurious() -> None:
    assert scored(one(users=5), one(users=5)).tally["entries/exact"] == 1
    assert scored(one(users=5), one(users=6)).tally["entries/exact"] == 0
    assert scored(one(users=5), one()).tally["entries/exact"] == 0
    assert scored(one(), one(users=5)).tally["entries/exact"] == 0


def test_items_of_main_contracts_are_counted_as_gold_judges_or_else_the_prediction() -> None:
    aside = deal(buyers=["Corran Bank"], main=False, users=7)
    gold: Data = {"article": {}, "contracts": [deal(users=5), aside, deal(buyers=["Tallis"])]}
    said: Data = {
        "article": {},
        "contracts": [
            deal(users=6, main=False),
            {**aside, "main": True},
            deal(buyers=["New"]),
            deal(buyers=["Odd"], main=False),
        ],
    }
    tally = scored(gold, said).tally
    # Right and wrong of the first, both of the third missing, both of the new one spurious; nothing of the others.
    assert counts(tally, "flag:main") == (2, 1, 2, 2)
    assert counts(scored(gold, None).tally, "flag:main") == (0, 0, 5, 0)


@given(pairs())
@settings(max_examples=50)
def test_where_every_contract_is_main_their_items_are_all_items(both: tuple[Data, Data]) -> None:
    gold, predicted = (
        {**record, "contracts": [{**entry, "main": True} for entry in record["contracts"]]} for record in both
    )
    tally = scored(gold, predicted).tally
    assert counts(tally, "flag:main") == total(tally)


def test_false_alarms_are_counted_on_articles_without_an_entry() -> None:
    nothing: Data = {"article": {}, "contracts": []}
    alarm, quiet, other = scored(nothing, one()).tally, scored(nothing, nothing).tally, scored(one(), one()).tally
    assert (alarm["articles/none"], alarm["articles/false_alarm"]) == (1, 1)
    assert (quiet["articles/none"], quiet["articles/false_alarm"]) == (1, 0)
    assert (other["articles/none"], other["articles/false_alarm"]) == (0, 0)


# -- accepted alternates ----------------------------------------------------------------------------------


def test_an_accepted_form_is_as_right_as_the_gold_one() -> None:
    gold = one(framework="G-Cloud 13", users=5)
    accept = {"contracts[0].framework": ("the Cloud Framework",), "contracts[0].users": (6,)}
    assert total(scored(gold, one(framework="Cloud Framework", users=6), accept=accept).tally) == (4, 0, 0, 0)
    assert total(scored(gold, gold, accept=accept).tally) == (4, 0, 0, 0)
    assert total(scored(gold, one(framework="Other", users=6), accept=accept).tally) == (3, 1, 0, 0)


def test_accepted_forms_are_matched_so_that_most_are_right() -> None:
    # "Vega" fits both gold suppliers, "Orbis" the first only: who gives Vega to the first loses Orbis.
    gold = one(suppliers=["Orbis", "Vega"])
    accept = {"contracts[0].suppliers[0]": ("Vega",)}
    for said in (["Vega", "Orbis"], ["Orbis", "Vega"]):
        assert counts(scored(gold, one(suppliers=said), accept=accept).tally, "suppliers") == (2, 0, 0, 0)
    assert counts(scored(gold, one(suppliers=["Vega"]), accept=accept).tally, "suppliers") == (1, 0, 1, 0)
    # A chain of three, which needs two changes of mind.
    gold = one(suppliers=["A1", "B1", "C1"])
    accept = {"contracts[0].suppliers[0]": ("B1",), "contracts[0].suppliers[1]": ("C1",)}
    assert counts(scored(gold, one(suppliers=["B1", "C1", "A1"]), accept=accept).tally, "suppliers") == (3, 0, 0, 0)
    accept["contracts[0].suppliers[2]"] = ("D1",)
    assert counts(scored(gold, one(suppliers=["B1", "C1", "D1"]), accept=accept).tally, "suppliers") == (3, 0, 0, 0)


def test_an_accepted_form_makes_a_pair() -> None:
    gold, predicted = one(), one(buyers=["the county"])
    assert scored(gold, predicted).tally["entries/aligned"] == 0
    accept = {"contracts[0].buyers[0]": ("County",)}
    assert scored(gold, predicted, accept=accept).tally["entries/aligned"] == 1


def test_an_accepted_form_counts_for_being_close_too() -> None:
    accept = {"contracts[0].end": ("2030-05",)}
    tally = scored(one(end="2020"), one(end="2030-05-07"), accept=accept).tally
    assert (tally["end/INC"], tally["end/CLOSE"]) == (1, 1)


# -- grounding ------------------------------------------------------------------------------------------


def test_what_is_right_is_grounded_if_its_words_hold() -> None:
    asked: list[str] = []

    def support(field: ScoredField, said: Value) -> bool:
        asked.append(said.path)
        return field.key != "users"

    found = scored(one(users=5, end="2020"), one(users=5, end="2021"), support=support)
    grounded = {item.field: (item.verdict, item.grounded) for item in found.items}
    assert grounded == {
        "stage": ("COR", True),
        "buyers": ("COR", True),
        "users": ("COR", False),
        "end": ("INC", True),
    }
    keys = ("stage", "buyers", "users", "end")
    assert {key: found.tally[f"{key}/GROUNDED"] for key in keys} == {"stage": 1, "buyers": 1, "users": 0, "end": 0}
    assert sorted(asked) == [f"contracts[0].{key}" for key in ("buyers[0]", "end", "stage", "users")]
    assert all(item.grounded is None for item in scored(one(), one()).items)


def test_of_two_that_say_the_same_the_grounded_one_counts() -> None:
    for order in (["Ayr", "AYR"], ["AYR", "Ayr"]):
        tally = scored(
            one(sites=["Ayr"]), one(sites=order), support=lambda _, said: said.value != "AYR"
        ).tally  # fmt: skip
        assert (tally["sites/COR"], tally["sites/SPU"], tally["sites/GROUNDED"]) == (1, 1, 1)


# -- other schemas ----------------------------------------------------------------------------------------


class Move(BaseModel):
    person: Name | None = None
    role: str | None = None
    kind: Literal["joins", "leaves"] | None = None
    since: PartialDate | None = None


def test_a_flat_record_is_one_entry_and_needs_no_shared_value() -> None:
    plan = make_plan(compile_schema(Move))
    gold = Move(person="Ada Reed", role="chair", kind="joins", since="2020")
    found = score(plan, gold, Move(person="Bo Lind", kind="leaves", since="2020-03"))
    assert found.pairs == (("", ""),)
    assert [(item.field, item.verdict, item.close) for item in found.items] == [
        ("person", "INC", False),
        ("role", "MIS", False),
        ("kind", "INC", False),
        ("since", "INC", True),
    ]
    assert (found.tally["choice:kind/seen"], found.tally["choice:kind/right"]) == (1, 0)
    assert total_of(score(plan, gold, gold)) == {"COR": 4}
    assert total_of(score(plan, gold, Move())) == {"MIS": 4}
    assert total_of(score(plan, gold, None)) == {"MIS": 4}
    assert total_of(score(plan, Move(), gold)) == {"SPU": 4}
    assert score(plan, Move(), gold).tally["articles/false_alarm"] == 1
    assert score(plan, Move(), Move()).tally["articles/none"] == 1


def total_of(found: Score) -> dict[str, int]:
    return dict(Counter(item.verdict for item in found.items))


class Lot(BaseModel):
    winner: OrganisationName | None = None
    state: Literal["open", "let"] | None = None
    live: Annotated[bool, FlagField(quoted=False)]


class Tender(BaseModel):
    buyer: Annotated[OrganisationName, Identifies(2)]
    lots: list[Lot] = []


class Person(BaseModel):
    name: Annotated[Name, Identifies(1)]


class News(BaseModel):
    tenders: list[Tender]
    people: list[Person] = []


def lot(winner: str | None, live: bool = True, state: Literal["open", "let"] | None = None) -> Lot:
    return Lot(winner=winner, live=live, state=state)


def test_nested_lists_are_compared_whole_in_any_order() -> None:
    plan = make_plan(compile_schema(News))
    gold = News(tenders=[Tender(buyer="A1", lots=[lot("X1", True, "let"), lot("Y1", False, "open"), lot(None)])])
    said = News(tenders=[Tender(buyer="A1", lots=[lot("Y1", False, "open"), lot(None), lot("X1", True, "let")])])
    assert score(plan, gold, said).tally == score(plan, gold, gold).tally
    found = score(plan, gold, News(tenders=[Tender(buyer="A1", lots=[lot("Z1"), lot("Y1", True, "open")])]))
    assert [(item.field, item.verdict, item.gold and item.gold.path) for item in found.items] == [
        ("tenders.buyer", "COR", "tenders[0].buyer"),
        ("tenders.lots.winner", "COR", "tenders[0].lots[1].winner"),
        ("tenders.lots.winner", "INC", "tenders[0].lots[0].winner"),
        ("tenders.lots.state", "COR", "tenders[0].lots[1].state"),
        ("tenders.lots.state", "MIS", "tenders[0].lots[0].state"),
    ]
    assert (found.tally["flag:tenders.lots.live/seen"], found.tally["flag:tenders.lots.live/right"]) == (1, 0)
    assert not any(name.startswith("choice:") for name in found.tally)


def test_a_judgement_that_gold_does_not_make_is_not_counted() -> None:
    plan = make_plan(compile_schema(News))
    empty = News(tenders=[Tender(buyer="A1")])
    assert score(plan, empty, empty).tally["flag:tenders.lots.live/seen"] == 0


def test_two_kinds_of_entries_are_aligned_each_by_itself() -> None:
    plan = make_plan(compile_schema(News))
    gold = News(tenders=[Tender(buyer="Ada")], people=[Person(name="Bo"), Person(name="Cy")])
    said = News(tenders=[Tender(buyer="Bo")], people=[Person(name="Ada"), Person(name="Cy")])
    found = score(plan, gold, said)
    assert found.pairs == (
        ("tenders[0]", None), (None, "tenders[0]"),
        ("people[1]", "people[1]"), ("people[0]", None), (None, "people[0]"),
    )  # fmt: skip
    tally = found.tally
    assert (tally["entries/gold"], tally["entries/predicted"], tally["entries/aligned"]) == (3, 3, 1)
    assert counts(tally, "tenders.buyer") == (0, 0, 1, 1)
    assert counts(tally, "people.name") == (1, 0, 1, 1)


def test_where_no_field_identifies_any_shared_value_makes_a_pair() -> None:
    class Entry(BaseModel):
        city: str | None = None
        size: int | None = None

    class Page(BaseModel):
        entries: list[Entry]

    plan = make_plan(compile_schema(Page))
    found = score(plan, Page(entries=[Entry(city="Ayr", size=3)]), Page(entries=[Entry(size=4), Entry(size=3)]))
    assert found.pairs == (("entries[0]", "entries[1]"), (None, "entries[0]"))


@given(st.lists(contracts(), min_size=1, max_size=3))
@settings(max_examples=20)
def test_scoring_leaves_the_records_as_they_were(deals: list[Data]) -> None:
    record = read({"article": {}, "contracts": deals})
    before = record.model_dump_json()
    score(PLAN, record, record)
    assert record.model_dump_json() == before
