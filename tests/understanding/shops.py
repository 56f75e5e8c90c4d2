"""Made-up shops of several trades and languages, and comments of their rooms with the items that they mean. Written by a language model."""

from __future__ import annotations

from typing import NamedTuple

from streamrec.events.types import Item


class Said(NamedTuple):
    """A comment, its intents, the places on the shelf (from 1) that it means, and those that it refuses."""

    text: str
    intents: str
    means: tuple[int, ...] = ()
    refuses: tuple[int, ...] = ()


class Shop(NamedTuple):
    """Items by place; what is on air, what was shown before it (newest first), the host's last words, and comments."""

    items: list[Item]
    on_air: int
    shown: tuple[int, ...]
    said: str
    comments: list[Said]


def _item(place: int, title: str, category: str, brand: str = "", **attributes: str) -> Item:
    return Item(
        item_id=f"i{place}", title=title, category=category, brand=brand or None, price=10.0, currency="CNY", attributes=dict(attributes)
    )


def _items(*rows: tuple[str, str, str, dict[str, str]]) -> list[Item]:
    return [_item(place, title, category, brand, **attributes) for place, (title, category, brand, attributes) in enumerate(rows, 1)]


CLOTHES = Shop(
    _items(
        ("芊语2025春款法式碎花连衣裙女收腰显瘦茶歇裙V领雪纺长裙", "连衣裙", "芊语", {"颜色": "杏色、雾蓝", "尺码": "S-XL"}),
        ("北岭90白鹅绒羽绒服女短款轻薄加厚冬季保暖外套", "羽绒服", "北岭", {"颜色": "黑、米白", "充绒量": "120g"}),
        ("素衣坊纯棉基础款短袖T恤女宽松百搭圆领打底衫", "T恤", "素衣坊", {"颜色": "白、黑、灰"}),
        ("高腰直筒牛仔裤女显瘦小个子九分烟管裤春秋薄款", "牛仔裤", "丹宁社", {"颜色": "浅蓝、深蓝"}),
        ("山羊绒围巾女冬季纯色百搭加厚披肩礼盒装", "围巾", "牧雪", {"颜色": "驼色、酒红"}),
        ("云朵软底拖鞋女居家防滑静音踩屎感EVA凉拖", "拖鞋", "云步", {"颜色": "粉、奶黄"}),
        ("北岭三合一冲锋衣男女户外防风防水登山服可拆卸内胆", "冲锋衣", "北岭", {"颜色": "军绿、黑"}),
        ("小香风粗花呢外套女短款名媛气质圆领金扣上衣", "外套", "芊语", {"颜色": "米白、黑"}),
        ("磨毛格子衬衫男长袖加绒保暖商务休闲", "衬衫", "川木", {"颜色": "红格、蓝格"}),
        ("新疆长绒棉中筒袜男女防臭吸汗运动袜10双装", "袜子", "素衣坊", {"颜色": "混色"}),
        ("轻奢羊皮链条包小众单肩斜挎菱格包包", "女包", "沐光", {"颜色": "黑、奶白"}),
        ("复古棒球帽男女软顶刺绣鸭舌帽遮阳", "帽子", "街巷", {"颜色": "卡其、藏青"}),
    ),
    1,
    (2, 5),
    "这条裙子是收腰的 显瘦 一百五十九 要的扣一",
    [
        Said("多少钱呀", "ask_price", (1,)),
        Said("羽绒服还有黑色吗", "ask_stock", (2,)),
        Said("羽.绒.服 能不能再看看", "ask_show", (2,)),
        Said("羽戎服多少钱", "ask_price", (2,)),
        Said("yurongfu 有m码吗", "ask_size", (2,)),
        Said("不想要羽绒服", "other", (), (2,)),
        Said("不要裙子 要牛仔裤", "want", (4,), (1,)),
        Said("刚才那件还有吗", "ask_stock", (2,)),
        Said("刚刚那条围巾什么颜色", "ask_quality", (5,)),
        Said("围巾拍了", "want", (5,)),
        Said("3号链接有白色吗", "ask_stock", (3,)),
        Said("要十一号", "want", (11,)),
        Said("包包好看", "praise", (11,)),
        Said("小拖鞋几号发货", "ask_delivery", (6,)),
        Said("第九个加绒吗", "ask_quality", (9,)),
        Said("T恤会不会透", "ask_quality", (3,)),
        Said("ｔ恤起球吗", "ask_quality", (3,)),
        Said("北岭的冲锋衣防水吗", "ask_quality", (7,)),
        Said("衝鋒衣還有貨嗎", "ask_stock", (7,)),
        Said("裙子配什么外套好看", "ask_quality", (1,)),
        Said("搭牛仔裤可以吗", "ask_quality", (1,)),
        Said("158穿多大的", "ask_size", (1,)),
        Said("1", "want", (1,)),
        Said("12月3号能到货吗", "ask_delivery", (1,)),
        Said("21号色有吗", "ask_stock", (1,)),
        Said("不要杏色 要雾蓝的", "want", (1,)),
        Said("不要1号 要2号", "want", (2,), (1,)),
        Said("要不要配条围巾啊", "other", ()),
        Said("袜子不要了 太薄", "complaint", (), (10,)),
        Said("帽子和围巾一起买有优惠吗", "ask_price", (12, 5)),
        Said("跟2号比哪个暖和", "ask_quality", (2, 1)),
        Said("主播今天好美", "other"),
        Said("哈哈哈哈哈哈哈", "other"),
        Said("加薇信领衣服", "spam"),
        Said("我住3号楼 快递放门口", "other"),
        Said("晚上好", "greeting"),
        Said("退款到哪一步了 客服不理人", "complaint"),
        Said("主播辛苦了", "praise"),
        Said("你家猫好可爱", "other"),
        Said("666", "other"),
        Said("五月三号开学", "other"),
    ],
)
COSMETICS = Shop(
    _items(
        ("Velvet Matte Lipstick Long Lasting Waterproof Lip Color Rosewood", "Makeup", "Lunelle", {"shade": "rosewood, coral, nude"}),
        ("Hydrating Sunscreen SPF 50 PA++++ No White Cast Face 50ml", "Skincare", "Soleia", {"size": "50 ml"}),
        ("10% Niacinamide Serum for Oily Skin Pore Minimizing 30ml", "Skincare", "Derma Lab", {"size": "30 ml"}),
        ("24 Shade Eyeshadow Palette Shimmer and Matte with Mirror", "Makeup", "Lunelle", {"shades": "24"}),
        ("Clay Face Mask Pack Deep Cleansing Volcanic 100g", "Skincare", "Derma Lab", {"size": "100 g"}),
        ("Gentle Foaming Cleanser Amino Acid Fragrance Free", "Skincare", "Soleia", {"size": "120 ml"}),
        ("Volume Mascara Smudge Proof Curling Black", "Makeup", "Lunelle", {"color": "black"}),
        ("Rose Eau de Parfum for Women Floral Perfume Spray", "Fragrance", "Maison Orée", {"size": "75 ml"}),
    ),
    3,
    (1, 2),
    "this serum is ten percent niacinamide eighteen dollars comment one if you want it",
    [
        Said("how much is it?", "ask_price", (3,)),
        Said("is the lipstick drying", "ask_quality", (1,)),
        Said("need the sunscren", "want", (2,)),
        Said("two lipsticks please", "want", (1,)),
        Said("not the mask, the cleanser please", "want", (6,), (5,)),
        Said("I don't want the mascara", "other", (), (7,)),
        Said("the last one was so pretty", "praise", (1,)),
        Said("number 4 please", "want", (4,)),
        Said("does the perfume last", "ask_quality", (8,)),
        Said("#8 in my cart", "want", (8,)),
        Said("can i use it with my retinol", "ask_quality", (3,)),
        Said("this broke me out", "complaint", (3,)),
        Said("what time do you finish?", "other"),
        Said("hi from manila", "greeting"),
        Said("where's my order #40312", "complaint"),
        Said("do you ship to canada", "ask_delivery"),
        Said("lol same", "other"),
        Said("you are so funny", "praise"),
        Said("is the palette back in stock", "ask_stock", (4,)),
        Said("my dog just barked at you", "other"),
        Said("it's 3 am here", "other"),
        Said("cuánto cuesta el labial", "ask_price", (1,)),
        Said("quiero el número ocho", "want", (8,)),
        Said("no quiero la mascarilla", "other", (), (5,)),
        Said("el protector solar mancha?", "ask_quality", (2,)),
        Said("son môi này có lâu trôi không", "ask_quality", (1,)),
        Said("không lấy nước hoa", "other", (), (8,)),
        Said("chốt số 2 nha shop", "want", (2,)),
        Said("sữa rửa mặt bao nhiêu tiền", "ask_price", (6,)),
    ],
)
TOYS = Shop(
    _items(
        ("乐拼城市系列消防车积木拼装玩具男孩6岁以上520颗粒", "积木", "乐拼城", {"颗粒": "520"}),
        ("毛绒玩具小熊公仔抱枕睡觉娃娃可爱大号1.2米", "毛绒玩具", "绒绒", {"颜色": "棕、白"}),
        ("遥控车越野四驱攀爬车儿童充电漂移赛车", "遥控车", "疾风", {"电池": "1200mAh"}),
        ("儿童绘本3-6岁幼儿园情绪管理故事书全10册", "绘本", "树洞", {}),
        ("泡泡机全自动手持加特林电动儿童户外玩具", "泡泡机", "疾风", {"颜色": "粉、蓝"}),
        ("磁力片积木儿童早教益智拼图玩具100片", "积木", "拼拼乐", {"数量": "100片"}),
        ("婴儿推车轻便可折叠可坐可躺高景观", "婴儿车", "小象", {"重量": "6.8kg"}),
    ),
    3,
    (1, 2),
    "这个遥控车充一次电能跑四十分钟 八十九块九",
    [
        Said("能跑多久啊", "ask_quality", (3,)),
        Said("小熊好可爱", "praise", (2,)),
        Said("绘本适合几岁", "ask_quality", (4,)),
        Said("泡泡机要粉色的", "want", (5,)),
        Said("推车能上飞机吗", "ask_quality", (7,)),
        Said("磁力片的那个多少钱", "ask_price", (6,)),
        Said("消防车那个还有吗", "ask_stock", (1,)),
        Said("89.9还可以", "other", (3,)),
        Said("我家娃有三个遥控车了 不要了", "other", (), (3,)),
        Said("疾风的泡泡机好用吗", "ask_quality", (5,)),
        Said("我儿子6岁了", "other"),
        Said("娃睡了来看看", "other"),
        Said("上一个多少钱来着", "ask_price", (1,)),
        Said("⑦号能坐吗", "ask_quality", (7,)),
        Said("泡袍机还有没", "ask_stock", (5,)),
    ],
)
PHONES = Shop(
    _items(
        ("Funda de silicona para iPhone 15 antigolpes con cámara protegida", "Fundas", "Kora", {"color": "negro, lila"}),
        ("Auriculares inalámbricos Bluetooth con cancelación de ruido", "Audio", "Sonix", {"color": "blanco"}),
        ("Cargador portátil 20000 mAh carga rápida", "Cargadores", "Voltia", {"color": "negro"}),
        ("Reloj inteligente mujer con monitor de sueño", "Relojes", "Kora", {"color": "rosa"}),
        ("Ốp lưng chống sốc trong suốt cho Samsung", "Phụ kiện", "Vina", {}),
        ("หูฟังไร้สายบลูทูธ เบสแน่น", "หูฟัง", "Siam", {}),
        ("वायरलेस माउस लैपटॉप के लिए", "कंप्यूटर", "Desi", {}),
        ("سماعة بلوتوث مع علبة شحن", "إلكترونيات", "Noor", {}),
    ),
    2,
    (4,),
    "los auriculares están en oferta",
    [
        Said("cuánto cuestan", "ask_price", (2,)),
        Said("la funda viene en lila?", "ask_stock", (1,)),
        Said("quiero el reloj", "want", (4,)),
        Said("no quiero el cargador", "other", (), (3,)),
        Said("el anterior es bonito", "praise", (4,)),
        Said("hacen envíos a Perú?", "ask_delivery"),
        Said("hola a todos", "greeting"),
        Said("ốp lưng giá bao nhiêu", "ask_price", (5,)),
        Said("op lung con hang khong", "ask_stock", (5,)),
        Said("माउस का दाम क्या है", "ask_price", (7,)),
        Said("माउस नहीं चाहिए", "other", (), (7,)),
        Said("नंबर 3 चाहिए", "want", (3,)),
        Said("ไม่เอาหูฟัง", "other", (), (2,)),
        Said("เบอร์ 5 ราคาเท่าไหร่", "ask_price", (5,)),
        Said("كم سعر السماعة", "ask_price", (2,)),
        Said("رقم ٨ بكم", "ask_price", (8,)),
        Said("لا أريد السماعة", "other", (), (2,)),
        Said("बहुत अच्छा", "praise", (2,)),
        Said("สวัสดีค่ะ", "greeting"),
    ],
)
SHOPS = {"clothes": CLOTHES, "cosmetics": COSMETICS, "toys": TOYS, "phones": PHONES}
