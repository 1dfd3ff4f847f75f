"""The books: one row that orders a compound's money, an append-only journal and its Merkle tree.

The role that serves requests reads everything here and writes none of the journal: it may only call
the functions below. They run as the owner of the schema, so each first makes sure that the compound
is the one of the session. A refusal has SQLSTATE TP001, its code as message and its facts as JSON
in the detail.
"""

from migrations.tools import SERVING, script, tenant

revision = "0007_ledger"
down_revision = "0006_meetings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script(TABLES)
    tenant("books", "SELECT")
    tenant("account", "SELECT, INSERT, UPDATE (is_open)")
    tenant("ledger_fund", "SELECT, INSERT, UPDATE (is_open)")
    tenant("period", "SELECT", append_only=True)
    tenant("entry", "SELECT", append_only=True)
    tenant("entry_line", "SELECT", append_only=True)
    tenant("tree_node", "SELECT", append_only=True)
    tenant("period_balance", "SELECT", append_only=True)
    tenant("balance", "SELECT")
    tenant("turnover", "SELECT")
    tenant("subledger_balance", "SELECT")
    script(BYTES)
    script(GUARDS)
    script(BOOKS)
    script(POST)
    for function in ("ledger_lock(uuid)", "ledger_open_books(uuid, date)", CLOSE, POST_SIGNATURE):
        script(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        script(f"GRANT EXECUTE ON FUNCTION {function} TO {SERVING}")


CLOSE = "ledger_close_period(uuid, integer, timestamptz)"
POST_SIGNATURE = (
    "ledger_post(uuid, timestamptz, uuid[], text[], date[], text[], bytea[], text[], uuid[], uuid[], "
    "uuid[], uuid[], bytea[], integer[], integer[], bytea[], text[], text[], bigint[], uuid[], uuid[], "
    "text[], text[])"
)

# Rows that every entry changes stand in pages left nearly empty: old versions are then pruned soon, and
# no reader walks a long chain of them.
TABLES = """
CREATE TABLE books (
    compound_id uuid NOT NULL,
    tree_size bigint NOT NULL,
    frontier bytea[] NOT NULL,
    opened_on date NOT NULL,
    closed_through integer NOT NULL,
    CONSTRAINT pk_books PRIMARY KEY (compound_id)
) WITH (fillfactor = 10);

CREATE TABLE account (
    compound_id uuid NOT NULL,
    code text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    side text NOT NULL,
    cannot_go_below_zero boolean NOT NULL,
    keeps_subledger boolean NOT NULL,
    is_open boolean NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (compound_id, code),
    CONSTRAINT ck_account_code CHECK (code ~ '^[1-59][0-9]{3}([0-9]{2}){0,3}$'),
    CONSTRAINT ck_account_side CHECK (side IN ('debit', 'credit')),
    CONSTRAINT ck_account_cash
        CHECK (left(code, 4) NOT IN ('1001', '1002') OR (side = 'debit' AND cannot_go_below_zero))
);

CREATE TABLE ledger_fund (
    compound_id uuid NOT NULL,
    fund text NOT NULL,
    is_restricted boolean NOT NULL,
    is_open boolean NOT NULL,
    CONSTRAINT pk_ledger_fund PRIMARY KEY (compound_id, fund),
    CONSTRAINT ck_ledger_fund_code CHECK (fund ~ '^[A-Z][A-Z0-9-]{0,15}$')
);

CREATE TABLE period (
    compound_id uuid NOT NULL,
    period integer NOT NULL,
    closed_at timestamptz NOT NULL,
    tree_size bigint NOT NULL,
    root bytea NOT NULL,
    CONSTRAINT pk_period PRIMARY KEY (compound_id, period)
);

CREATE TABLE entry (
    compound_id uuid NOT NULL,
    number bigint NOT NULL,
    entry_id uuid NOT NULL,
    kind text NOT NULL,
    accounting_on date NOT NULL,
    period integer NOT NULL,
    recorded_at timestamptz NOT NULL,
    memo text NOT NULL,
    memo_salt bytea NOT NULL,
    source_kind text NOT NULL,
    source_id uuid NOT NULL,
    act_id uuid,
    resolution_id uuid,
    reverses_entry_id uuid,
    evidence bytea[] NOT NULL,
    leaf_hash bytea NOT NULL,
    CONSTRAINT pk_entry PRIMARY KEY (compound_id, number),
    CONSTRAINT uq_entry_entry_id UNIQUE (compound_id, entry_id),
    CONSTRAINT ck_entry_number CHECK (number > 0),
    CONSTRAINT ck_entry_kind CHECK (kind IN ('opening', 'voucher', 'invoice', 'payment', 'charge',
        'receipt', 'transfer', 'remuneration', 'reversal', 'bank')),
    CONSTRAINT ck_entry_act CHECK (kind NOT IN ('opening', 'payment') OR act_id IS NOT NULL),
    CONSTRAINT ck_entry_resolution CHECK (kind <> 'transfer' OR resolution_id IS NOT NULL),
    CONSTRAINT ck_entry_reversal CHECK ((kind = 'reversal') = (reverses_entry_id IS NOT NULL))
);
CREATE UNIQUE INDEX uq_entry_reverses ON entry (compound_id, reverses_entry_id)
    WHERE reverses_entry_id IS NOT NULL;
CREATE INDEX ix_entry_accounting_on ON entry (compound_id, accounting_on, number);

CREATE TABLE entry_line (
    compound_id uuid NOT NULL,
    number bigint NOT NULL,
    line integer NOT NULL,
    account text NOT NULL,
    fund text NOT NULL,
    debit_fen bigint NOT NULL,
    credit_fen bigint NOT NULL,
    budget_line_id uuid,
    counterparty_id uuid,
    scope text NOT NULL,
    project text NOT NULL,
    CONSTRAINT pk_entry_line PRIMARY KEY (compound_id, number, line),
    CONSTRAINT ck_entry_line_one_side CHECK (debit_fen >= 0 AND credit_fen >= 0
        AND (debit_fen = 0) <> (credit_fen = 0)),
    CONSTRAINT ck_entry_line_amount CHECK (debit_fen + credit_fen <= 1000000000000000)
);
CREATE INDEX ix_entry_line_account ON entry_line (compound_id, account, number);
CREATE INDEX ix_entry_line_counterparty ON entry_line (compound_id, counterparty_id, number)
    WHERE counterparty_id IS NOT NULL;

CREATE TABLE balance (
    compound_id uuid NOT NULL,
    fund text NOT NULL,
    account text NOT NULL,
    balance_fen bigint NOT NULL,
    CONSTRAINT pk_balance PRIMARY KEY (compound_id, fund, account)
) WITH (fillfactor = 25);

CREATE TABLE turnover (
    compound_id uuid NOT NULL,
    period integer NOT NULL,
    fund text NOT NULL,
    account text NOT NULL,
    debit_fen bigint NOT NULL,
    credit_fen bigint NOT NULL,
    CONSTRAINT pk_turnover PRIMARY KEY (compound_id, period, fund, account)
) WITH (fillfactor = 25);

CREATE TABLE subledger_balance (
    compound_id uuid NOT NULL,
    account text NOT NULL,
    fund text NOT NULL,
    counterparty_id uuid NOT NULL,
    balance_fen bigint NOT NULL,
    CONSTRAINT pk_subledger_balance PRIMARY KEY (compound_id, account, fund, counterparty_id)
) WITH (fillfactor = 80);

CREATE TABLE period_balance (
    compound_id uuid NOT NULL,
    period integer NOT NULL,
    fund text NOT NULL,
    account text NOT NULL,
    balance_fen bigint NOT NULL,
    CONSTRAINT pk_period_balance PRIMARY KEY (compound_id, period, fund, account)
);

CREATE TABLE tree_node (
    compound_id uuid NOT NULL,
    level integer NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT pk_tree_node PRIMARY KEY (compound_id, level, index)
);
"""

# The canonical bytes of trustprop/ledger/rules/leaf.py. Single expressions that use their arguments
# as they are, so that the planner writes them out in the query instead of calling them.
BYTES = r"""
CREATE FUNCTION ledger_line_bytes(
    memo_salt bytea, line integer, account text, fund text, signed_fen bigint, budget_line_id uuid,
    counterparty_id uuid, scope text, project text
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT int8send(signed_fen)
        || int4send(octet_length(account)) || convert_to(account, 'UTF8')
        || int4send(octet_length(fund)) || convert_to(fund, 'UTF8')
        || CASE WHEN budget_line_id IS NULL THEN '\x00000000'::bytea
                ELSE '\x00000010'::bytea || uuid_send(budget_line_id) END
        || CASE WHEN counterparty_id IS NULL THEN '\x00000000'::bytea
                ELSE '\x00000020'::bytea || sha256(
                    sha256(memo_salt || 'line'::bytea || int4send(line)) || uuid_send(counterparty_id)
                ) END
        || int4send(octet_length(scope)) || convert_to(scope, 'UTF8')
        || int4send(octet_length(project)) || convert_to(project, 'UTF8')
$$;

CREATE FUNCTION ledger_leaf_hash(
    compound_id uuid, entry_id uuid, recorded_at timestamptz, accounting_on date, memo text,
    memo_salt bytea, kind text, source_kind text, source_id uuid, act_id uuid, resolution_id uuid,
    reverses_entry_id uuid, evidence bytea, line_count integer, line_bytes bytea
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256('\x0054504531'::bytea
        || uuid_send(compound_id) || uuid_send(entry_id)
        || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint)
        || int4send(accounting_on - DATE '1970-01-01')
        || sha256(sha256(memo_salt || 'memo'::bytea) || convert_to(memo, 'UTF8'))
        || int4send(octet_length(kind)) || convert_to(kind, 'UTF8')
        || int4send(octet_length(source_kind)) || convert_to(source_kind, 'UTF8')
        || '\x00000010'::bytea || uuid_send(source_id)
        || CASE WHEN act_id IS NULL THEN '\x00000000'::bytea
                ELSE '\x00000010'::bytea || uuid_send(act_id) END
        || CASE WHEN resolution_id IS NULL THEN '\x00000000'::bytea
                ELSE '\x00000010'::bytea || uuid_send(resolution_id) END
        || CASE WHEN reverses_entry_id IS NULL THEN '\x00000000'::bytea
                ELSE '\x00000010'::bytea || uuid_send(reverses_entry_id) END
        || int4send(octet_length(evidence)) || evidence
        || int4send(line_count) || line_bytes)
$$;
"""

GUARDS = r"""
CREATE FUNCTION ledger_refuse(code text, facts jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', code USING ERRCODE = 'TP001', DETAIL = facts::text;
END $$;

-- Lines join the journal with their entry, before the books count it, and never later; (an entry that
-- the books count already has its number.) Whatever one statement adds balances in every fund of every
-- entry, and lines never change or go, so the journal balances after every statement.
CREATE FUNCTION ledger_check_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_wrong record;
BEGIN
    SELECT a.fund, sum(a.debit_fen) AS debit_fen, sum(a.credit_fen) AS credit_fen,
        bool_or(b.tree_size IS NULL OR a.number <= b.tree_size) AS is_late
    INTO v_wrong
    FROM added a
    LEFT JOIN books b ON b.compound_id = a.compound_id
    GROUP BY a.compound_id, a.number, a.fund
    HAVING sum(a.debit_fen) <> sum(a.credit_fen)
        OR bool_or(b.tree_size IS NULL OR a.number <= b.tree_size)
    ORDER BY is_late DESC
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF v_wrong.is_late THEN
        RAISE EXCEPTION 'lines are added to new entries only' USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM ledger_refuse('entry-unbalanced', to_jsonb(v_wrong) - 'is_late');
    RETURN NULL;
END $$;

CREATE TRIGGER entry_line_witness AFTER INSERT ON entry_line REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_lines();

-- Whatever the services believe: an entry that rests on an act is there only when two persons of both
-- parties have signed that act, of a kind and about a subject that fit, and a payment takes out the
-- amount that they signed; a transfer rests on a resolution that is in force.
CREATE FUNCTION ledger_check_witnesses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.act_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM act a
        WHERE a.compound_id = NEW.compound_id AND a.act_id = NEW.act_id AND a.state = 'signed'
            AND a.kind = ANY (CASE NEW.kind
                WHEN 'opening' THEN ARRAY['opening-balances']
                ELSE ARRAY['payment-order', 'alarm-clearance'] END)
            AND a.subject_id IN (NEW.entry_id, NEW.reverses_entry_id)
            AND (
                SELECT count(DISTINCT s.person_id) > 1 AND count(DISTINCT s.party) > 1
                FROM act_signature s
                WHERE s.compound_id = a.compound_id AND s.act_id = a.act_id AND s.version = a.version
            )
            AND (NEW.kind <> 'payment' OR (
                SELECT sum(l.credit_fen - l.debit_fen)
                FROM entry_line l
                WHERE l.compound_id = NEW.compound_id AND l.number = NEW.number
                    AND left(l.account, 4) IN ('1001', '1002')
            ) = (
                SELECT (convert_from(v.payload, 'UTF8')::jsonb #>> '{body,amount_fen}')::bigint
                FROM act_version v
                WHERE v.compound_id = a.compound_id AND v.act_id = a.act_id AND v.version = a.version
            ))
    ) THEN
        RAISE EXCEPTION 'entry % is not what both parties signed', NEW.entry_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.kind = 'transfer' AND (
        SELECT array_agg(o.state)
        FROM resolution_outcome o
        WHERE o.compound_id = NEW.compound_id AND o.resolution_id = NEW.resolution_id
    ) IS DISTINCT FROM ARRAY['confirmed'] THEN
        RAISE EXCEPTION 'entry % has no resolution in force', NEW.entry_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER entry_witnesses AFTER INSERT ON entry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.act_id IS NOT NULL OR NEW.kind = 'transfer')
EXECUTE FUNCTION ledger_check_witnesses();
"""

BOOKS = r"""
CREATE FUNCTION ledger_lock(p_compound_id uuid) RETURNS SETOF books
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_compound_id IS DISTINCT FROM current_compound_id() THEN
        RAISE EXCEPTION 'the session serves another compound' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT * FROM books b WHERE b.compound_id = p_compound_id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger_refuse('books-not-open', '{}');
    END IF;
END $$;

CREATE FUNCTION ledger_open_books(p_compound_id uuid, p_opened_on date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_opened_on date;
BEGIN
    IF p_compound_id IS DISTINCT FROM current_compound_id() THEN
        RAISE EXCEPTION 'the session serves another compound' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO books (compound_id, tree_size, frontier, opened_on, closed_through)
    VALUES (p_compound_id, 0, '{}', p_opened_on, 0)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT b.opened_on INTO v_opened_on FROM books b WHERE b.compound_id = p_compound_id FOR UPDATE;
        IF v_opened_on <> p_opened_on THEN
            PERFORM ledger_refuse('books-already-open', jsonb_build_object('opened_on', v_opened_on));
        END IF;
    END IF;
END $$;

-- RFC 6962 root from the peaks by level.
CREATE FUNCTION ledger_root(frontier bytea[]) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_root bytea := '';
    v_peak bytea;
BEGIN
    FOREACH v_peak IN ARRAY frontier LOOP
        IF octet_length(v_peak) > 0 THEN
            v_root := CASE WHEN octet_length(v_root) = 0 THEN v_peak
                           ELSE sha256('\x01'::bytea || v_peak || v_root) END;
        END IF;
    END LOOP;
    RETURN CASE WHEN octet_length(v_root) = 0 THEN sha256('') ELSE v_root END;
END $$;

CREATE FUNCTION ledger_next_period(period integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN CASE WHEN period % 100 = 12 THEN period + 89 ELSE period + 1 END;

CREATE FUNCTION ledger_period_text(period integer) RETURNS text LANGUAGE sql IMMUTABLE
RETURN to_char(period / 100, 'FM0000') || '-' || to_char(period % 100, 'FM00');

CREATE FUNCTION ledger_period_of(on_date date) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN CAST(extract(year FROM on_date) * 100 + extract(month FROM on_date) AS integer);

CREATE FUNCTION ledger_close_period(p_compound_id uuid, p_period integer, p_closed_at timestamptz)
RETURNS SETOF period
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_books books;
    v_expected integer;
BEGIN
    SELECT * INTO v_books FROM ledger_lock(p_compound_id);
    IF p_period <= v_books.closed_through THEN
        RETURN QUERY SELECT * FROM period p
            WHERE p.compound_id = p_compound_id AND p.period = p_period;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    v_expected := CASE WHEN v_books.closed_through = 0 THEN ledger_period_of(v_books.opened_on)
                       ELSE ledger_next_period(v_books.closed_through) END;
    IF p_period <> v_expected THEN
        PERFORM ledger_refuse('period-out-of-order',
            jsonb_build_object('expected', ledger_period_text(v_expected)));
    END IF;
    IF p_period >= ledger_period_of((p_closed_at AT TIME ZONE 'Asia/Shanghai')::date) THEN
        PERFORM ledger_refuse('period-not-over',
            jsonb_build_object('period', ledger_period_text(p_period)));
    END IF;
    INSERT INTO period_balance (compound_id, period, fund, account, balance_fen)
    SELECT p_compound_id, p_period, s.fund, s.account, sum(s.balance_fen)
    FROM (
        SELECT b.fund, b.account, b.balance_fen
        FROM period_balance b
        WHERE b.compound_id = p_compound_id AND b.period = v_books.closed_through
        UNION ALL
        SELECT t.fund, t.account, t.debit_fen - t.credit_fen
        FROM turnover t
        WHERE t.compound_id = p_compound_id AND t.period = p_period
    ) s
    GROUP BY s.fund, s.account;
    UPDATE books b SET closed_through = p_period WHERE b.compound_id = p_compound_id;
    RETURN QUERY INSERT INTO period (compound_id, period, closed_at, tree_size, root)
        VALUES (p_compound_id, p_period, p_closed_at, v_books.tree_size, ledger_root(v_books.frontier))
        RETURNING *;
END $$;
"""

# Arrays run in parallel: one element per entry, then one element per line. An entry's lines name it by
# its position in the call.
POST = r"""
CREATE FUNCTION ledger_post(
    p_compound_id uuid, p_recorded_at timestamptz,
    p_entry_ids uuid[], p_kinds text[], p_dates date[], p_memos text[], p_salts bytea[],
    p_source_kinds text[], p_source_ids uuid[], p_act_ids uuid[], p_resolution_ids uuid[],
    p_reverses uuid[], p_evidence bytea[],
    p_line_entries integer[], p_line_numbers integer[], p_line_salts bytea[], p_accounts text[],
    p_funds text[], p_amounts bigint[], p_budget_line_ids uuid[], p_counterparty_ids uuid[],
    p_scopes text[], p_projects text[]
) RETURNS TABLE (entry_id uuid, number bigint, recorded_at timestamptz, leaf_hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_bitmapscan = off SET enable_memoize = off AS $$
#variable_conflict use_column
DECLARE
    v_books books;
    v_today date := (p_recorded_at AT TIME ZONE 'Asia/Shanghai')::date;
    v_count integer := cardinality(p_entry_ids);
    v_line_count integer := cardinality(p_line_entries);
    v_is_there boolean;
    v_bodies bytea[];
    v_line_counts integer[];
    v_crosses boolean;
    v_names_counterparty boolean;
    v_leaves bytea[];
    v_date date;
    v_wrong jsonb;
    v_level integer := 0;
    v_first bigint;
    v_frontier bytea[];
    v_nodes bytea[];
    v_node_count integer;
    v_levels integer[] := '{}';
    v_shifts bigint[] := '{}';
    v_hashes bytea[] := '{}';
BEGIN
    IF p_compound_id IS DISTINCT FROM current_compound_id() THEN
        RAISE EXCEPTION 'the session serves another compound' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO v_books FROM books b WHERE b.compound_id = p_compound_id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger_refuse('books-not-open', '{}');
    END IF;

    -- The bytes of the lines, entry by entry in the order of the call, and what else of it needs a look.
    SELECT array_agg(g.body ORDER BY g.entry), array_agg(g.line_count ORDER BY g.entry),
        bool_or(g.crosses), bool_or(g.names_counterparty),
        EXISTS (SELECT FROM entry e
            WHERE e.compound_id = p_compound_id AND e.entry_id = ANY (p_entry_ids))
    INTO v_bodies, v_line_counts, v_crosses, v_names_counterparty, v_is_there
    FROM (
        SELECT l.entry, count(*)::integer AS line_count, string_agg(ledger_line_bytes(l.salt, l.line,
                l.account, l.fund, l.amount, l.budget_line_id, l.counterparty_id, l.scope, l.project),
                ''::bytea ORDER BY l.line) AS body,
            bool_or(l.fund <> p_funds[1] OR l.account IN ('3901', '3902')
                OR (l.amount < 0 AND left(l.account, 4) IN ('1001', '1002'))) AS crosses,
            bool_or(l.counterparty_id IS NOT NULL) AS names_counterparty
        FROM (
            SELECT p_line_entries[i] AS entry, p_line_numbers[i] AS line, p_line_salts[i] AS salt,
                p_accounts[i] AS account, p_funds[i] AS fund, p_amounts[i] AS amount,
                p_budget_line_ids[i] AS budget_line_id, p_counterparty_ids[i] AS counterparty_id,
                p_scopes[i] AS scope, p_projects[i] AS project
            FROM generate_series(1, v_line_count) i
            OFFSET 0
        ) l
        GROUP BY l.entry
    ) g;
    IF cardinality(v_bodies) IS DISTINCT FROM v_count THEN
        RAISE EXCEPTION 'every entry has lines' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- The same id with the same content has been posted already; its own instant and salts tell.
    IF v_is_there THEN
        RETURN QUERY SELECT * FROM ledger_posted(p_compound_id, p_entry_ids, p_kinds, p_dates, p_memos,
            p_source_kinds, p_source_ids, p_act_ids, p_resolution_ids, p_reverses, p_evidence,
            p_line_entries, p_line_numbers, p_accounts, p_funds, p_amounts, p_budget_line_ids,
            p_counterparty_ids, p_scopes, p_projects);
        RETURN;
    END IF;

    FOREACH v_date IN ARRAY p_dates LOOP
        IF v_date < v_books.opened_on THEN
            PERFORM ledger_refuse('before-opening', jsonb_build_object('opened_on', v_books.opened_on));
        ELSIF v_date > v_today THEN
            PERFORM ledger_refuse('date-in-future', jsonb_build_object('accounting_on', v_date));
        ELSIF v_books.closed_through > 0 AND ledger_period_of(v_date) <= v_books.closed_through THEN
            PERFORM ledger_refuse('period-closed',
                jsonb_build_object('period', ledger_period_text(ledger_period_of(v_date))));
        END IF;
    END LOOP;
    IF v_crosses THEN
        PERFORM ledger_check_walls(p_kinds, p_act_ids, p_resolution_ids, p_line_entries, p_accounts,
            p_funds, p_amounts);
    END IF;
    IF array_remove(p_reverses, NULL) <> '{}' THEN
        PERFORM ledger_check_mirrors(p_compound_id, p_reverses, p_line_entries, p_line_numbers,
            p_accounts, p_funds, p_amounts);
    END IF;

    -- One statement writes entries, lines, turnovers and balances, and finds the first thing wrong with
    -- what they have become. Every part sees the tables as they were before it.
    WITH written AS (
        INSERT INTO entry (compound_id, number, entry_id, kind, accounting_on, period, recorded_at, memo,
            memo_salt, source_kind, source_id, act_id, resolution_id, reverses_entry_id, evidence,
            leaf_hash)
        SELECT p_compound_id, v_books.tree_size + e.ord, e.entry_id, e.kind, e.accounting_on,
            ledger_period_of(e.accounting_on), p_recorded_at, e.memo, e.salt, e.source_kind, e.source_id,
            e.act_id, e.resolution_id, e.reverses,
            CASE WHEN octet_length(e.evidence) = 0 THEN '{}'::bytea[] ELSE ARRAY(
                SELECT substr(e.evidence, 32 * i + 1, 32)
                FROM generate_series(0, octet_length(e.evidence) / 32 - 1) i) END,
            ledger_leaf_hash(p_compound_id, e.entry_id, p_recorded_at, e.accounting_on, e.memo, e.salt,
                e.kind, e.source_kind, e.source_id, e.act_id, e.resolution_id, e.reverses, e.evidence,
                e.line_count, e.body)
        FROM (
            SELECT i AS ord, p_entry_ids[i] AS entry_id, p_kinds[i] AS kind,
                p_dates[i] AS accounting_on, p_memos[i] AS memo, p_salts[i] AS salt,
                p_source_kinds[i] AS source_kind, p_source_ids[i] AS source_id,
                p_act_ids[i] AS act_id, p_resolution_ids[i] AS resolution_id,
                p_reverses[i] AS reverses, p_evidence[i] AS evidence,
                v_line_counts[i] AS line_count, v_bodies[i] AS body
            FROM generate_series(1, v_count) i
            OFFSET 0
        ) e
        RETURNING number, leaf_hash
    ),
    line AS MATERIALIZED (
        SELECT p_line_entries[i] AS entry, p_line_numbers[i] AS line, p_accounts[i] AS account,
            p_funds[i] AS fund, greatest(p_amounts[i], 0) AS debit_fen,
            greatest(-p_amounts[i], 0) AS credit_fen, p_budget_line_ids[i] AS budget_line_id,
            p_counterparty_ids[i] AS counterparty_id, p_scopes[i] AS scope, p_projects[i] AS project
        FROM generate_series(1, v_line_count) i
    ),
    lines AS (
        INSERT INTO entry_line (compound_id, number, line, account, fund, debit_fen, credit_fen,
            budget_line_id, counterparty_id, scope, project)
        SELECT p_compound_id, v_books.tree_size + l.entry, l.line, l.account, l.fund, l.debit_fen,
            l.credit_fen, l.budget_line_id, l.counterparty_id, l.scope, l.project
        FROM line l
    ),
    month AS MATERIALIZED (
        SELECT ledger_period_of(p_dates[l.entry]) AS period, l.fund, l.account,
            sum(l.debit_fen)::bigint AS debit_fen, sum(l.credit_fen)::bigint AS credit_fen,
            bool_or(l.counterparty_id IS NULL) AS lacks_counterparty
        FROM line l
        GROUP BY 1, 2, 3
    ),
    turned AS (
        INSERT INTO turnover AS t (compound_id, period, fund, account, debit_fen, credit_fen)
        SELECT p_compound_id, m.period, m.fund, m.account, m.debit_fen, m.credit_fen FROM month m
        ON CONFLICT (compound_id, period, fund, account) DO UPDATE
            SET debit_fen = t.debit_fen + excluded.debit_fen,
                credit_fen = t.credit_fen + excluded.credit_fen
    ),
    moved AS MATERIALIZED (
        SELECT m.fund, m.account, sum(m.debit_fen - m.credit_fen)::bigint AS amount,
            bool_or(m.lacks_counterparty) AS lacks_counterparty
        FROM month m
        GROUP BY m.fund, m.account
    ),
    kept AS (
        INSERT INTO balance AS b (compound_id, fund, account, balance_fen)
        SELECT p_compound_id, m.fund, m.account, m.amount FROM moved m
        ON CONFLICT (compound_id, fund, account)
            DO UPDATE SET balance_fen = b.balance_fen + excluded.balance_fen
        RETURNING b.fund, b.account, b.balance_fen
    ),
    judged AS (
        SELECT k.fund, k.account, k.balance_fen, a.is_open IS NOT TRUE AS account_wrong,
            f.is_open IS NOT TRUE AS fund_wrong,
            a.keeps_subledger AND m.lacks_counterparty AS lacks_counterparty,
            a.cannot_go_below_zero
                AND CASE WHEN a.side = 'debit' THEN k.balance_fen ELSE -k.balance_fen END < 0
                AS below_zero,
            -- A restricted fund's net assets: what they were, and what moves now. They only fall by a debit.
            CASE WHEN f.is_restricted AND m.amount > 0 AND left(m.account, 1) IN ('3', '4', '5') THEN
                (SELECT coalesce(sum(b.balance_fen), 0) FROM balance b
                    WHERE b.compound_id = p_compound_id AND b.fund = m.fund
                        AND left(b.account, 1) IN ('3', '4', '5'))
                + (SELECT sum(o.amount) FROM moved o
                    WHERE o.fund = m.fund AND left(o.account, 1) IN ('3', '4', '5'))
            END AS deficit
        FROM moved m
        JOIN kept k ON k.fund = m.fund AND k.account = m.account
        LEFT JOIN account a ON a.compound_id = p_compound_id AND a.code = m.account
        LEFT JOIN ledger_fund f ON f.compound_id = p_compound_id AND f.fund = m.fund
    )
    SELECT (SELECT array_agg(w.leaf_hash ORDER BY w.number) FROM written w), j.wrong
    INTO v_leaves, v_wrong
    FROM (VALUES (1)) AS always
    LEFT JOIN (
        SELECT to_jsonb(j) AS wrong
        FROM judged j
        WHERE j.account_wrong OR j.fund_wrong OR j.lacks_counterparty OR j.below_zero OR j.deficit > 0
        ORDER BY j.account_wrong DESC, j.fund_wrong DESC, coalesce(j.lacks_counterparty, false) DESC,
            coalesce(j.below_zero, false) DESC, j.deficit DESC NULLS LAST
        LIMIT 1
    ) j ON true;
    IF v_wrong IS NOT NULL THEN
        PERFORM ledger_refuse_moved(v_wrong);
    END IF;
    IF v_names_counterparty THEN
        PERFORM ledger_move_subledgers(p_compound_id, p_accounts, p_funds, p_amounts, p_counterparty_ids);
    END IF;

    -- The tree, level by level: new nodes pair with the peak before them, the odd one out is a peak.
    v_first := v_books.tree_size;
    v_frontier := v_books.frontier;
    v_nodes := v_leaves;
    LOOP
        IF v_first % 2 = 1 THEN
            v_nodes := v_frontier[v_level + 1] || v_nodes;
            v_first := v_first - 1;
        END IF;
        v_node_count := cardinality(v_nodes);
        v_frontier[v_level + 1] :=
            CASE WHEN v_node_count % 2 = 1 THEN v_nodes[v_node_count] ELSE ''::bytea END;
        EXIT WHEN v_node_count < 2;
        IF v_node_count < 4 THEN
            v_nodes := ARRAY[sha256('\x01'::bytea || v_nodes[1] || v_nodes[2])];
        ELSE
            SELECT array_agg(sha256('\x01'::bytea || v_nodes[2 * i - 1] || v_nodes[2 * i]) ORDER BY i)
            INTO v_nodes
            FROM generate_series(1, v_node_count / 2) i;
        END IF;
        v_level := v_level + 1;
        v_first := v_first / 2;
        v_shifts := v_shifts || (v_first - cardinality(v_hashes) - 1);
        v_hashes := v_hashes || v_nodes;
        v_levels := v_levels || array_fill(v_level, ARRAY[v_node_count / 2]);
    END LOOP;
    RETURN QUERY
        WITH nodes AS (
            INSERT INTO tree_node (compound_id, level, index, hash)
            SELECT p_compound_id, v_levels[i], v_shifts[v_levels[i]] + i, v_hashes[i]
            FROM generate_series(1, cardinality(v_hashes)) i
        ),
        counted AS (
            UPDATE books b
            SET tree_size = v_books.tree_size + v_count, frontier = v_frontier
            WHERE b.compound_id = p_compound_id
        )
        SELECT p_entry_ids[i], v_books.tree_size + i, p_recorded_at, v_leaves[i]
        FROM generate_series(1, v_count) i;
END $$;

-- The first thing wrong with balances that have moved.
CREATE FUNCTION ledger_refuse_moved(wrong jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_account jsonb := jsonb_build_object('account', wrong -> 'account');
    v_fund jsonb := jsonb_build_object('fund', wrong -> 'fund');
BEGIN
    IF (wrong ->> 'account_wrong')::boolean THEN
        PERFORM ledger_refuse('account-not-open', v_account);
    ELSIF (wrong ->> 'fund_wrong')::boolean THEN
        PERFORM ledger_refuse('fund-not-open', v_fund);
    ELSIF (wrong ->> 'lacks_counterparty')::boolean THEN
        PERFORM ledger_refuse('counterparty-needed', v_account);
    ELSIF (wrong ->> 'below_zero')::boolean THEN
        PERFORM ledger_refuse('below-zero', v_account || v_fund
            || jsonb_build_object('short_fen', abs((wrong ->> 'balance_fen')::bigint)));
    END IF;
    PERFORM ledger_refuse('fund-below-zero',
        v_fund || jsonb_build_object('short_fen', wrong -> 'deficit'));
END $$;

-- What is there already under these ids, when it is all of them and with this very content.
CREATE FUNCTION ledger_posted(
    p_compound_id uuid, p_entry_ids uuid[], p_kinds text[], p_dates date[], p_memos text[],
    p_source_kinds text[], p_source_ids uuid[], p_act_ids uuid[], p_resolution_ids uuid[],
    p_reverses uuid[], p_evidence bytea[], p_line_entries integer[], p_line_numbers integer[],
    p_accounts text[], p_funds text[], p_amounts bigint[], p_budget_line_ids uuid[],
    p_counterparty_ids uuid[], p_scopes text[], p_projects text[]
) RETURNS TABLE (entry_id uuid, number bigint, recorded_at timestamptz, leaf_hash bytea)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_different uuid;
BEGIN
    WITH given AS (
        SELECT e.*, s.number, s.recorded_at, s.memo_salt, s.leaf_hash
        FROM unnest(p_entry_ids, p_kinds, p_dates, p_memos, p_source_kinds, p_source_ids, p_act_ids,
                p_resolution_ids, p_reverses, p_evidence)
            WITH ORDINALITY AS e (entry_id, kind, accounting_on, memo, source_kind, source_id, act_id,
                resolution_id, reverses, evidence, ord)
        LEFT JOIN entry s ON s.compound_id = p_compound_id AND s.entry_id = e.entry_id
    ),
    body AS (
        SELECT l.entry, count(*)::integer AS line_count, string_agg(ledger_line_bytes(g.memo_salt, l.line,
            l.account, l.fund, l.amount, l.budget_line_id, l.counterparty_id, l.scope, l.project),
            ''::bytea ORDER BY l.line) AS line_bytes
        FROM unnest(p_line_entries, p_line_numbers, p_accounts, p_funds, p_amounts, p_budget_line_ids,
                p_counterparty_ids, p_scopes, p_projects)
            AS l (entry, line, account, fund, amount, budget_line_id, counterparty_id, scope, project)
        JOIN given g ON g.ord = l.entry
        GROUP BY l.entry
    )
    SELECT g.entry_id INTO v_different
    FROM given g
    JOIN body b ON b.entry = g.ord
    WHERE g.leaf_hash IS NULL OR g.leaf_hash IS DISTINCT FROM ledger_leaf_hash(p_compound_id, g.entry_id, g.recorded_at,
        g.accounting_on, g.memo, g.memo_salt, g.kind, g.source_kind, g.source_id, g.act_id,
        g.resolution_id, g.reverses, g.evidence, b.line_count, b.line_bytes)
    ORDER BY g.ord
    LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse('entry-differs', jsonb_build_object('entry_id', v_different));
    END IF;
    RETURN QUERY SELECT s.entry_id, s.number, s.recorded_at, s.leaf_hash
        FROM unnest(p_entry_ids) WITH ORDINALITY AS e (entry_id, ord)
        JOIN entry s ON s.compound_id = p_compound_id AND s.entry_id = e.entry_id
        ORDER BY e.ord;
END $$;

-- Cash leaves only with an act; funds meet only in 3901 and 3902 and with a resolution.
CREATE FUNCTION ledger_check_walls(
    p_kinds text[], p_act_ids uuid[], p_resolution_ids uuid[], p_line_entries integer[],
    p_accounts text[], p_funds text[], p_amounts bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_entry record;
    v_kind text;
BEGIN
    FOR v_entry IN
        SELECT a.entry, bool_or(a.is_wall) AS uses_wall,
            min(a.account) FILTER (WHERE a.is_wall OR (a.lowest < 0 AND a.highest > 0)) AS crossing,
            min(a.account) FILTER (WHERE a.is_cash AND a.lowest < 0) AS falls,
            min(a.account) FILTER (WHERE a.is_cash AND a.net < 0) AS leaves,
            bool_or(NOT a.is_wall AND left(a.account, 1) <> '1') AS moves_more_than_assets,
            sum(-a.net) FILTER (WHERE a.account = '3901') AS arrived,
            sum(a.net) FILTER (WHERE a.account = '3902') AS gone
        FROM (
            SELECT f.entry, f.account, min(f.net) AS lowest, max(f.net) AS highest, sum(f.net) AS net,
                f.account IN ('3901', '3902') AS is_wall, left(f.account, 4) IN ('1001', '1002') AS is_cash
            FROM (
                SELECT l.entry, l.account, l.fund, sum(l.amount) AS net
                FROM unnest(p_line_entries, p_accounts, p_funds, p_amounts)
                    AS l (entry, account, fund, amount)
                GROUP BY l.entry, l.account, l.fund
            ) f
            GROUP BY f.entry, f.account
        ) a
        GROUP BY a.entry
        HAVING bool_or(a.is_wall OR (a.lowest < 0 AND (a.highest > 0 OR a.is_cash)))
    LOOP
        v_kind := p_kinds[v_entry.entry];
        IF v_entry.crossing IS NOT NULL AND v_kind NOT IN ('opening', 'transfer', 'reversal') THEN
            PERFORM ledger_refuse('fund-wall', jsonb_build_object('account', v_entry.crossing));
        END IF;
        IF v_kind = 'transfer' OR (v_kind = 'reversal' AND v_entry.uses_wall) THEN
            IF p_resolution_ids[v_entry.entry] IS NULL THEN
                PERFORM ledger_refuse('resolution-needed', '{}');
            ELSIF v_entry.moves_more_than_assets OR coalesce(v_entry.arrived, 0) = 0
                    OR v_entry.arrived <> coalesce(v_entry.gone, 0) THEN
                PERFORM ledger_refuse('transfer-unmatched', '{}');
            END IF;
        END IF;
        IF v_kind IN ('opening', 'payment', 'transfer', 'reversal')
                AND p_act_ids[v_entry.entry] IS NOT NULL THEN
            CONTINUE;
        END IF;
        IF v_entry.leaves IS NOT NULL
                OR (v_entry.falls IS NOT NULL AND v_kind NOT IN ('transfer', 'reversal')) THEN
            PERFORM ledger_refuse('cash-out-needs-order',
                jsonb_build_object('account', coalesce(v_entry.leaves, v_entry.falls)));
        END IF;
    END LOOP;
END $$;

-- A reversal takes back one entry, once, and line by line.
CREATE FUNCTION ledger_check_mirrors(
    p_compound_id uuid, p_reverses uuid[], p_line_entries integer[], p_line_numbers integer[],
    p_accounts text[], p_funds text[], p_amounts bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM entry e
            WHERE e.compound_id = p_compound_id AND e.reverses_entry_id = ANY (p_reverses)) THEN
        PERFORM ledger_refuse('already-reversed', '{}');
    END IF;
    IF EXISTS (SELECT FROM entry e WHERE e.compound_id = p_compound_id AND e.entry_id = ANY (p_reverses)
            AND e.kind = 'reversal') THEN
        PERFORM ledger_refuse('reversal-not-reversible', '{}');
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT r.ord, o.line, o.account, o.fund, o.credit_fen - o.debit_fen AS amount
            FROM unnest(p_reverses) WITH ORDINALITY AS r (entry_id, ord)
            LEFT JOIN entry e ON e.compound_id = p_compound_id AND e.entry_id = r.entry_id
            LEFT JOIN entry_line o ON o.compound_id = p_compound_id AND o.number = e.number
            WHERE r.entry_id IS NOT NULL
        ) original
        FULL JOIN (
            SELECT l.entry, l.line, l.account, l.fund, l.amount
            FROM unnest(p_line_entries, p_line_numbers, p_accounts, p_funds, p_amounts)
                AS l (entry, line, account, fund, amount)
            WHERE p_reverses[l.entry] IS NOT NULL
        ) given ON given.entry = original.ord AND given.line = original.line
        WHERE (given.account, given.fund, given.amount)
            IS DISTINCT FROM (original.account, original.fund, original.amount)
    ) THEN
        PERFORM ledger_refuse('not-the-mirror', '{}');
    END IF;
END $$;

-- What each counterparty owes or is owed, in key order; none falls below zero.
CREATE FUNCTION ledger_move_subledgers(
    p_compound_id uuid, p_accounts text[], p_funds text[], p_amounts bigint[], p_counterparty_ids uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_wrong record;
BEGIN
    WITH kept AS (
        INSERT INTO subledger_balance AS s (compound_id, account, fund, counterparty_id, balance_fen)
        SELECT p_compound_id, l.account, l.fund, l.counterparty_id, sum(l.amount)::bigint
        FROM unnest(p_accounts, p_funds, p_amounts, p_counterparty_ids)
            AS l (account, fund, amount, counterparty_id)
        WHERE l.counterparty_id IS NOT NULL AND l.account = ANY (ARRAY(
            SELECT a.code FROM account a WHERE a.compound_id = p_compound_id AND a.keeps_subledger))
        GROUP BY l.account, l.fund, l.counterparty_id
        ORDER BY l.account, l.fund, l.counterparty_id
        ON CONFLICT (compound_id, account, fund, counterparty_id)
            DO UPDATE SET balance_fen = s.balance_fen + excluded.balance_fen
        RETURNING s.account, s.counterparty_id, s.balance_fen
    )
    SELECT k.account, k.counterparty_id, k.balance_fen INTO v_wrong
    FROM kept k
    JOIN account a ON a.compound_id = p_compound_id AND a.code = k.account
    WHERE CASE WHEN a.side = 'debit' THEN k.balance_fen ELSE -k.balance_fen END < 0
    LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse('subledger-below-zero', jsonb_build_object('account', v_wrong.account,
            'counterparty_id', v_wrong.counterparty_id, 'short_fen', abs(v_wrong.balance_fen)));
    END IF;
END $$;
"""
