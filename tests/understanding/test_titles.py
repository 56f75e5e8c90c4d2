"""A danmaku names items by shelf position or by the words of their titles, in any language."""

from __future__ import annotations

import pytest

from streamrec.understanding.titles import MOST_TITLES, TitleIndex

TITLES = ["RED RETROSPOT MUG", "BLUE POLKADOT MUG", "HEART T-LIGHT HOLDER", "红色套装卫衣", "真皮女士手提包包", "焦糖色针织毛衣"]


@pytest.fixture
def index() -> TitleIndex:
    made = TitleIndex()
    for slot, title in enumerate(TITLES):
        made.put(slot, title)
    return made


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("is the retrospot mug dishwasher safe?", 0),
        ("BLUE polkadot MUGS please", 1),
        ("I want the t-light holder with the heart", 2),
        ("红色套装卫衣有大码吗", 3),
        ("手提包包多少钱", 4),
    ],
)
def test_title_words_name_the_item(index: TitleIndex, text: str, slot: int) -> None:
    found = index.mentions(text)
    assert max(found, key=lambda each: found[each]) == slot


@pytest.mark.parametrize("text", ["hello everyone", "多少钱", "666", "", "so beautiful!!!"])
def test_chatter_names_nothing(index: TitleIndex, text: str) -> None:
    assert index.mentions(text) == {}


def test_a_word_that_many_titles_share_does_not_name_an_item(index: TitleIndex) -> None:
    assert index.mentions("what a mug") == {}


def test_a_removed_title_is_named_no_more(index: TitleIndex) -> None:
    index.remove(0)
    assert index.mentions("retrospot") == {}


def test_an_item_named_by_half_of_its_title_is_named_outright_and_one_named_less_counts_less(index: TitleIndex) -> None:
    assert index.mentions("红色套装") == {3: 1.0}
    both = index.mentions("手提包包, retrospot mug")
    assert both[0] == 1.0
    assert 0.34 < both[4] < 1.0


SHELVES = {
    "Hindi": (["हिंदी किताब", "काली साड़ी", "लाल कुर्ता", "सोने की अंगूठी", "मिट्टी का दीया", "नीला बैग"], "कितना दाम है", "नीला बैग चाहिए", 5),
    "Thai": (["หมวกฟาง", "กระเป๋าหนังแท้", "รองเท้าผ้าใบสีขาว", "เสื้อยืดคอกลม"], "ราคาเท่าไหร่คะ", "เอากระเป๋า", 1),
    "Khmer": (["កាបូបស្បែក", "អាវយឺតពណ៌ស", "ស្បែកជើងកីឡា"], "តម្លៃប៉ុន្មាន", "ខ្ញុំចង់បានកាបូប", 0),
    "Burmese": (["သားရေအိတ်", "အင်္ကျီအဖြူ", "ဖိနပ်အနက်"], "ဘယ်လောက်လဲ", "ဖိနပ်လိုချင်တယ်", 2),
    "Lao": (["ກະເປົາໜັງ", "ເສື້ອຢືດ", "ເກີບກິລາ"], "ລາຄາເທົ່າໃດ", "ເອົາກະເປົາ", 0),
    "Tamil": (["சிவப்பு புடவை", "கருப்பு பை", "தங்க மோதிரம்"], "விலை என்ன", "புடவை வேண்டும்", 0),
    "Arabic": (["حقيبة جلدية", "قميص أبيض", "حذاء رياضي"], "كم السعر", "أريد الحقيبه حقيبة", 0),
    "Vietnamese": (["Túi xách da", "Áo thun trắng", "Giày thể thao"], "bao nhiêu tiền vậy", "lấy tui xach", 0),
}


@pytest.mark.parametrize(("titles", "chatter", "wish", "slot"), SHELVES.values(), ids=SHELVES)
def test_in_any_script_a_wish_finds_its_item_and_a_question_for_the_price_none(
    titles: list[str], chatter: str, wish: str, slot: int
) -> None:
    index = TitleIndex()
    for place, title in enumerate(titles):
        index.put(place, title)
    assert list(index.mentions(wish)) == [slot]
    assert index.mentions(chatter) == {}


class Counted(dict[int, frozenset[str]]):
    """Words of titles that count how often they are asked for."""

    looks = 0

    def __getitem__(self, slot: int) -> frozenset[str]:
        self.looks += 1
        return super().__getitem__(slot)

    def get(self, slot: int, default: object = None) -> frozenset[str]:  # type: ignore[override]
        self.looks += 1
        return super().get(slot, frozenset())


@pytest.mark.parametrize("distinct", [False, True])
def test_a_danmaku_of_the_commonest_words_is_answered_from_a_bounded_number_of_titles(distinct: bool) -> None:
    index = TitleIndex()
    for slot in range(10 * MOST_TITLES):
        index.put(slot, f"red mug with hearts and a handle{f' number{slot}' if distinct else ''} from set{slot % 50}")
    index._words_of = counted = Counted(index._words_of)
    text = "red mug with hearts and a handle from " + " ".join(f"set{number}" for number in range(50))
    index.mentions(text)
    assert counted.looks <= 2 * MOST_TITLES


def test_common_words_speak_for_a_title_that_a_rare_one_names() -> None:
    index = TitleIndex()
    for slot in range(2 * MOST_TITLES):
        index.put(slot, f"red mug unique{slot}")
    assert index.mentions("red mug") == {}
    alone, together = index.mentions("unique7"), index.mentions("the red mug unique7")
    assert list(alone) == list(together) == [7]


def test_a_title_put_again_as_it_was_costs_nothing_that_was_worked_out(index: TitleIndex) -> None:
    index.mentions("retrospot mug")
    known = dict(index._whole)
    index.put(0, TITLES[0])
    assert index._whole == known != {}


def test_words_of_titles_that_are_gone_are_kept_no_longer(index: TitleIndex) -> None:
    for slot in range(len(TITLES)):
        index.remove(slot)
    assert index._slots_of == {}
