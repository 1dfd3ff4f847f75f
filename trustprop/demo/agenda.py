"""What the annual meeting decides: next year's budget, two businesses, a clause, a committee."""

from dataclasses import dataclass

from trustprop.demo.plan import Income, Line

YEAR = 2026

LINES = (
    Line(
        "5101",
        "项目部人员（7 人，按实列支）",
        "人员",
        552_000_00,
        0,
        assumption="7 人，含社保，较上年增 2.2%",
    ),
    Line(
        "510201",
        "电梯维保 24 台",
        "设施维护",
        100_800_00,
        0,
        service_standard="每台每月两次，困人 30 分钟内到场",
    ),
    Line(
        "510202", "电梯年检 24 台", "设施维护", 14_400_00, 0, assumption="每台 600 元，一月集中检验"
    ),
    Line(
        "510203",
        "消防维保",
        "设施维护",
        30_000_00,
        0,
        service_standard="每月巡检一次，每季联动测试",
    ),
    Line("510206", "小修", "设施维护", 74_000_00, 0, assumption="前三年均值上浮 3%"),
    Line(
        "510207", "公共用电", "设施维护", 180_000_00, 0, assumption="地库换感应灯后的 12 个月用量"
    ),
    Line("510208", "公共用水", "设施维护", 24_000_00, 0, assumption="近 12 个月实际用量"),
    Line("510301", "保洁外包", "清洁", 326_400_00, 0, service_standard="楼道每日一扫、每周一拖"),
    Line("510302", "垃圾清运", "清洁", 50_400_00, 0, service_standard="日产日清"),
    Line("510304", "消杀", "清洁", 6_000_00, 0, service_standard="每季一次，夏季每月一次"),
    Line("5104", "绿化养护", "绿化", 78_000_00, 0, service_standard="草坪每月一修，乔木每年一修"),
    Line("5105", "秩序维护外包", "秩序", 561_600_00, 0, service_standard="三门岗 24 小时"),
    Line("5106", "办公费", "行政", 15_600_00, 0),
    Line("5108", "公众责任险", "行政", 9_600_00, 0, assumption="年保费 9,600 元，按月摊销"),
    Line("5201", "受托人酬金（固定）", "酬金", 153_600_00, 0, assumption="合同约定每月 12,800 元"),
    Line("5202", "业主大会与业委会经费", "自治", 12_000_00, 0),
    Line("5204", "坏账损失", "其他", 6_000_00, 0, assumption="账龄法"),
    Line("5301", "银行与通道手续费", "其他", 6_600_00, 0, assumption="线上收款 0.38%"),
    Line("5401", "停车系统（公共收益直接成本）", "公共收益成本", 14_400_00, 0, fund="PR"),
    Line("5203", "公共收益税费", "公共收益成本", 6_400_00, 0, fund="PR"),
    Line(
        "5501",
        "钢丝绳更换（5 台电梯）",
        "储备项目",
        114_000_00,
        0,
        fund="RS",
        assumption="每台 22,800 元",
    ),
)

INCOME = (
    Income(
        "4301",
        "物业服务费 59,220.00 ㎡ × 2.80 × 12",
        1_989_792_00,
        94,
        assumption="2025 年 1–9 月收缴率 94.6%",
    ),
    Income("4302", "产权车位管理费 220 × 60 × 12", 158_400_00, 95),
    Income("4601", "利息", 600_00, 100),
    Income("310101", "以前年度运营结余", 180_000_00, 100, assumption="经业主大会同意动用的上限"),
    Income("431101", "地面车位包月 150 × 150 × 12", 270_000_00, 95, fund="PR"),
    Income("431102", "临停", 115_000_00, 90, fund="PR"),
    Income(
        "4312",
        "电梯广告 24 台 × 2 框 × 160 × 12",
        92_160_00,
        100,
        fund="PR",
        assumption="以本次大会同意的合同为准",
    ),
    Income("310102", "储备余额", 190_000_00, 60, fund="RS"),
)

ADS_YEARS = 2
ADS_FEN = 24 * 2 * 160_00 * 12 * ADS_YEARS
"""24 lifts with two frames each at ¥160.00 a month."""
ADVERTISER = "映象传媒有限公司（示例）"

COMMENTS = (
    (
        "510207",
        "换灯以后电费为什么只少 3%？",
        "一季度仍按旧灯计，二季度起每月约省 700 元；逐月公布。",
    ),
    ("5501", "钢丝绳为什么不用专项维修资金？", "业主大会 2024 年决定从指定储备列支；结算后公布。"),
    ("5101", "人员费用上涨的依据是什么？", "社保基数调整 2.2%，岗位和人数不变。"),
)
"""Line, what an owner asks during the consultation, and the answer."""


@dataclass(frozen=True)
class Motion:
    """A motion in its six elements (动议六要素), and how the made-up owners feel about it."""

    key: str
    matter: str
    title: str
    decision: str
    when: str
    where: str
    who: str
    resources: str
    action: str
    result: str


BUDGET = Motion(
    "budget",
    "budget",
    f"{YEAR} 年度开放式预算",
    f"通过 {YEAR} 年度开放式预算：支出 2,335,800.00 元，分 21 个预算行；无预算不支出。",
    when=f"{YEAR} 年 1 月 1 日至 12 月 31 日",
    where="全小区共有部分",
    who="受托人按预算执行，业主委员会逐笔复核，双方签署",
    resources="物业服务费、车位管理费、公共收益及经同意动用的结余，预期收入按收缴率折算",
    action="按预算行支出，每月公布执行情况",
    result="收支平衡，服务标准不低于 2025 年",
)
ADS = Motion(
    "ads",
    "common_part_business",
    "电梯轿厢广告合同",
    f"同意与{ADVERTISER}签订两年电梯轿厢广告合同，合同额 184,320.00 元，收益归全体业主。",
    when=f"{YEAR} 年 1 月 1 日至 {YEAR + 1} 年 12 月 31 日",
    where="12 栋 24 台电梯轿厢，每台两框",
    who="受托人签约收款，业主委员会监督",
    resources="不需支出；画框由广告公司出资安装和维护",
    action="每季度首月 15 日前预收，入公共收益专户",
    result="每年增加公共收益 92,160.00 元，其中一半划入储备",
)
CLAUSE = Motion(
    "clause",
    "governing_text",
    "修改信托制物业服务合同第 13 条",
    "同类别预算行之间的调剂上限由原预算的 10% 提高到 15%。",
    when=f"{YEAR} 年 1 月 1 日起",
    where="《信托制物业服务合同》第 13 条",
    who="受托人提出、业主委员会会签，双方签署后生效",
    resources="不增加预算总额",
    action="修改条款并公布新旧对照",
    result="小额余缺不必召开临时大会",
)
COMMITTEE = Motion(
    "committee",
    "mandate",
    "选举第二届业主委员会",
    "从九名候选人中选举业主委员会委员七名，任期三年。",
    when="决议生效之日起三年",
    where="本小区",
    who="候选人九名，均为本小区业主",
    resources="委员不领取报酬，办公经费列入预算",
    action="无记名投票，逐人计票",
    result="七个席位；未过半数者不当选，席位空缺",
)
STALLS = Motion(
    "stalls",
    "common_part_business",
    "中心广场夜间摊位",
    "同意在中心广场设夜间摊位 8 个，每个每月 600 元，收益归全体业主。",
    when=f"{YEAR} 年 5 月 1 日至 10 月 31 日，每晚 18 时至 22 时",
    where="3 栋与 4 栋之间的中心广场",
    who="受托人招租和清洁，业主委员会抽查",
    resources="水电改造 6,000.00 元从公共收益列支",
    action="公开招租，一月一结",
    result="六个月增加公共收益 28,800.00 元",
)
MOTIONS = (BUDGET, ADS, CLAUSE, COMMITTEE, STALLS)

SEATS = 7
CANDIDATES = 9
TERM = ("2025-12-10", "2028-12-09")
