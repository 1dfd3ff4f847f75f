"""The year's budget around the month's figures, and who is paid what in September."""

from dataclasses import dataclass

YEAR = 2025


@dataclass(frozen=True)
class Line:
    """A budget line in fen: the year, what was used to August, and what contracts still hold."""

    account: str
    title: str
    category: str
    annual_fen: int
    used_before_fen: int
    fund: str = "OP"
    assumption: str = ""
    service_standard: str = ""


LINES = (
    Line(
        "5101",
        "项目部人员（7 人，按实列支）",
        "人员",
        540_000_00,
        343_200_00,
        assumption="7 人，月均 4.29 万元，含社保；年底双薪另计",
    ),
    Line(
        "510201",
        "电梯维保 24 台",
        "设施维护",
        100_800_00,
        67_200_00,
        service_standard="每台每月两次，困人 30 分钟内到场",
    ),
    Line(
        "510203",
        "消防维保",
        "设施维护",
        30_000_00,
        20_000_00,
        service_standard="每月巡检一次，每季联动测试",
    ),
    Line("510206", "小修", "设施维护", 72_000_00, 41_250_00, assumption="按前三年均值上浮 5%"),
    Line("510207", "公共用电", "设施维护", 186_000_00, 121_480_55, assumption="近 12 个月实际用量"),
    Line("510208", "公共用水", "设施维护", 24_000_00, 15_473_60, assumption="近 12 个月实际用量"),
    Line(
        "510301",
        "保洁外包",
        "清洁",
        326_400_00,
        217_600_00,
        service_standard="楼道每日一扫、每周一拖",
    ),
    Line("510302", "垃圾清运", "清洁", 50_400_00, 33_600_00, service_standard="日产日清"),
    Line(
        "5104",
        "绿化养护",
        "绿化",
        78_000_00,
        52_000_00,
        service_standard="草坪每月一修，乔木每年一修",
    ),
    Line("5105", "秩序维护外包", "秩序", 561_600_00, 374_400_00, service_standard="三门岗 24 小时"),
    Line("5106", "办公费", "行政", 15_600_00, 10_870_30),
    Line("5108", "公众责任险", "行政", 9_600_00, 6_400_00, assumption="年保费 9,600 元，按月摊销"),
    Line(
        "5201",
        "受托人酬金（固定）",
        "酬金",
        153_600_00,
        102_400_00,
        assumption="合同约定每月 12,800 元",
    ),
    Line("5202", "业主大会与业委会经费", "自治", 18_000_00, 7_420_00),
    Line("5204", "坏账损失", "其他", 9_000_00, 3_200_00, assumption="账龄法"),
    Line("5301", "银行与通道手续费", "其他", 6_600_00, 3_540_20, assumption="线上收款 0.38%"),
    Line("5401", "停车系统（公共收益直接成本）", "公共收益成本", 14_400_00, 9_600_00, fund="PR"),
    Line("5203", "公共收益税费", "公共收益成本", 6_000_00, 3_100_00, fund="PR"),
    Line("5501", "钢丝绳更换（3 台电梯）", "储备项目", 76_000_00, 0, fund="RS"),
)


@dataclass(frozen=True)
class Income:
    account: str
    title: str
    annual_fen: int
    collection_percent: int
    fund: str = "OP"
    assumption: str = ""


INCOME = (
    Income(
        "4301",
        "物业服务费 59,220.00 ㎡ × 2.80 × 12",
        1_989_792_00,
        93,
        assumption="近三年收缴率 92%–95%",
    ),
    Income("4302", "产权车位管理费 220 × 60 × 12", 158_400_00, 95),
    Income("4601", "利息", 750_00, 100),
    Income("310101", "以前年度运营结余", 182_725_89, 100, assumption="经业主大会同意动用的上限"),
    Income("431101", "地面车位包月 150 × 150 × 12", 270_000_00, 95, fund="PR"),
    Income("431102", "临停", 110_000_00, 90, fund="PR"),
    Income("4312", "电梯广告", 86_400_00, 100, fund="PR"),
    Income("4313", "快递柜与基站", 36_000_00, 100, fund="PR"),
    Income("310102", "储备余额", 150_000_00, 60, fund="RS"),
)


@dataclass(frozen=True)
class Contract:
    """A contract whose rest is held on its budget line."""

    vendor: str
    account: str
    title: str
    annual_fen: int
    billed_before_fen: int


CONTRACTS = (
    Contract("security", "5105", "秩序维护服务合同", 561_600_00, 374_400_00),
    Contract("lift", "510201", "电梯维护保养合同", 100_800_00, 67_200_00),
    Contract("repairs", "510206", "单元门与水泵维修合同（四季度）", 9_800_00, 0),
    Contract("lift", "5501", "曳引钢丝绳更换合同", 68_400_00, 0),
)


@dataclass(frozen=True)
class Bill:
    """A vendor's invoice of September, accepted and (when ``pay_on`` is set) paid."""

    no: int
    """The entry of the month's journal that it stands for."""
    vendor: str
    amount_fen: int
    issued_day: int
    account: str
    pay_day: int | None
    memo: str
    fund: str = "OP"
    kind: str = "e_invoice"
    in_contract: bool = False


BILLS = (
    Bill(26, "cleaning", 27_200_00, 12, "510301", 15, "保洁外包 9 月"),
    Bill(27, "lift", 8_400_00, 12, "510201", 15, "电梯维保 24 台 × 350", in_contract=True),
    Bill(28, "fire", 2_500_00, 12, "510203", 16, "消防维保 9 月"),
    Bill(29, "waste", 4_200_00, 15, "510302", 18, "垃圾清运 9 月"),
    Bill(30, "power", 14_862_37, 16, "510207", 19, "公共用电", kind="utility"),
    Bill(31, "water", 1_934_20, 16, "510208", 19, "公共用水", kind="utility"),
    Bill(32, "repairs", 5_386_00, 19, "510206", 23, "3 栋单元门闭门器、6 栋水泵轴承小修"),
    Bill(33, "office", 1_260_50, 22, "5106", 25, "办公耗材与通讯"),
    Bill(34, "barrier", 1_200_00, 22, "5401", 25, "停车道闸系统月服务费", fund="PR"),
    Bill(35, "printing", 1_380_00, 28, "5202", 30, "业主大会表决票印刷及送达"),
    Bill(
        36,
        "security",
        46_800_00,
        30,
        "5105",
        None,
        "秩序维护外包 9 月（10 月付）",
        in_contract=True,
    ),
    Bill(37, "greening", 6_500_00, 30, "5104", None, "绿化养护 9 月（10 月付）"),
)
