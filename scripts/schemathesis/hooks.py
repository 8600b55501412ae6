"""What the API takes that JSON schema has no words for, so that what is made up as valid is so."""

import json
from datetime import datetime, timezone

import schemathesis
from hypothesis import strategies as st

# A JSON schema knows times of any year. A day is left at both ends, for offsets.
FIRST = datetime(2000, 1, 2)
LAST = datetime(2099, 12, 30)

times = st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(timezone.utc)).map(
    lambda time: time.isoformat().replace("+00:00", "Z")
)
schemathesis.openapi.format("date-time", times)
schemathesis.openapi.format("iso-8601", times)

# Of NDJSON a schema only says that it is a text: payments of feature-defs, some of which may be no payments at all.
payments = st.fixed_dictionaries(
    {
        "id": st.text(max_size=8),
        "occurred_at": times,
        "updated_at": st.integers(0, 9),
        "card_id": st.text(max_size=4),
        "merchant_id": st.text(max_size=4),
        "amount": st.decimals(-9999, 9999, places=2).map(str),
        "status": st.sampled_from(["approved", "declined"]),
    }
)
lines = st.one_of(payments, payments, st.none(), st.text())


def as_ndjson(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


schemathesis.openapi.media_type(
    "application/x-ndjson",
    st.tuples(payments, st.lists(lines, max_size=4)).map(lambda rows: as_ndjson([rows[0], *rows[1]])),
)


@schemathesis.hook
def before_load_schema(context, schema):
    """An example of a media type with values of its own would have to be bytes; test/serving tries the example."""
    for methods in schema["paths"].values():
        for operation in methods.values():
            operation.get("requestBody", {}).get("content", {}).get("application/x-ndjson", {}).pop("example", None)


def with_cents(value):
    """Amounts that are numbers have at most two decimals: `multipleOf` says it of no binary fraction rightly."""
    if isinstance(value, list):
        return [with_cents(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        name: round(inner, 2) if name == "amount" and isinstance(inner, float) else with_cents(inner)
        for name, inner in value.items()
    }


@schemathesis.hook
def map_body(context, body):
    return with_cents(body)
