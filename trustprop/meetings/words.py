"""What the papers call things, in Chinese and English."""

TITLES = {
    "notice": ("会议通知", "Notice of the owners' meeting"),
    "agenda": ("会议议程", "Agenda"),
    "motions": ("动议卡", "Motions"),
    "roll": ("业主名册", "Roll of owners"),
    "proxy": ("授权委托书", "Power of attorney"),
    "ballots": ("表决票", "Ballot"),
    "deliveries": ("送达登记表", "Delivery register"),
    "count-sheet": ("计票单", "Count sheet"),
    "minutes": ("会议记录", "Minutes"),
    "decisions": ("业主大会决定公告", "Decisions of the owners' meeting"),
    "filing": ("备案函", "Filing letter"),
    "certificate": ("计票结果证书", "Tally certificate"),
}

FORMS = {
    "assembly": ("集体讨论后投票", "a meeting, then ballots"),
    "written": ("书面征求意见", "written consultation"),
    "online": ("互联网方式，另备纸质票", "online, with paper for whoever wants it"),
}

METHODS = {
    "hand": ("当面送达", "by hand"),
    "post": ("邮寄", "by post"),
    "electronic": ("电子送达", "electronic"),
    "posting": ("公告送达", "by posting"),
}

FRACTIONS = {
    (2, 3, False): ("三分之二以上", "two thirds or more"),
    (3, 4, False): ("四分之三以上", "three quarters or more"),
    (1, 2, True): ("过半数", "more than half"),
    (1, 1, False): ("全体", "every one"),
}
"""Numerator, denominator, strictly more."""

SHARES = {
    (2, 3, False): ("三分之二", "two thirds"),
    (3, 4, False): ("四分之三", "three quarters"),
    (1, 2, True): ("一半，且须超过", "more than half"),
    (1, 1, False): ("全部", "all"),
}
"""The same as a part of a figure."""
