"""Vendors, their accounts and contracts, invoices with their history, and what no two may share."""

from alembic import op

from migrations.tools import shared, tenant

revision = "0010_invoices"
down_revision = "0009_budgets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _vendors()
    _contracts()
    _invoices()
    _history()
    _numbers()
    op.execute(SUBMIT)
    op.execute(
        "GRANT EXECUTE ON FUNCTION submit_invoices(uuid, uuid, uuid, timestamptz, jsonb) TO trustprop_serving"
    )


def _vendors() -> None:
    op.execute("""
        CREATE TABLE vendor (
            compound_id uuid NOT NULL,
            vendor_id uuid NOT NULL,
            name text NOT NULL,
            credit_code text NOT NULL,
            is_related_party boolean NOT NULL,
            resolution_id uuid,
            state text NOT NULL,
            version integer NOT NULL,
            registered_by uuid NOT NULL,
            registered_at timestamptz NOT NULL,
            decided_by uuid,
            reason text NOT NULL,
            CONSTRAINT pk_vendor PRIMARY KEY (compound_id, vendor_id),
            CONSTRAINT uq_vendor_credit_code UNIQUE (compound_id, credit_code),
            CONSTRAINT ck_vendor_state CHECK (state IN ('proposed', 'admitted', 'suspended')),
            CONSTRAINT ck_vendor_related_party CHECK (
                NOT is_related_party OR state <> 'admitted' OR resolution_id IS NOT NULL
            )
        )
    """)
    op.execute("""
        CREATE TABLE vendor_account (
            compound_id uuid NOT NULL,
            account_id uuid NOT NULL,
            vendor_id uuid NOT NULL,
            holder text NOT NULL,
            bank text NOT NULL,
            number text NOT NULL,
            bank_code text NOT NULL,
            state text NOT NULL,
            act_id uuid NOT NULL,
            replaces_account_id uuid,
            usable_from_at timestamptz,
            CONSTRAINT pk_vendor_account PRIMARY KEY (compound_id, account_id),
            CONSTRAINT fk_vendor_account_vendor FOREIGN KEY (compound_id, vendor_id)
                REFERENCES vendor (compound_id, vendor_id),
            CONSTRAINT fk_vendor_account_replaces FOREIGN KEY (compound_id, replaces_account_id)
                REFERENCES vendor_account (compound_id, account_id),
            CONSTRAINT ck_vendor_account_state CHECK (
                state IN ('drafted', 'signed', 'replaced', 'refused')
            ),
            CONSTRAINT ck_vendor_account_rest CHECK (
                (usable_from_at IS NULL) = (state IN ('drafted', 'refused'))
            )
        )
    """)
    op.execute("CREATE INDEX ix_vendor_account_vendor ON vendor_account (compound_id, vendor_id)")
    tenant(
        "vendor",
        "SELECT, INSERT, UPDATE (state, version, resolution_id, decided_by, reason)",
    )
    tenant("vendor_account", "SELECT, INSERT, UPDATE (state, usable_from_at)")


def _contracts() -> None:
    op.execute("""
        CREATE TABLE contract (
            compound_id uuid NOT NULL,
            contract_id uuid NOT NULL,
            vendor_id uuid NOT NULL,
            title text NOT NULL,
            fund text NOT NULL,
            budget_line_id uuid NOT NULL,
            starts_on date NOT NULL,
            ends_on date NOT NULL,
            amount_fen bigint NOT NULL,
            encumber_fen bigint NOT NULL,
            billed_before_fen bigint NOT NULL,
            files bytea[] NOT NULL,
            state text NOT NULL,
            version integer NOT NULL,
            act_id uuid NOT NULL,
            billed_fen bigint NOT NULL,
            encumbered_fen bigint NOT NULL,
            reason text NOT NULL,
            CONSTRAINT pk_contract PRIMARY KEY (compound_id, contract_id),
            CONSTRAINT fk_contract_vendor FOREIGN KEY (compound_id, vendor_id)
                REFERENCES vendor (compound_id, vendor_id),
            CONSTRAINT ck_contract_term CHECK (starts_on <= ends_on),
            CONSTRAINT ck_contract_state CHECK (state IN ('drafted', 'in_force', 'ended', 'refused')),
            CONSTRAINT ck_contract_amounts CHECK (
                amount_fen > 0
                AND billed_before_fen >= 0
                AND encumber_fen >= 0
                AND encumbered_fen BETWEEN 0 AND encumber_fen
                AND billed_before_fen + billed_fen <= amount_fen
            )
        )
    """)
    op.execute("CREATE INDEX ix_contract_vendor ON contract (compound_id, vendor_id)")
    tenant(
        "contract",
        "SELECT, INSERT, UPDATE (state, version, billed_fen, encumbered_fen, reason)",
    )


def _invoices() -> None:
    op.execute("""
        CREATE TABLE invoice (
            compound_id uuid NOT NULL,
            invoice_id uuid NOT NULL,
            vendor_id uuid NOT NULL,
            contract_id uuid,
            corrects_id uuid,
            kind text NOT NULL,
            number text NOT NULL,
            fiscal_number text NOT NULL,
            vendor_reference text NOT NULL,
            issued_on date NOT NULL,
            net_fen bigint NOT NULL,
            tax_fen bigint NOT NULL,
            gross_fen bigint NOT NULL,
            description text NOT NULL,
            files bytea[] NOT NULL,
            attachments bytea[] NOT NULL,
            is_xml_checked boolean NOT NULL,
            digest bytea NOT NULL,
            state text NOT NULL,
            version integer NOT NULL,
            submitted_at timestamptz NOT NULL,
            fund text,
            entry_id uuid,
            acceptance_evidence bytea[],
            order_id uuid,
            reason text NOT NULL,
            CONSTRAINT pk_invoice PRIMARY KEY (compound_id, invoice_id),
            CONSTRAINT fk_invoice_vendor FOREIGN KEY (compound_id, vendor_id)
                REFERENCES vendor (compound_id, vendor_id),
            CONSTRAINT fk_invoice_contract FOREIGN KEY (compound_id, contract_id)
                REFERENCES contract (compound_id, contract_id),
            CONSTRAINT fk_invoice_corrects FOREIGN KEY (compound_id, corrects_id)
                REFERENCES invoice (compound_id, invoice_id),
            CONSTRAINT ck_invoice_kind CHECK (kind IN ('e_invoice', 'paper', 'utility', 'other')),
            CONSTRAINT ck_invoice_state CHECK (
                state IN ('submitted', 'accepted', 'ordered', 'paid', 'rejected', 'withdrawn')
            ),
            CONSTRAINT ck_invoice_sum CHECK (net_fen + tax_fen = gross_fen AND gross_fen <> 0),
            CONSTRAINT ck_invoice_red CHECK ((gross_fen < 0) = (corrects_id IS NOT NULL)),
            CONSTRAINT ck_invoice_accepted CHECK (
                (state IN ('accepted', 'ordered', 'paid')) = (entry_id IS NOT NULL)
                AND (entry_id IS NULL) = (fund IS NULL)
                AND (entry_id IS NULL) = (acceptance_evidence IS NULL)
            ),
            CONSTRAINT ck_invoice_ordered CHECK ((state IN ('ordered', 'paid')) = (order_id IS NOT NULL))
        )
    """)
    op.execute(
        "CREATE INDEX ix_invoice_similar ON invoice (compound_id, vendor_id, gross_fen, issued_on)"
    )
    op.execute(
        "CREATE INDEX ix_invoice_corrects ON invoice (compound_id, corrects_id) "
        "WHERE corrects_id IS NOT NULL"
    )
    tenant(
        "invoice",
        "SELECT, INSERT, "
        "UPDATE (state, version, fund, entry_id, acceptance_evidence, order_id, reason)",
    )
    op.execute("""
        CREATE TABLE invoice_claim (
            compound_id uuid NOT NULL,
            claim text NOT NULL,
            invoice_id uuid NOT NULL,
            CONSTRAINT pk_invoice_claim PRIMARY KEY (compound_id, claim),
            CONSTRAINT fk_invoice_claim_invoice FOREIGN KEY (compound_id, invoice_id)
                REFERENCES invoice (compound_id, invoice_id)
        )
    """)
    tenant("invoice_claim", "SELECT, INSERT, DELETE")


def _history() -> None:
    op.execute("""
        CREATE TABLE invoice_event (
            compound_id uuid NOT NULL,
            invoice_id uuid NOT NULL,
            version integer NOT NULL,
            state text NOT NULL,
            at timestamptz NOT NULL,
            person_id uuid,
            credential_id uuid,
            order_id uuid,
            reason text NOT NULL,
            CONSTRAINT pk_invoice_event PRIMARY KEY (compound_id, invoice_id, version),
            CONSTRAINT fk_invoice_event_invoice FOREIGN KEY (compound_id, invoice_id)
                REFERENCES invoice (compound_id, invoice_id)
        )
    """)
    op.execute("""
        CREATE TABLE invoice_line (
            compound_id uuid NOT NULL,
            invoice_id uuid NOT NULL,
            line integer NOT NULL,
            account text NOT NULL,
            amount_fen bigint NOT NULL,
            budget_line_id uuid,
            counterparty_id uuid,
            scope text NOT NULL,
            project text NOT NULL,
            CONSTRAINT pk_invoice_line PRIMARY KEY (compound_id, invoice_id, line),
            CONSTRAINT fk_invoice_line_invoice FOREIGN KEY (compound_id, invoice_id)
                REFERENCES invoice (compound_id, invoice_id),
            CONSTRAINT ck_invoice_line_amount CHECK (amount_fen <> 0)
        )
    """)
    op.execute("""
        CREATE TABLE invoice_platform_check (
            compound_id uuid NOT NULL,
            check_id uuid NOT NULL,
            invoice_id uuid NOT NULL,
            result text NOT NULL,
            checked_at timestamptz NOT NULL,
            checked_by uuid NOT NULL,
            recorded_at timestamptz NOT NULL,
            note text NOT NULL,
            CONSTRAINT pk_invoice_platform_check PRIMARY KEY (compound_id, check_id),
            CONSTRAINT fk_invoice_platform_check_invoice FOREIGN KEY (compound_id, invoice_id)
                REFERENCES invoice (compound_id, invoice_id),
            CONSTRAINT ck_invoice_platform_check_result CHECK (
                result IN ('valid', 'void', 'red', 'not_found')
            )
        )
    """)
    op.execute(
        "CREATE INDEX ix_invoice_platform_check_invoice "
        "ON invoice_platform_check (compound_id, invoice_id)"
    )
    for table in ("invoice_event", "invoice_line", "invoice_platform_check"):
        tenant(table, "SELECT, INSERT", append_only=True)


def _numbers() -> None:
    """Digests of tax numbers over all compounds. Nobody who serves requests can read them."""
    op.execute("""
        CREATE TABLE invoice_number (
            number_hash bytea NOT NULL,
            CONSTRAINT pk_invoice_number PRIMARY KEY (number_hash),
            CONSTRAINT ck_invoice_number_hash CHECK (octet_length(number_hash) = 32)
        )
    """)
    shared("invoice_number", "INSERT")
    op.execute("""
        CREATE FUNCTION free_invoice_number(p_invoice_id uuid, p_number_hash bytea)
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
        AS $$
            DELETE FROM invoice_number
            WHERE number_hash = p_number_hash
              AND EXISTS (
                  SELECT FROM invoice
                  WHERE compound_id = current_compound_id()
                    AND invoice_id = p_invoice_id
                    AND state IN ('rejected', 'withdrawn')
                    AND p_number_hash = sha256(
                        convert_to('trustprop/invoice-number/v1', 'UTF8')
                        || decode('00', 'hex')
                        || convert_to(fiscal_number, 'UTF8')
                    )
              )
        $$
    """)
    op.execute("REVOKE ALL ON FUNCTION free_invoice_number(uuid, bytea) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION free_invoice_number(uuid, bytea) TO trustprop_serving")


SUBMIT = """
    CREATE FUNCTION submit_invoices(
        p_compound_id uuid, p_person_id uuid, p_credential_id uuid, p_at timestamptz, p_invoices jsonb
    )
    RETURNS TABLE (verdict text, taken text[]) LANGUAGE plpgsql SET search_path = public, pg_temp
    AS $$
    DECLARE
        item record;
        stored_digest bytea;
        vendor_state text;
        broken text;
    BEGIN
        FOR item IN
            SELECT * FROM jsonb_to_recordset(p_invoices) AS submission (
                invoice_id uuid, vendor_id uuid, contract_id uuid, corrects_id uuid, kind text,
                number text, fiscal_number text, number_hash text, vendor_reference text,
                issued_on date, net_fen bigint, tax_fen bigint, gross_fen bigint, description text,
                files text[], attachments text[], is_xml_checked boolean, digest text, claims text[]
            )
        LOOP
            verdict := 'submitted';
            taken := '{}';
            -- Locked out here: inside, each subtransaction would add itself to the row's lockers.
            SELECT vendor.state INTO vendor_state FROM vendor
            WHERE vendor.compound_id = p_compound_id AND vendor.vendor_id = item.vendor_id
            FOR KEY SHARE;
            IF item.contract_id IS NOT NULL THEN
                PERFORM FROM contract
                WHERE contract.compound_id = p_compound_id
                  AND contract.contract_id = item.contract_id
                FOR KEY SHARE;
            END IF;
            BEGIN
                IF vendor_state = 'admitted' THEN
                    INSERT INTO invoice (
                        compound_id, invoice_id, vendor_id, contract_id, corrects_id, kind, number,
                        fiscal_number, vendor_reference, issued_on, net_fen, tax_fen, gross_fen,
                        description, files, attachments, is_xml_checked, digest, state, version,
                        submitted_at, reason
                    ) VALUES (
                        p_compound_id, item.invoice_id, item.vendor_id, item.contract_id,
                        item.corrects_id, item.kind, item.number, item.fiscal_number,
                        item.vendor_reference, item.issued_on, item.net_fen, item.tax_fen,
                        item.gross_fen, item.description,
                        ARRAY(SELECT decode(unnest(item.files), 'hex')),
                        ARRAY(SELECT decode(unnest(item.attachments), 'hex')),
                        item.is_xml_checked, decode(item.digest, 'hex'), 'submitted', 1, p_at, ''
                    );
                    INSERT INTO invoice_event (
                        compound_id, invoice_id, version, state, at, person_id, credential_id, reason
                    ) VALUES (
                        p_compound_id, item.invoice_id, 1, 'submitted', p_at, p_person_id,
                        p_credential_id, ''
                    );
                    INSERT INTO invoice_claim (compound_id, claim, invoice_id)
                    SELECT p_compound_id, claim, item.invoice_id FROM unnest(item.claims) AS claim
                    ORDER BY claim;
                    IF item.number_hash <> '' THEN
                        INSERT INTO invoice_number (number_hash)
                        VALUES (decode(item.number_hash, 'hex'));
                    END IF;
                ELSE
                    verdict := CASE WHEN vendor_state IS NULL
                        THEN 'vendor-missing' ELSE 'vendor-not-admitted'
                    END;
                END IF;
            EXCEPTION WHEN unique_violation THEN
                GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
                verdict := CASE broken
                    WHEN 'pk_invoice' THEN 'id-taken'
                    WHEN 'pk_invoice_claim' THEN 'duplicate-here'
                    WHEN 'pk_invoice_number' THEN 'duplicate-elsewhere'
                END;
                IF verdict IS NULL THEN
                    RAISE;
                END IF;
            END;
            IF verdict <> 'submitted' THEN
                -- Locked, so that what is confirmed here is as durable as what this transaction writes.
                SELECT digest INTO stored_digest FROM invoice
                WHERE compound_id = p_compound_id AND invoice.invoice_id = item.invoice_id
                FOR UPDATE;
                IF FOUND THEN
                    verdict := CASE
                        WHEN stored_digest = decode(item.digest, 'hex') THEN 'already' ELSE 'id-taken'
                    END;
                ELSIF verdict = 'duplicate-here' THEN
                    taken := ARRAY(
                        SELECT claim FROM invoice_claim
                        WHERE compound_id = p_compound_id AND claim = ANY (item.claims)
                        ORDER BY claim
                    );
                END IF;
            END IF;
            RETURN NEXT;
        END LOOP;
    END
    $$
"""
"""Each invoice stands or falls by itself; the names of the constraints tell why one fell."""
