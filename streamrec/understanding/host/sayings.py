"""How hosts speak of prices, stock, delivery, gifts and guarantees, in Chinese and English."""

from __future__ import annotations

import regex

SAYS_NOW = (
    r"(?:今天|今晚|现在|直播间|只要|只卖|到手|给到|活动价?|破价|秒杀价?|还是|算下来"
    r"|\b(?:today|tonight|flash(?: price)?|now|only|just|live|still|down to|doing|sale)\b(?: it's| is| for)?)"
)
NOW = regex.compile(SAYS_NOW)
CUE_BEFORE = regex.compile(SAYS_NOW + r"[啊呢是在我给你\s]{0,4}$")
USUAL = regex.compile(
    r"平时|恢复|明天|原价|日常|吊牌|专柜|商场|外面|市场|本来|之前卖"
    r"|\b(?:usual(?:ly)?|normal(?:ly)?|regular(?:ly)?|retail|originally|list price|was)\b"
)
PRICE = regex.compile(
    r"价|卖|到手|只要|给到|多少钱|打折|块|元|\b(?:price|cost|costs|dollars?|bucks|usually|normally|today|sale|deal)\b|[$¥€£]"
)
NO_PRICE_BEFORE = regex.compile(
    r"(?:减|便宜|省|满|优惠|券|抵|运费|差|加|补|save|saves|extra|over|have|got|link|number|item|链接)"
    r"\s*(?:了|掉|个|你|like|about|maybe)?\s*$"
)
NO_PRICE_AFTER = regex.compile(r"\s*(?:off\b|of\b|left\b|more\b|percent|折|%|号)")
ON_CONDITION = regex.compile(
    r"[拍买带][两二三四2-9]|第[二三2-3][件套个]|[两二三四2-9][个件盒套条瓶双包罐]\s*[\d一二两三四五六七八九]|一起拍|满\d"
    r"|(?<!ty )\b(?:two|three|2|3) for\b"
    r"|buy (?:two|three|2|3)|second one|bundle|each if"
)
STOCK = regex.compile(
    r"还剩|剩下?\s*[\d一二两三四五六七八九十]|库存|没货|断货|断码|售罄|空了|补货|补了|卖完了|(?:色|码|货|的|都)没了|现货(?!的)"
    r"|[就只]\s*(?:有|给)?\s*[\d一二两三四五六七八九十百千]+\s*[台件单个套条双盒]|最后\s*[\d一二两三四五六七八九十百]+\s*[台件单个套条双盒]"
    r"|\b(?:sold out|out of stock|in stock|restock(?:ed|s|ing)?|left|almost gone|running low|selling out)\b"
)
GONE = regex.compile(r"(?<!快)没货了?|断货|售罄|(?<!快)空了|(?<!就)卖完了|(?<!almost |nearly )sold out|out of stock")
DELIVERY = regex.compile(
    r"发货|发出|内(?:都|就)?发|都发|现发|包邮|快递|顺丰|圆通|中通|德邦|京东|德邦|冷链|[疆藏海]\s*不发|到货|物流|次日达|小时内|天(?:能|就)?到"
    r"|\b(?:ships?|shipped|shipping|delivery|delivered|arrives?|warehouse|business days)\b"
)
GIFT = regex.compile(
    r"(?<!发|运|派|配|输)送(?=一|两|个|你|的|[\d三四五六])|再送|还送|赠|是送的|不要钱"
    r"|\b(?:free (?!ship|of)\w+|gift with|comes with an? free|throw(?:ing)? in)\b"
)
GUARANTEE = regex.compile(
    r"质保|保修|包换|包赔|包退|退换|无理由|运费险|赔付|坏.{0,6}赔|换新|\b(?:warranty|money back|refunds?|guaranteed?|replacement|returns)\b"
)
ANNOUNCED = regex.compile(
    r"(?:来|好|先|再|上|我们|okay|so|then|\s)*(?:[\d零一二两三四五六七八九十百]+号(?:链接)?|链接[\d零一二两三四五六七八九十百]+"
    r"|(?:number|link|item)\s(?:\d+|(?:twenty|thirty|forty)[\s-]\w+|\w+)(?:\s(?:the|is|this))*)\s*"
)
TELLS = regex.compile(
    r"材质|面料|材料|做的|纯|真皮|实木|不含|没有|无|不用|不会|不掉|不起|不沾|不粘|不伤|不烫|不闷|不透|防|耐|免|抗|能(?!不能)|可以|支持|适合|通用|自带|双面|可拆|静音"
    r"|\b(?:made (?:of|with|from|in)|real|works|fits|lasts|keeps|holds|washable|waterproof|proof|resistant|doesn't"
    r"|does not|won't|without|no \w+|"
    r"safe|rechargeable|comes with|includes|supports|good for|great for)\b"
)
NO_FACT = regex.compile(
    r"[吗么嘛?？]$|什么|怎么|^看|^(?:有|好多)?(?:宝宝|姐妹|兄弟|朋友|家人)|你们?(?:看|听|要|想|能看)|我(?:给|先|们|跟|看|今|昨|自己)"
    r"|扣|拍|关注|链接|号|下单|谢谢|别(?:问|催)|最后|多一个"
    r"|\b(?:i|i'm|i've|me|my|us|we|you guys|y'all|people|everybody|somebody|someone|look|watch|thank|okay|chat|follow|tap)\b"
)
OF_A_KIND = regex.compile(r"色|码|\b(?:colou?rs?|sizes?|shades?)\b")
"""Of one colour or size, not of the item."""
LEAD_WORDS = regex.compile(r"(?:[^\s]+\s+){1,4}$|\S+$")
"""Of the words before a price those that are quoted with it."""
