"""The form codec reads what Stripe's client writes."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from wareflow_sandbox.api.form import fingerprint, nested, pairs_of, positions
from wareflow_sandbox.model.errors import BadParameter

_words = st.text(min_size=1, max_size=8).filter(lambda word: "[" not in word and "]" not in word)
_values = st.text(max_size=8)
_params = st.recursive(
    st.dictionaries(_words, _values, min_size=1, max_size=3),
    lambda below: st.dictionaries(_words, below, min_size=1, max_size=3),
    max_leaves=6,
)


@given(_params)
def test_what_stripes_client_encodes_is_read_back(params: dict[str, Any]) -> None:
    body = urlencode(list(_api_encode(params))).replace("%5B", "[").replace("%5D", "]")
    assert nested(pairs_of(body.encode())) == params


@given(st.lists(_values, min_size=1, max_size=15))
def test_lists_are_read_back_in_their_order(values: list[str]) -> None:
    body = urlencode(list(_api_encode({"types": values})))
    assert positions(nested(pairs_of(body.encode()))["types"]) == values


def test_lists_may_be_written_without_positions() -> None:
    assert nested(pairs_of(b"expand[]=a&expand[]=b")) == {"expand": {"0": "a", "1": "b"}}
    assert positions("") == []


@given(st.lists(st.tuples(_words, _values), max_size=6), st.randoms())
def test_the_order_of_parameters_makes_no_difference(
    pairs: list[tuple[str, str]], chance: Any
) -> None:
    shuffled = [*pairs]
    chance.shuffle(shuffled)
    assert fingerprint(pairs) == fingerprint(shuffled)


def test_another_value_is_another_request() -> None:
    assert fingerprint([("a", "1"), ("b", "2")]) != fingerprint([("a", "1b"), ("", "2")])
    assert fingerprint([("a", "1")]) != fingerprint([("a", "2")])


@pytest.mark.parametrize("name", ["", "[a]", "a[b", "a]b", "a[b]c", "a" + "[b]" * 7])
def test_a_name_that_is_not_one_is_refused(name: str) -> None:
    with pytest.raises(BadParameter):
        _ = nested([(name, "1")])
