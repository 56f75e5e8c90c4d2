from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.events.types import Item
from streamrec.understanding.answers.answerer import Answerer
from streamrec.understanding.answers.asked import Answer, Asked, Said
from streamrec.understanding.answers.figures import in_digits, numbers
from streamrec.understanding.answers.languages import LANGUAGES
from streamrec.understanding.answers.policies import Policy
from tests.understanding.answers.asking import KETTLE, LAMP, ask

ANSWERER = Answerer()
DELIVERY = {"delivery": Policy(text={"en": "We ship within 2 business days, to the US only.", "zh": "48小时内发货，港澳台不发。"})}


def answer(*arguments: object, **named: object) -> Answer:
    given_answer = ANSWERER.answer(ask(*arguments, **named))  # type: ignore[arg-type]
    assert given_answer is not None
    return given_answer


def test_a_price_is_answered_with_its_currency() -> None:
    assert answer("多少钱", "ask_price", KETTLE).text == "标价89元。"
    assert answer("how much is it", "ask_price", LAMP, lang="en").text == "The listed price is $34.50."
    assert answer("cuánto cuesta", "ask_price", LAMP, lang="es").text == "El precio indicado es 34.50 USD."


def test_a_price_that_the_host_says_is_newer_than_the_catalogue_and_said_to_be_the_hosts() -> None:
    said = answer("多少钱", "ask_price", KETTLE, ["平时八十九 今天六十九 就今天啊"])
    assert (said.source, said.field) == ("host", "s0")
    assert said.text == "主播刚才说：“平时89 今天69 就今天啊”。"
    assert said.quote == "平时八十九 今天六十九 就今天啊"


def test_the_last_price_that_the_host_says_counts() -> None:
    said = ["今天七十九 七十九啊", "给你们再降 今天六十九", "这个壶水开了自己断电"]
    assert answer("多少钱", "ask_price", KETTLE, said).field == "s1"


def test_a_number_that_counts_something_is_no_price() -> None:
    assert answer("多少钱", "ask_price", KETTLE, ["今天下单送八十个滤网"]).source == "catalogue"
    assert answer("how much", "ask_price", LAMP, ["today you get 34 colors turn it off"], lang="en").source == "catalogue"


def test_the_price_of_several_is_not_that_of_one() -> None:
    found = ANSWERER.answer(ask("两个一起多少钱", "ask_price", KETTLE))
    assert found is None


def test_what_the_host_says_of_another_item_answers_nothing() -> None:
    other = Said("s9", 0, "今天六十九 六十九", "another")
    assert answer("多少钱", "ask_price", KETTLE, [other]).source == "catalogue"


@pytest.mark.parametrize(
    ("text", "intent", "field", "words"),
    [
        ("几升的", "ask_size", "容量", "容量：1.7L。"),
        ("多少瓦啊", "ask_quality", "功率", "功率：1800W。"),
        ("保修多久", "ask_quality", "保修", "保修：两年。"),
        ("會自動斷電嗎", "ask_quality", "description", "商品介绍里写着：“内胆304不锈钢，水开自动断电”。"),
        ("线多长", "ask_size", "description", "商品介绍里写着：“底座360度可转，线长80厘米”。"),
    ],
)
def test_a_question_is_answered_from_the_field_that_tells_of_it(text: str, intent: str, field: str, words: str) -> None:
    found = answer(text, intent, KETTLE)
    assert (found.field, found.text) == (field, words)


def test_questions_of_other_languages_find_the_fields() -> None:
    assert answer("what's the warranty", "ask_quality", LAMP, lang="en").field == "warranty"
    assert answer("de qué material es", "ask_quality", LAMP, lang="es").text == "material: aluminum."
    assert answer("bảo hành bao lâu", "ask_quality", LAMP, lang="vi").field == "warranty"


@pytest.mark.parametrize("text", ["会不会生锈啊", "能装进行李箱吗", "邻居家的狗叫什么", "跟苏泊尔比哪个好"])
def test_what_nothing_tells_of_is_not_answered(text: str) -> None:
    assert ANSWERER.answer(ask(text, "ask_quality", KETTLE)) is None


def test_chit_chat_and_wishes_to_see_are_not_answered() -> None:
    assert ANSWERER.answer(ask("主播吃饭了吗", "other", KETTLE)) is None
    assert ANSWERER.answer(ask("看看背面", "ask_show", KETTLE)) is None


def test_stock_names_the_variants_since_that_of_one_is_unknown_and_the_link() -> None:
    assert answer("墨绿的还有吗", "ask_stock", KETTLE).text == "有货，还剩36件（颜色：白、墨绿）。"
    asked = ask("还有货吗", "ask_stock", KETTLE)
    placed = Asked(asked.normal, "zh", asked.intents, KETTLE, position=7)
    found = ANSWERER.answer(placed)
    assert found is not None
    assert found.text.endswith("在7号链接。")


def test_a_colour_that_is_not_listed_is_answered_with_those_that_are() -> None:
    assert answer("有红色吗", "ask_stock", KETTLE).text == "颜色：白、墨绿。"


def test_what_is_gone_and_what_is_not_for_sale_is_said() -> None:
    assert answer("还有吗", "ask_stock", msgspec.structs.replace(KETTLE, stock=0)).text == "目前没货。"
    assert answer("还有吗", "ask_stock", msgspec.structs.replace(KETTLE, available=False)).text == "目前不卖。"


def test_a_stock_that_is_not_tracked_is_no_answer() -> None:
    assert ANSWERER.answer(ask("还有吗", "ask_stock", msgspec.structs.replace(KETTLE, stock=None))) is None


def test_policies_of_the_shop_answer_in_the_language_of_the_question() -> None:
    found = answer("how long does shipping take", "ask_delivery", None, lang="en", policies=DELIVERY)
    assert (found.source, found.field, found.item_id) == ("policy", "delivery", None)
    assert found.quote == "We ship within 2 business days, to the US only."


def test_a_higher_threshold_keeps_silent() -> None:
    assert Answerer(threshold=1.0).answer(ask("多少瓦啊", "ask_quality", KETTLE)) is None


def test_the_quote_stands_in_its_source() -> None:
    found = answer("线多长", "ask_size", KETTLE)
    assert KETTLE.description is not None
    assert KETTLE.description[found.offset :].startswith(found.quote)


def sources(asked: Asked) -> str:
    """All that an answer may take a number from."""
    item = asked.item
    of_item = (
        [item.title, item.description or "", str(item.price), f"{item.price:.2f}", str(item.stock), *map(str, item.attributes.values())]
        if item
        else []
    )
    keys = [*item.attributes] if item else []
    spoken = [in_digits(one.text, item.price if item else None) for one in asked.said]
    return " ".join([*of_item, *keys, *spoken, *(text for policy in asked.policies.values() for text in policy.text.values())])


QUESTIONS = st.sampled_from(
    [
        ("多少钱", "ask_price"),
        ("还有货吗", "ask_stock"),
        ("多重", "ask_size"),
        ("什么材质", "ask_quality"),
        ("how much", "ask_price"),
        ("how big is it", "ask_size"),
        ("battery life?", "ask_quality"),
        ("几天到", "ask_delivery"),
        ("tiene garantía", "ask_quality"),
    ]
)
VALUES = st.text("0123456789 .kgcm×一二三红黑毫安steel", min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    question=QUESTIONS,
    price=st.floats(0.01, 5000).map(lambda value: round(value, 2)),
    stock=st.none() | st.integers(0, 9999),
    attributes=st.dictionaries(st.sampled_from(["材质", "重量", "尺寸", "size", "battery life", "warranty"]), VALUES, max_size=4),
    said=st.lists(
        st.sampled_from(["今天六十九 拍两个送一个", "三斤二两 四十五块九", "today nineteen ninety nine", "48小时内发"]), max_size=3
    ),
    lang=st.sampled_from([*LANGUAGES, "und"]),
    currency=st.sampled_from(["CNY", "USD", "CHF", "VND"]),
)
def test_every_number_of_an_answer_is_a_number_of_its_source(
    question: tuple[str, str],
    price: float,
    stock: int | None,
    attributes: dict[str, str],
    said: list[str],
    lang: str,
    currency: str,
) -> None:
    item = Item(item_id="i", title="山泉壶", price=price, currency=currency, stock=stock, attributes=dict(attributes), lang="zh")
    asked = ask(question[0], question[1], item, said, lang)  # type: ignore[arg-type]
    found = Answerer(threshold=0.0).answer(asked)
    if found is not None:
        assert set(numbers(found.text)) <= set(numbers(sources(asked)))
        assert (
            found.quote in {str(price), str(int(price)), str(stock), *attributes.values(), *(one.text for one in asked.said)}
            or found.field == "price"
        )
