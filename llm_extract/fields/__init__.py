"""Field types: one module a kind of value, each with the five abilities of `fields.base`.

A schema is written with the annotations named here::

    class Deal(BaseModel):
        buyers: list[OrganisationName]
        value: Money | None
        signed: PartialDate | None
        duration_months: Months | None
"""

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention
from llm_extract.fields.categories import Category, CategoryField, FlagField
from llm_extract.fields.counts import CountField, NumberField, WholeNumberField
from llm_extract.fields.dates import DateField, DayField, PartialDate
from llm_extract.fields.durations import DurationField, ExtensionMonths, Months
from llm_extract.fields.money import Money, MoneyField
from llm_extract.fields.names import Name, NameField, OrganisationName
from llm_extract.fields.text import Text, TextField

__all__ = [
    "NO_CONTEXT",
    "Category",
    "CategoryField",
    "Context",
    "CountField",
    "DateField",
    "DayField",
    "DurationField",
    "ExtensionMonths",
    "FieldType",
    "FlagField",
    "Mention",
    "Money",
    "MoneyField",
    "Months",
    "Name",
    "NameField",
    "NumberField",
    "OrganisationName",
    "PartialDate",
    "Text",
    "TextField",
    "WholeNumberField",
]
