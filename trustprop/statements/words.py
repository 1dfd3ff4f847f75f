"""What codes are called on paper and on pages, in Chinese and English."""

PARTIES = {
    "trustee": ("受托方", "trustee"),
    "owners": ("业主方", "owners"),
    "supervisor": ("监督方", "supervisor"),
}

OFFICES = {
    "trustee_manager": ("项目经理", "manager"),
    "trustee_bookkeeper": ("会计", "bookkeeper"),
    "committee_director": ("业委会主任", "committee director"),
    "committee_member": ("业委会委员", "committee member"),
    "supervisor": ("监察人", "supervisor"),
    "auditor": ("审计", "auditor"),
}

REVENUE_KINDS = {
    "lift_advertising": ("电梯广告", "lift advertising"),
    "wall_advertising": ("外墙与道闸广告", "wall advertising"),
    "locker": ("快递柜与售水机", "parcel lockers"),
    "stall": ("摊位", "stalls"),
    "charging_site": ("充电桩场地", "charging site"),
    "base_station": ("通信基站", "mast site"),
    "ground_parking": ("地面停车", "ground parking"),
    "other": ("其他", "other"),
}

TIE_OUTS = {
    "cut_off": ("截止：当月应计均已入账", "Cut-off: all of the month is booked"),
    "trial_balance": ("试算平衡：借方合计 = 贷方合计", "Trial balance: debits = credits"),
    "fund_balances": ("每个基金各自平衡", "Every fund balances by itself"),
    "three_way": ("三方核对：调节后银行 = 账面 = 基金", "Three-way: adjusted bank = books = funds"),
    "channel_in_transit": ("支付通道在途 = 未到账结算", "Channel in transit = settlements due"),
    "receivables": ("应收余额 = 各户台账合计", "Receivables = sum of the homes' ledgers"),
    "agency": ("代管资金：现金 = 负债", "Held for others: cash = liabilities"),
    "budget_actuals": ("预算已用 = 账面支出", "Budget used = expense in the books"),
    "alarms": ("没有未处理的银行警报", "No open alarm at the bank"),
    "previous_month": ("上月已结账", "The month before is closed"),
    "integrity": ("账本完整性检查无异常", "Integrity checks of the books find nothing"),
}

KINDS = {
    "opening": ("期初余额", "opening balances"),
    "voucher": ("记账凭证", "voucher"),
    "invoice": ("发票", "invoice"),
    "payment": ("付款", "payment"),
    "charge": ("应收", "charge"),
    "receipt": ("收款", "receipt"),
    "transfer": ("基金划转", "transfer between funds"),
    "remuneration": ("受托人酬金", "remuneration"),
    "reversal": ("冲销", "reversal"),
    "bank": ("银行记账", "bank"),
}

TARGETS = {
    "statement": ("月度报告", "a statement"),
    "entry": ("分录", "an entry"),
    "payment_order": ("付款单", "a payment order"),
    "invoice": ("发票", "an invoice"),
    "budget": ("预算", "the budget"),
    "resolution": ("决议", "a resolution"),
}
