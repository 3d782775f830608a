"""Reading quantities: the same one however it is written, and none where a figure is part of a name."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.digest.quantities import Bound, Unit, read_quantities


def read(text: str) -> list[tuple[object, str, str]]:
    """Give value, unit and bound of each quantity, whole numbers as such."""
    return [
        (int(q.value) if q.value.denominator == 1 else q.value, q.unit.value, q.bound.value)
        for q in read_quantities(text)
    ]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("25B tokens", 25 * 10**9, ""),
        ("25 billion tokens", 25 * 10**9, ""),
        ("250亿个词", 25 * 10**9, ""),
        ("250M tokens", 250 * 10**6, ""),
        ("2.5亿个词", 250 * 10**6, ""),
        ("3.47k tokens", 3470, ""),
        ("32,000 words", 32000, ""),
        ("3.2万字", 32000, ""),
        ("70%", 70, "%"),
        (r"70\%", 70, "%"),
        ("70 percent", 70, "%"),
        ("seventy percent", 70, "%"),
        ("百分之七十", 70, "%"),
        ("70个百分点", 70, "%"),
        ("7 percentage points", 7, "%"),
        ("3x more data", 3, "x"),
        ("3 times more", 3, "x"),
        ("threefold", 3, "x"),
        ("ninefold", 9, "x"),
        ("12.5 lost points", Fraction(25, 2), "%"),
        ("12 data points", 12, ""),
        ("five minutes", 5, "min"),
        ("5-minute lags", 5, "min"),
        ("五分钟", 5, "min"),
        ("5 小时", 5, "h"),
        ("三年", None, "years"),
        ("三周期", None, "weeks"),
        ("120 ms", 120, "ms"),
        ("3-fold", 3, "x"),
        ("三倍", 3, "x"),
        ("twice as fast", 2, "x"),
        ("两倍", 2, "x"),
        ("1.7倍", Fraction(17, 10), "x"),
        ("1/3 of the data", Fraction(1, 3), ""),
        ("a third of the data", Fraction(1, 3), ""),
        ("三分之一", Fraction(1, 3), ""),
        ("two-thirds", Fraction(2, 3), ""),
        ("half the epochs", Fraction(1, 2), ""),
        ("一半的轮数", Fraction(1, 2), ""),
        ("five datasets", 5, ""),
        ("五个数据集", 5, ""),
        ("十二个数据集", 12, ""),
        ("an order of magnitude", 10, "x"),
        ("一个数量级", 10, "x"),
        ("hundreds of times faster", 100, "x"),
        ("快数百倍", 100, "x"),
        ("several times faster", 1, "x"),
        ("快几倍", 1, "x"),
    ],
)
def test_a_quantity_is_the_same_however_it_is_written(text: str, value: object, unit: str) -> None:
    assert ((value, unit) in [found[:2] for found in read(text)]) is (value is not None)


@pytest.mark.parametrize(
    "text",
    [
        "GPT-4",
        "Qwen2.5",
        "LLaMA3.1-8B",
        "CIFAR-10N",
        "ResNet50",
        "COVID-19",
        "K-12",
        "a 1D convolution",
        "L2C",
    ],
)
def test_a_figure_in_a_name_is_no_quantity(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("up to 70%", Bound.UPPER),
        ("up to a 70% gain", Bound.UPPER),
        ("at most 70%", Bound.UPPER),
        ("a maximum improvement of 70%", Bound.UPPER),
        ("高达70%", Bound.UPPER),
        ("最高达 70%", Bound.UPPER),
        ("over 70%", Bound.LOWER),
        ("at least 70%", Bound.LOWER),
        ("70% or more", Bound.LOWER),
        ("提高了70%以上", Bound.LOWER),
        ("至少70%", Bound.LOWER),
        ("超过了70%", Bound.LOWER),
        ("50+ papers", Bound.LOWER),
        ("50多篇论文", Bound.LOWER),
        ("最多含 200 个", Bound.UPPER),
        ("200 个及以下", Bound.UPPER),
        ("200 个以内", Bound.UPPER),
        ("上限为 200", Bound.UPPER),
        ("≤200 crates", Bound.UPPER),
        ("200 crates or fewer", Bound.UPPER),
        ("至少需要合并 30 个", Bound.LOWER),
        ("3 公斤以上", Bound.LOWER),
        ("3 kg or more", Bound.LOWER),
        ("超过基线 3 个百分点", Bound.NONE),
        ("在 5 个任务以上述方法", Bound.NONE),
        ("scored over 120 scans", Bound.OVER),
        ("over 70 percent", Bound.LOWER),
        ("about 70%", Bound.ABOUT),
        ("约70%", Bound.ABOUT),
        ("70%左右", Bound.ABOUT),
        ("70%", Bound.NONE),
        ("70% over the baseline", Bound.NONE),
        ("we go over. 70%", Bound.NONE),
    ],
)
def test_a_bound_is_read_on_either_side(text: str, bound: Bound) -> None:
    assert read_quantities(text)[0].bound is bound


@given(st.integers(1, 10**12), st.sampled_from(["{}", "{:,}", "在{}之中", "({})"]))
def test_law_a_whole_number_is_read_as_itself(number: int, pattern: str) -> None:
    assert (number, Unit.NONE.value) in [found[:2] for found in read(pattern.format(number))]


@given(st.text(max_size=80))
def test_law_any_text_is_read(text: str) -> None:
    assert all(quantity.text for quantity in read_quantities(text))
