"""Checking digests: each rule finds what breaks it, and is silent about what holds."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.digest.checks import Finding, Rule, Written, check_digest
from feedsvc.digest.written import check_lines

TITLE = "FastTree: trees for RAG"
ABSTRACT = (
    "Retrieval is slow. We propose FastTree for LLMs such as Qwen2.5-7B, trained on 25B tokens and five "
    "datasets. It improves accuracy by up to 70% and recall by at least 3.5%, and it is hundreds of times "
    "faster than BM25. Code is at https://example.org/fast-tree."
)
LINK = "https://example.org/fast-tree"


def write(conclusion: str, language: str = "zh", **fields: str) -> Written:
    """Write a digest that is in order but for what is said in its conclusion."""
    chinese = {
        "background": "检索速度很慢，难以用于实际系统。",
        "innovation": f"提出了一种名为FastTree的方法，见{LINK}",
    }
    english = {
        "background": "Retrieval is slow in practice.",
        "innovation": f"FastTree is proposed, see {LINK}",
    }
    said = (chinese if language == "zh" else english) | {"conclusion": conclusion} | fields
    title = fields.get("title", "快速树：用于检索的树" if language == "zh" else "Trees")
    return Written(language, title, tuple((n, said[n]) for n in ("background", "innovation", "conclusion")))


def find(conclusion: str, language: str = "zh", **fields: str) -> list[Rule]:
    """Give the rules that are broken."""
    return [found.rule for found in check_digest(write(conclusion, language, **fields), TITLE, ABSTRACT)]


@pytest.mark.parametrize(
    "conclusion",
    [
        "准确率最高提升70%，召回率至少提升3.5%。",
        "准确率提升高达百分之七十。",
        "在250亿个词上训练。",
        "在五个数据集上训练。",
        "比BM25快数百倍。",
        "适用于Qwen2.5-7B等大模型。",
        "比BM25快上百倍，准确率提升多达70%。",
    ],
)
def test_what_the_abstract_says_may_be_said(conclusion: str) -> None:
    assert find(conclusion) == []


@pytest.mark.parametrize(
    "conclusion",
    [
        "Accuracy improves by up to 70 percent on five datasets.",
        "It is hundreds of times faster, trained on 25 billion tokens.",
        "Recall improves by at least 3.5 percent.",
    ],
)
def test_what_the_abstract_says_may_be_said_in_english_too(conclusion: str) -> None:
    assert find(conclusion, "en") == []


@pytest.mark.parametrize(
    "conclusion",
    [
        "在250M个词上训练。",
        "在2.5亿个词上训练。",
        "准确率平均提升15.3%。",
        "比BM25快数倍。",
        "比BM25快数千倍。",
        "在七个数据集上训练。",
        "准确率是原来的三倍。",
        "在70个数据集上训练。",
    ],
)
def test_a_quantity_that_the_abstract_does_not_have_is_found(conclusion: str) -> None:
    assert find(conclusion) == [Rule.QUANTITY]


@pytest.mark.parametrize(
    "conclusion",
    [
        "准确率提升70%以上。",
        "准确率提升70%。",
        "准确率至少提升70%。",
        "召回率提升3.5%。",
        "召回率最多提升3.5%。",
    ],
)
def test_a_bound_that_is_lost_or_turned_round_is_found(conclusion: str) -> None:
    assert find(conclusion) == [Rule.BOUND]


def test_about_is_no_promise() -> None:
    assert find("准确率提升约70%。") == []


@pytest.mark.parametrize(
    ("said", "abstract", "rules"),
    [
        ("within 5 minutes", "It ends within five minutes.", []),
        ("within 300 seconds", "It ends within five minutes.", []),
        ("within 5 hours", "It ends within five minutes.", [Rule.QUANTITY]),
        ("在五分钟内", "It ends within five minutes.", []),
        ("在五小时内", "It ends within five minutes.", [Rule.QUANTITY]),
        ("六分钟后", "It ends after five minutes.", [Rule.QUANTITY]),
        ("历时 24 个月", "It lasted two years.", []),
        ("滞后 5 天", "The lag is 5.", []),
        ("120 scans", "It was scored over 120 scans.", []),
        ("over 120 scans", "It was scored in 120 scans.", []),
        ("over 120 scans", "It was scored in up to 120 scans.", [Rule.BOUND]),
        ("up to 120 scans", "It was scored over 120 scans.", [Rule.BOUND]),
        ("70%", "It gains over 70%.", [Rule.BOUND]),
    ],
)
def test_time_is_held_against_time_and_over_may_be_no_bound(
    said: str, abstract: str, rules: list[Rule]
) -> None:
    written = Written("zh", None, (("conclusion", f"这种方法的结论：{said}。"),))

    found = check_digest(written, "A title", f"{abstract} {'Much more is said of it here. ' * 9}")
    assert [each.rule for each in found if each.rule in (Rule.QUANTITY, Rule.BOUND)] == rules


def test_an_address_that_the_abstract_does_not_have_is_found() -> None:
    for address in ("https://evil.example/y", f"{LINK}/more", LINK[:-2], "https://example.org"):
        assert find(f"这种方法很快，代码已经公开，可以自由下载使用，见 {address}。") == [Rule.LINK]
    assert find(f"这种方法很快，代码已经公开，可以自由下载使用，见 {LINK}/。") == []


def test_an_address_may_get_its_scheme_and_lose_what_tex_needs() -> None:
    written = Written("en", None, (("conclusion", "Code is at https://github.com/a_b/c."),))

    assert check_digest(written, "A title", r"Our code is at github.com/a\_b/c.") == []


def test_digests_that_people_wrote_of_the_sample_break_no_rule() -> None:
    sample = [
        json.loads(file.read_text("utf-8")) for file in files("feedsvc.standin").joinpath("sample").iterdir()
    ]
    papers = [paper for rows in sample for paper in rows if "zh" in paper]
    wrong = {}
    for paper in papers:
        said = paper["zh"]
        sections = tuple((name, "".join(said[name])) for name in ("background", "innovation", "conclusion"))
        if found := check_digest(Written("zh", said["title"], sections), paper["title"], paper["abstract"]):
            wrong[paper["id"]] = found

    assert len(papers) > 40
    assert wrong == {}


def test_a_lost_address_is_found() -> None:
    assert find("这种方法很快。", innovation="提出了一种名为FastTree的方法。") == [Rule.LINK]


@pytest.mark.parametrize("name", ["GPT-4", "BM26", "FastForest", "RLHF"])
def test_a_name_that_the_paper_does_not_have_is_found(name: str) -> None:
    assert find(f"这种方法比{name}更快。") == [Rule.NAME]


@pytest.mark.parametrize("name", ["BM25", "LLM", "LLMs", "FastTree", "Qwen2.5", "RAG", "FastTree-RAG"])
def test_names_of_the_title_and_the_abstract_may_be_said(name: str) -> None:
    assert find(f"这种方法适用于{name}。") == []


def test_an_untranslated_title_is_found() -> None:
    assert find("这种方法很快。", title="FastTree: trees for retrieval") == [Rule.LANGUAGE]
    assert find("这种方法很快。", title="FastTree：用于RAG的树") == []


def test_an_untranslated_section_is_found() -> None:
    assert find("The method is fast.") == [Rule.LANGUAGE]
    assert find("这种方法很快。", "en") == [Rule.LANGUAGE]


def test_an_empty_section_is_found() -> None:
    assert find("  ") == [Rule.EMPTY]


def test_a_section_longer_than_the_abstract_is_found() -> None:
    assert Rule.LENGTH in find("这种方法很快，" * 100)


def test_sections_that_say_the_same_are_found() -> None:
    text = f"提出了一种名为FastTree的方法，用于大模型的检索增强，见{LINK}"
    assert find(text + "。", innovation=text) == [Rule.COPY]


@pytest.mark.parametrize("background", ["实验结果表明该方法很快。", "该方法优于现有的基线模型。"])
def test_results_in_the_background_are_found(background: str) -> None:
    assert find("这种方法很快。", background=background) == [Rule.PLACE]


@pytest.mark.parametrize(
    ("background", "rules"),
    [
        ("规划器单独就能解出52%的问题。", [Rule.PLACE]),
        ("许多问题的40%至今无解。", []),
        ("规划器十分常用。", []),
    ],
)
def test_a_figure_that_is_a_result_is_no_background(background: str, rules: list[Rule]) -> None:
    abstract = (
        "Planning is hard, and 40% of all known problems are still open. We propose a planner that learns "
        "from its failures. Experiments on ten benchmarks show that our planner alone solves 52% of the "
        "problems, significantly more than all baselines."
    )
    sections = (("background", background), ("innovation", "提出从失败中学习的规划器。"))

    found = check_digest(Written("zh", None, sections), "A title", abstract)
    assert [each.rule for each in found if each.rule is Rule.PLACE] == rules


def test_a_finding_says_where_and_what() -> None:
    (found,) = check_digest(write("在250M个词上训练。"), TITLE, ABSTRACT)

    assert found == Finding(Rule.QUANTITY, "conclusion", "'250M' is not in the abstract")
    assert str(found) == "quantity in the conclusion: '250M' is not in the abstract"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.sampled_from(["zh", "en", "fr"]))
def test_law_whatever_is_written_can_be_checked(a: str, b: str, title: str, language: str) -> None:
    check_digest(Written(language, title, (("background", a), ("innovation", b))), title, ABSTRACT)


@given(st.sampled_from(ABSTRACT.split(". ")))
def test_law_the_abstracts_own_sentences_break_no_rule_about_facts(sentence: str) -> None:
    rules = {
        found.rule
        for found in check_digest(Written("en", None, (("conclusion", sentence),)), TITLE, ABSTRACT)
    }
    assert not rules & {Rule.QUANTITY, Rule.BOUND, Rule.NAME, Rule.LANGUAGE}


def test_of_39_published_digests_the_wrong_quantities_and_titles_are_found_and_no_others(
    shared: Path,
) -> None:
    lines = (shared / "data/seed_source/seed_39_with_abstracts.jsonl").read_text("utf-8").splitlines()
    found = {
        (checked.line, finding.rule.value) for checked in check_lines(lines) for finding in checked.findings
    }

    facts = {(line, rule) for line, rule in found if rule in (Rule.QUANTITY, Rule.BOUND, Rule.LANGUAGE)}
    assert facts == {
        *{(1, "bound"), (16, "quantity"), (21, "bound"), (22, "quantity"), (32, "quantity")},
        *{(12, "language"), (17, "language")},
    }


def test_the_abstracts_of_real_papers_break_no_rule_about_their_own_facts(shared: Path) -> None:
    """Whoever sums up an abstract by its own words must not be told that they are wrong."""
    lines = (shared / "data/seed_source/seed_39_with_abstracts.jsonl").read_text("utf-8").splitlines()
    for record in map(json.loads, lines):
        title, abstract = record["title_en"], record["abstract_en"]
        found = check_digest(Written("en", title, (("conclusion", abstract),)), title, abstract)
        assert found == [], title
