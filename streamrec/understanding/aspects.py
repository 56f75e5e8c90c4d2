"""What a praise, a complaint or a question is about, by words that people use for it whatever they buy."""

from __future__ import annotations

from typing import Final, Literal, get_args

import regex

from streamrec.events.speech import Intent

Aspect = Literal["size", "quality", "delivery", "price", "stock", "service", "show"]
"""`show` is how a thing looks."""
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
"""Columns hold an aspect by its place here, from 1: a new one goes to the end."""
QUESTIONS: Final[dict[Intent, Aspect]] = {
    "ask_size": "size",
    "ask_quality": "quality",
    "ask_delivery": "delivery",
    "ask_stock": "stock",
    "ask_show": "show",
    "ask_price": "price",
}
"""What a question of each kind is about. Of several in one comment the first is remembered: nearly everybody asks for the price."""

# By aspect: what is found anywhere in Chinese, and words of languages with spaces. Written from general knowledge of Chinese, English,
# Spanish and Vietnamese, for no shop.
_SAID: dict[Aspect, tuple[str, str]] = {
    "size": (
        "尺码|尺寸|大小|码数|版型|合身|合脚|偏大|偏小|太大|太小|太长|太短|太宽|太窄|太松|太紧|勒|挤脚|磨脚|显胖|显瘦",
        "sizes?|sizing|fits?|fitted|too (?:big|small|large|long|short|tight|loose|wide|narrow)|runs (?:big|small|large)|tallas?|tamaños?"
        "|me queda|kích cỡ|size|vừa vặn|rộng quá|chật",
    ),
    "quality": (
        "质量|质感|品质|做工|材质|用料|面料|布料|手感|线头|起球|掉色|褪色|脱色|掉毛|缩水|开线|开胶|漏水|变形|生锈|掉漆|异味|刺鼻|好用|难用|耐用|结实"
        "|正品|假货|坏了|破了|断了|裂|好吃|难吃|味道|口感|新鲜",
        "quality|materials?|fabric|sturdy|solid|flimsy|durable|broke|broken|breaks?|fell apart|faded?|leaks?|leaking|rust(?:ed|y)?|fake"
        "|genuine|stopped working|works (?:well|great|perfectly)|smell[sy]?|tast(?:e|es|y)|delicious|calidad|material|tela|resistente"
        "|roto|rota"
        "|se rompió|chất lượng|chất vải|bền|hỏng|lỗi|xịn",
    ),
    "delivery": (
        "发货|快递|物流|到货|送货|配送|收到货|没收到|还没到|包装|包裹|发错|漏发",
        "shipping|shipped|deliver(?:y|ed|s)?|arrived?|parcel|package|packaging|courier|envíos?|entregas?|llegó|llegado|paquete"
        "|giao hàng|vận chuyển"
        "|ship|đóng gói",
    ),
    "price": (
        "价格|价钱|太贵|好贵|真贵|贵了|不贵|便宜|划算|性价比|实惠|涨价|降价|值这个价|不值",
        "pric(?:e|es|ey)|expensive|cheap(?:er)?|overpriced|affordable|bargain|value|worth|precios?|car[oa]s?|barat[oa]s?|giá|đắt|rẻ"
        "|mắc quá",
    ),
    "stock": (
        "库存|没货|缺货|断货|断码|抢不到|没抢到|抢光|卖完|秒没|补货",
        "stock|sold out|restock(?:ed)?|unavailable|agotad[oa]s?|existencias|hết hàng|còn hàng",
    ),
    "service": (
        "客服|售后|态度|服务|退货|退款|换货|退换|不理人|没人理|不回",
        "service|support|refund(?:ed)?|returns?|rude|polite|replies|replied|staff|servicio|atención|devolución|reembolso|dịch vụ"
        "|nhân viên"
        "|thái độ|hoàn tiền|đổi trả|tư vấn",
    ),
    "show": (
        "好看|难看|漂亮|颜值|颜色|色差|款式|外观|实物|图片不符|真丑|好丑|太丑|百搭|显白|显黑",
        "looks?|looking|colou?rs?|pretty|beautiful|gorgeous|ugly|pictures?|photos?|style|bonit[oa]s?|lind[oa]s?|fe[oa]s?|color(?:es)?"
        "|aspecto"
        "|đẹp|xấu|màu|kiểu dáng",
    ),
}
_PATTERNS = {
    about: regex.compile(rf"{chinese}|(?<![\p{{L}}\p{{N}}])(?:{words})(?![\p{{L}}\p{{N}}])") for about, (chinese, words) in _SAID.items()
}


def aspects(text: str) -> list[Aspect]:
    """What a text in its normal form (`Normal.text`) speaks of, in the order of ASPECTS."""
    return [about for about, pattern in _PATTERNS.items() if pattern.search(text)]
