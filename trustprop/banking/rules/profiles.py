"""The CSV layouts of banks, as data: which column says what, in which encoding, with which sign.

In these files 借方 (debit) is money that left the account and 贷方 (credit) is money that came: the
bank's side of the books, not ours.
"""

from trustprop.kernel.struct import Fact


class Profile(Fact):
    """One bank's layout. A column may have several names; the first one present counts."""

    name: str
    bank: str
    encodings: tuple[str, ...]
    delimiter: str = ","
    date: tuple[str, ...]
    out: tuple[str, ...] = ()
    """Money out, unsigned."""
    into: tuple[str, ...] = ()
    """Money in, unsigned."""
    amount: tuple[str, ...] = ()
    """One signed column instead: below zero is out."""
    direction: tuple[str, ...] = ()
    """Says the sign where ``amount`` has none."""
    out_words: tuple[str, ...] = ()
    into_words: tuple[str, ...] = ()
    balance: tuple[str, ...]
    name_columns: tuple[str, ...]
    number_columns: tuple[str, ...]
    memo: tuple[str, ...]
    """All of them, joined."""
    reference: tuple[str, ...]
    account: tuple[str, ...] = ()
    """A column with our own number, or the label of one above the table."""
    payer_name: tuple[str, ...] = ()
    """Where both sides are named: the other side is the payer of money in, the payee of money out."""
    payer_number: tuple[str, ...] = ()
    payee_name: tuple[str, ...] = ()
    payee_number: tuple[str, ...] = ()


GBK = ("gb18030", "utf-8-sig")
UTF8 = ("utf-8-sig", "gb18030")

PROFILES: tuple[Profile, ...] = (
    Profile(
        name="ccb",
        bank="中国建设银行",
        encodings=GBK,
        date=("记账日期", "交易日期"),
        out=("借方发生额（支取）", "借方发生额/元(支取)", "借方发生额(支取)"),
        into=("贷方发生额（收入）", "贷方发生额/元(收入)", "贷方发生额(收入)"),
        balance=("余额",),
        name_columns=("对方户名",),
        number_columns=("对方账号",),
        memo=("摘要", "备注"),
        reference=("账户明细编号-交易流水号", "交易流水号"),
        account=("账号",),
    ),
    Profile(
        name="icbc",
        bank="中国工商银行",
        encodings=GBK,
        date=("交易时间", "入账日期"),
        out=("借方发生额", "转出金额"),
        into=("贷方发生额", "转入金额"),
        balance=("余额",),
        name_columns=("对方单位名称", "对方单位"),
        number_columns=("对方账号",),
        memo=("摘要", "用途", "个性化信息"),
        reference=("凭证号",),
        account=("本方账号",),
    ),
    Profile(
        name="abc",
        bank="中国农业银行",
        encodings=GBK,
        date=("交易时间", "交易日期"),
        out=("支出金额",),
        into=("收入金额",),
        balance=("账户余额", "本次余额"),
        name_columns=("对方户名",),
        number_columns=("对方账号",),
        memo=("交易用途", "交易摘要", "交易附言"),
        reference=("日志号", "交易流水号"),
        account=("账号", "账户"),
    ),
    Profile(
        name="boc",
        bank="中国银行",
        encodings=UTF8,
        date=("交易日期[ Transaction Date ]",),
        amount=("交易金额[ Trade Amount ]",),
        direction=("交易类型[ Transaction Type ]",),
        out_words=("往账",),
        into_words=("来账",),
        balance=("交易后余额[ After-transaction balance ]",),
        name_columns=(),
        number_columns=(),
        payer_name=("付款人名称[ Payer's Name ]",),
        payer_number=("付款人账号[ Debit Account No. ]",),
        payee_name=("收款人名称[ Payee's Name ]",),
        payee_number=("收款人账号[ Payee's Account Number ]",),
        memo=("摘要[ Reference ]", "用途[ Purpose ]", "交易附言[ Remark ]"),
        reference=("交易流水号[ Transaction reference number ]",),
        account=("查询账号[ Inquirer account number ]",),
    ),
    Profile(
        name="cmb",
        bank="招商银行",
        encodings=UTF8,
        date=("交易日", "交易日期"),
        out=("借方金额",),
        into=("贷方金额",),
        balance=("余额",),
        name_columns=("收(付)方名称", "收付方名称"),
        number_columns=("收(付)方账号", "收付方账号"),
        memo=("摘要", "用途", "业务摘要", "其它摘要"),
        reference=("流水号", "业务参考号"),
        account=("账号",),
    ),
)
