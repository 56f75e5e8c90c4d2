"""How hosts name an item by its number, go on to another, compare, promise for later, and speak to the room."""

from __future__ import annotations

import regex

NUMBER_WORD = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|"
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-]?(?:one|two|three|four|five|six|seven|eight|nine))?"
)
LINK = regex.compile(
    r"(?V1)(?<![\p{N}月第.])(?P<n>\d{1,3}|[零〇一二两三四五六七八九十百]{1,5})\s*(?P<hao>号|\p{Han})"
    r"(?P<chain>\s*(?:小?黄车|连接|链接|恋接|连结))?(?!色|线|楼|电池|店|到|发货|开始|之前|晚|早|凌晨|下午|上午|才|再|左右)"
    r"|(?:链接|连接|号码|编号)\s*(?P<n2>\d{1,3}|[零〇一二两三四五六七八九十百]{1,5})(?![\p{N}块元])"
    r"|第\s*(?P<n3>\d{1,3}|[零〇一二两三四五六七八九十百]{1,5})\s*(?:个链接|号|款链接|个宝贝)"
    rf"|(?<![a-z])(?:number|link|item|no\.?|lot)\s*#?\s*(?P<n4>\d{{1,3}}|{NUMBER_WORD})(?![\w.%])|\#\s*(?P<n5>\d{{1,3}})(?![\w.%])"
)
COMPARES = regex.compile(
    r"比|[跟和][^ ]{1,8}(?:一样|不一样|不同|路子|搭)|相比|不像|配(?=\s*[\d零一二两三四五六七八九十])|除了|要么"
    r"|\b(?:than|unlike|versus|vs|compared|instead of|goes with|pairs with|same as|similar to)\b"
)
LATER = regex.compile(
    r"等下|待会|等会|一会儿?|稍后|后面(?:还|会|再|给|我)|晚点|晚一点|最后(?:给|再|压)|再给你们(?:上|放)|先(?!上|看|来)\p{Han}{0,4}后|穿插"
    r"|点半?(?:再|准时|的时候)?上(?!了)"
    r"|\b(?:later|coming up|in a (?:bit|minute|second|few)|stay tuned|after (?:this|that)"
    r"|towards? the end|tonight at|hold on|i'll (?:do|show|get to)\b.*)\b"
)
ASKED = regex.compile(
    r"(?:宝宝|宝贝|姐妹|兄弟|朋友|家人|哥哥|姐姐|粉丝|好多人|很多人|有人|大家)们?(?:都|还|一直)?(?:在)?(?:问|催|想要|没抢)"
    r"|(?:拍|买|下单|付款)了的(?:姐妹|宝|家人|朋友|兄弟|都|先|不)|\bif you (?:got|bought|ordered|grabbed)\b"
    r"|\b(?:someone|somebody|people|folks|you guys|y'all|everyone)(?:'s)?\s"
    r"(?:is\s|are\s|were\s|was\s|still\s|keep\s|kept\s|just\s)*(?:ask|want)"
)
BEFORE = regex.compile(
    r"刚才|刚刚|上一[个款件]|之前(?:那|的|讲|说)|前面(?:那|的|讲|说)"
    r"|\b(?:earlier|the (?:last|previous) (?:one|item)|before that|I (?:just )?showed)\b"
)
BACK = regex.compile(
    r"返场|返一|再返|回到|再(?:上|来|放|加)一|又补"
    r"|\b(?:back to|by request|bringing back|bring back|one more time|restock just)\b"
)
NEXT = regex.compile(
    r"下一[款个件样组双条]|接下来|接着(?:来|看|上)|来看(?:一下)?(?:这|我们)|(?:再|继续)往下|换一[个款件]"
    r"|(?:先|再|开始|来)上|上(?:链接|车|新)|^来"
    r"|\b(?:first (?:up|one|thing|item)|next (?:one|up|item|we)|up next|moving on|move on|start(?:ing)? with"
    r"|let's (?:do|go|move|jump|talk|get)"
    r"|on to the|switch to|now for)\b"
)
POINTS = regex.compile(r"这[个款条件双套瓶罐只]?$|\b(?:this|these|here's(?: the| that| this)?)(?: \w+)?\s$|^(?:so |okay |and )?the\s$")
OF_SHOP = regex.compile(
    r"关注|欢迎|晚上好|下午好|早上好|大家好|进来的|新来的|点点赞|点赞|分享|灯牌|福袋|抽奖|下播|开播|明晚|明天(?:见|还在)|拜拜|再见|感谢|谢谢|喝口水|专场|粉丝团"
    r"|全场|所有(?:的)?(?:链接|宝贝)"
    r"|哪个链接|什么链接|想要(?:哪|什么)|(?:发货|快递|运费|物流)(?:的话|问题)|(?:快递|发货)默认|都能发|现货|江浙沪|偏远|周[一二三四五六日天]见"
    r"|\b(?:welcome|hi|hello|hey|follow|subscribe|thank(?:s| you)|bye|see you|orders? ships?|shipping|tracking|we ship"
    r"|drink some water|business days|warehouse|hang(?:ing)? out|giveaway|"
    r"good (?:morning|evening|afternoon)|sign(?:ing)? off|tap the heart|share the (?:live|stream))\b"
)
LEAD = regex.compile(
    r"(?:好|来|那|先|再|我们|咱们?|看|上|接着|接下来|然后|嗯|呃|哎|哦|这个|给|大家|家人们|姐妹们|宝宝们|兄弟们|\s)*|.*(?:看|来|上|拍|去|点|是|到)"
    r"|(?:okay|so|and|then|now|this|is|it's|here's|the|um|uh|alright|on|to|we|have|go|grab|get|\s)*"
)
"""What may stand before a number that announces an item."""
