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
    ("said", "abstract"),
    [
        ("within 5 minutes", "It ends within five minutes."),
        ("within 300 seconds", "It ends within five minutes."),
        ("在五分钟内", "It ends within five minutes."),
        ("10 毫秒", "It takes 10ms."),
        ("24 小时", "It takes 24h."),
        ("1 天", "It takes 24 h."),
        ("5 分钟", "It takes 300 s."),
        ("二十四小时", "It takes twenty-four hours."),
        ("三十分钟", "It takes half an hour."),
        ("历时 24 个月", "It lasted two years."),
        ("滞后 5 天", "The lag is 5."),
        ("2019 年", "It was done in 2019."),
        ("感知四周的环境", "It senses its surroundings."),
        ("三周年纪念", "It marks an anniversary."),
        ("5% 至 10%", "It gains 5-10%."),
        ("5% 到 10%", "It gains between 5 and 10 percent."),
        ("从 3.2% 提高到 5.1%", "It goes from 3.2 to 5.1%."),
        ("60 至 120 分钟", "It takes 1 to 2 hours."),
        ("2.3 个百分点", "It gains 2.3 F1 points."),
        ("120 scans", "It was scored over 120 scans."),
        ("over 120 scans", "It was scored in 120 scans."),
        ("最大的模型超过 70B", "The largest model has over 70B parameters."),
        ("最高得分超过 90%", "The best score is above 90%."),
        ("至少一种方法在 5 个任务上", "At least one method works on 5 tasks."),
        ("至少三种语言和 5 个任务", "At least three languages and 5 tasks."),
        ("至少需要 5 个视角", "It needs a minimum of 5 views."),
        ("65 岁及以上", "All are 65 years or older."),
        ("超过 90%", "Accuracy exceeds 90%."),
        ("不大于 5 毫米", "It is at most 5 mm."),
        ("One problem", "At least one of the agents fails."),
        ("5 个上下文", "It takes 5 contexts."),
        ("5 TeV 以上", "It is above 5 TeV."),
        ("至少把平均推理成本减少 40%", "It saves at least 40%."),
        ("提高一倍", "It doubles throughput."),
        ("降低一半", "It halves the cost."),
        ("2021 年 3 月 14 日", "It ran on 14 March 2021."),
        ("自 20 世纪 90 年代以来", "Since the 1990s it is known."),
        ("第 3 年", "In the 3rd year."),
        ("95.2%", "An accuracy of 95.2 is reached."),
        ("120 余份论文", "It was trained on more than 120 papers."),
        ("可达 5 倍", "It is up to 5x faster."),
        ("3 天之内", "It takes up to 3 days."),
        ("3 个或更多", "It takes 3 or more cameras."),
        ("超过 90%", "It is better than 90%."),
    ],
)
def test_what_is_said_in_other_words_is_no_finding(said: str, abstract: str) -> None:
    assert find_in(said, abstract) == []


@pytest.mark.parametrize(
    ("said", "abstract", "rule"),
    [
        ("within 5 hours", "It ends within five minutes.", Rule.QUANTITY),
        ("在五小时内", "It ends within five minutes.", Rule.QUANTITY),
        ("六分钟后", "It ends after five minutes.", Rule.QUANTITY),
        ("5 分钟", "It takes 5 s.", Rule.QUANTITY),
        ("5 s", "It takes 5 ms.", Rule.QUANTITY),
        ("5 倍", "It gains 5%.", Rule.QUANTITY),
        ("5 秒", "It is 5x faster.", Rule.QUANTITY),
        ("over 120 scans", "It was scored in up to 120 scans.", Rule.BOUND),
        ("up to 120 scans", "It was scored over 120 scans.", Rule.BOUND),
        ("70%", "It gains over 70%.", Rule.BOUND),
        ("一半的用户", "It serves over half of the users.", Rule.BOUND),
        ("两倍", "It is over twice as fast.", Rule.BOUND),
        ("5 个上下文", "It takes up to 5 contexts.", Rule.BOUND),
        ("最高 70B", "The model has at least 70B parameters.", Rule.BOUND),
    ],
)
def test_another_time_and_another_bound_are_found(said: str, abstract: str, rule: Rule) -> None:
    assert find_in(said, abstract) == [rule]


def find_in(said: str, abstract: str) -> list[Rule]:
    """Give the rules about quantities that a sentence breaks."""
    written = Written("zh", None, (("conclusion", f"这种方法的结论：{said}。"),))
    found = check_digest(written, "A title", f"{abstract} {'Much more is said of it here. ' * 9}")
    return [each.rule for each in found if each.rule in (Rule.QUANTITY, Rule.BOUND)]


@pytest.mark.parametrize(
    "text",
    [
        "至少" + "达到" * 20 + "x 5",
        "至少" + "达到了至" * 200 + "x 5",
        "a." * 3_000,
        "9" * 9_000,
        "5 " * 3_000,
    ],
    ids=["reached", "reached again", "dots", "digits", "figures"],
)
def test_hostile_text_is_checked_all_the_same(text: str) -> None:
    # What took exponential time once would never end here.
    assert isinstance(find_in(text, text), list)


@pytest.mark.parametrize(
    "after", ["获取", "（开源）", "：开源", "！", "》", "”", "`", "**", "。", "，可用", ""]
)
def test_an_address_ends_before_what_cannot_be_of_it(after: str) -> None:
    written = Written("zh", None, (("conclusion", f"代码可在{LINK}{after}"),))

    assert [each for each in check_digest(written, TITLE, ABSTRACT) if each.rule is Rule.LINK] == []


@pytest.mark.parametrize("said", [r"https://github.com/a/b\_c", "https://github.com/a/b_c"])
def test_an_address_that_tex_escapes_is_the_same_with_and_without(said: str) -> None:
    written = Written("en", None, (("conclusion", f"Code is at {said}."),))

    assert check_digest(written, "A title", r"Our code is at https://github.com/a/b\_c.") == []


@pytest.mark.parametrize(
    "background",
    [
        "参数超过百亿的大型语言模型训练昂贵。",
        "提升 GPT-4 的推理能力很难。",
        "提高 3D 重建的质量是难题。",
        "降低 5G 网络能耗。",
    ],
)
def test_what_is_hard_to_raise_is_no_result(background: str) -> None:
    written = Written("zh", None, (("background", background),))

    found = check_digest(
        written, "GPT-4 and 5G", "Models of over 10 billion and 3D scenes are hard with 5G and GPT-4."
    )
    assert [each for each in found if each.rule is Rule.PLACE] == []


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
