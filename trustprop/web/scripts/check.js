// Checks a published statement in the reader's own browser: written apart from the service's verifier,
// so that two programs must agree. Nothing leaves the phone; a file is checked without a network.
import { verifyAsync } from "./noble-ed25519.js";

const utf8 = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

class Wrong extends Error {}

function must(holds, detail) {
  if (!holds) throw new Wrong(detail ?? "");
}

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function bytesOf(hex) {
  must(typeof hex === "string" && /^([0-9a-f]{2})*$/.test(hex), "not hexadecimal");
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromBase64(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  must(btoa(String.fromCharCode(...bytes)) === text, "not canonical base64");
  return bytes;
}

function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function same(one, other) {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function integer(value, size) {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer)[size === 8 ? "setBigInt64" : "setInt32"](
    0,
    size === 8 ? BigInt(value) : value,
  );
  return bytes;
}

// RFC 8785: our documents hold whole numbers and ASCII names only.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  must(typeof value !== "number" || Number.isSafeInteger(value), "a number is not whole");
  return JSON.stringify(value);
}

function canonicalBytes(value) {
  return utf8.encode(canonical(value));
}

// ---- RFC 6962 -------------------------------------------------------------------------------

const leafHash = (content) => sha256(join(Uint8Array.of(0), content));
const nodeHash = (left, right) => sha256(join(Uint8Array.of(1), left, right));

async function grown(frontier, size, leaves) {
  const peaks = frontier.slice();
  for (const leaf of leaves) {
    let node = leaf;
    let level = 0;
    for (; Math.floor(size / 2 ** level) % 2 === 1; level += 1) {
      node = await nodeHash(peaks[level], node);
      peaks[level] = NO_BYTES;
    }
    peaks[level] = node;
    size += 1;
  }
  return peaks;
}

async function rootOf(peaks) {
  let total = NO_BYTES;
  for (const peak of peaks) {
    if (peak.length) total = total.length ? await nodeHash(peak, total) : peak;
  }
  return total.length ? total : sha256(NO_BYTES);
}

async function isIncluded(leaf, index, size, proof, root) {
  if (!(index >= 0 && index < size)) return false;
  let [position, last, total] = [index, size - 1, leaf];
  const half = (number) => Math.floor(number / 2);
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      total = await nodeHash(sibling, total);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      total = await nodeHash(total, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && same(total, root);
}

// ---- what a leaf attests --------------------------------------------------------------------

function prefixed(bytes) {
  return join(integer(bytes.length, 4), bytes);
}

function identifier(uuid) {
  return uuid === null || uuid === undefined ? integer(0, 4) : prefixed(plainId(uuid));
}

function plainId(uuid) {
  const bytes = bytesOf(uuid.replaceAll("-", ""));
  must(bytes.length === 16, "not an id");
  return bytes;
}

function microseconds(instant) {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(instant);
  must(found, "not an instant");
  return BigInt(Date.parse(`${found[1]}Z`)) * 1000n + BigInt((found[2] ?? "").padEnd(6, "0"));
}

function entryBytes(compound, entry) {
  const lines = entry.lines.map((line) =>
    join(
      integer(line.signed_fen, 8),
      prefixed(utf8.encode(line.account)),
      prefixed(utf8.encode(line.fund)),
      identifier(line.budget_line_id),
      prefixed(bytesOf(line.counterparty_commitment)),
      prefixed(utf8.encode(line.scope)),
      prefixed(utf8.encode(line.project)),
    ),
  );
  return join(
    utf8.encode("TPE1"),
    plainId(compound),
    plainId(entry.entry_id),
    integer(microseconds(entry.recorded_at), 8),
    integer(Date.parse(`${entry.accounting_on}T00:00:00Z`) / 86_400_000, 4),
    bytesOf(entry.memo_commitment),
    prefixed(utf8.encode(entry.kind)),
    prefixed(utf8.encode(entry.source.kind)),
    identifier(entry.source.id),
    identifier(entry.act_id),
    identifier(entry.resolution_id),
    identifier(entry.reverses),
    prefixed(bytesOf(entry.evidence.join(""))),
    integer(entry.lines.length, 4),
    ...lines,
  );
}

// ---- signed notes (C2SP) --------------------------------------------------------------------

async function opened(note, key) {
  const [name, keyId, encoded] = key.split(/\+(.*?)\+(.*)/s);
  const content = fromBase64(encoded);
  must(content.length === 33 && content[0] === 1, "not an Ed25519 key");
  const id = (await sha256(join(utf8.encode(`${name}\n`), content))).slice(0, 4);
  must(hexOf(id) === keyId, "the key id is not of this name and key");
  const cut = note.lastIndexOf("\n\n");
  must(cut >= 0 && note.endsWith("\n"), "not a note");
  const text = note.slice(0, cut + 1);
  for (const line of note.slice(cut + 2, -1).split("\n")) {
    const found = /^— (\S+) (\S+)$/.exec(line);
    must(found, "not a signature line");
    const signature = fromBase64(found[2]);
    if (found[1] === name && same(signature.slice(0, 4), id)) {
      must(await isSigned(signature.slice(4), utf8.encode(text), content.slice(1)), "signature");
      return text;
    }
  }
  throw new Wrong("not signed by this key");
}

async function isSigned(signature, message, key) {
  try {
    return await verifyAsync(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}

// ---- keys of people: Ed25519, a browser's own P-256 key, a passkey ---------------------------

async function isSignedByPerson(one, digest, key) {
  const signature = bytesOf(one.signature);
  if (one.scheme === "ed25519") return isSigned(signature, digest, key);
  if (one.scheme === "p256") return isP256(signature, digest, key);
  return one.scheme === "webauthn" && isAsserted(signature, digest, key);
}

async function isP256(rAndS, message, point) {
  const named = { name: "ECDSA", namedCurve: "P-256" };
  try {
    const key = await crypto.subtle.importKey("raw", point, named, false, ["verify"]);
    return await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, rAndS, message);
  } catch {
    return false;
  }
}

async function isAsserted(signature, digest, key) {
  const text = new TextDecoder().decode(signature);
  const told = JSON.parse(text);
  must(canonical(told) === text, "not in canonical form");
  const authenticator = fromBase64url(told.authenticator_data);
  const client = fromBase64url(told.client_data);
  const said = JSON.parse(new TextDecoder().decode(client));
  must(same(authenticator.slice(0, 32), key.slice(65)), "another site");
  must((authenticator[32] & 5) === 5, "the user was not verified");
  must(said.type === "webauthn.get" && !said.crossOrigin, "not an assertion");
  must(same(fromBase64url(said.challenge), digest), "another challenge");
  const message = join(authenticator, await sha256(client));
  return isP256(rAndSOf(fromBase64url(told.signature)), message, key.slice(0, 65));
}

function fromBase64url(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat((4 - (text.length % 4)) % 4);
  return fromBase64(padded);
}

// DER to r and s, 32 bytes each.
function rAndSOf(der) {
  const parts = [];
  for (let at = 2; at < der.length && parts.length < 2; at += 2 + der[at + 1]) {
    const part = der.slice(at + 2, at + 2 + der[at + 1]);
    const whole = part.length > 32 ? part.slice(-32) : part;
    parts.push(join(new Uint8Array(32 - whole.length), whole));
  }
  return join(...parts);
}

// ---- the checks -----------------------------------------------------------------------------

async function ofDigest({ statement, journal, journalBytes, statementBytes }) {
  must(same(canonicalBytes(statement), statementBytes), "statement.json");
  must(same(canonicalBytes(journal), journalBytes), "journal.json");
  must(statement.journal_digest === hexOf(await sha256(journalBytes)), "journal.json");
  return hexOf(await sha256(statementBytes));
}

async function ofNote({ statement, journal, note, statementBytes }) {
  const digest = toBase64(await sha256(statementBytes));
  const expected = `trustprop/statement/${statement.compound.compound_id}\n${statement.number}\n${digest}\n`;
  must((await opened(note, journal.log_key)) === expected, "another statement");
}

async function ofEntries({ journal }) {
  const root = bytesOf(journal.root);
  let before = 0;
  for (const entry of journal.entries) {
    const leaf = await leafHash(entryBytes(journal.compound_id, entry));
    const index = entry.number - 1 - journal.previous_tree_size;
    must(entry.number > before, String(entry.number));
    if (index >= 0) {
      must(journal.leaves[index] === hexOf(leaf) && !entry.proof, String(entry.number));
    } else {
      const proof = (entry.proof ?? []).map(bytesOf);
      must(
        await isIncluded(leaf, entry.number - 1, journal.tree_size, proof, root),
        String(entry.number),
      );
    }
    before = entry.number;
  }
  return String(journal.entries.length);
}

async function ofMemos({ journal }) {
  for (const entry of journal.entries) {
    const hasMemo = typeof entry.memo === "string";
    must(hasMemo === (typeof entry.memo_opening === "string"), String(entry.number));
    if (!hasMemo) continue;
    const shown = await sha256(join(bytesOf(entry.memo_opening), utf8.encode(entry.memo)));
    must(hexOf(shown) === entry.memo_commitment, String(entry.number));
  }
}

async function ofRoot({ statement, journal }) {
  const frontier = journal.previous_frontier.map(bytesOf);
  const size = journal.previous_tree_size;
  frontier.forEach((peak, level) =>
    must(peak.length === (Math.floor(size / 2 ** level) % 2 ? 32 : 0), "the tree sealed before"),
  );
  must(frontier.length === (size ? Math.floor(Math.log2(size)) + 1 : 0), "the tree sealed before");
  must(journal.tree_size === size + journal.leaves.length, "the number of leaves");
  const before = size ? hexOf(await rootOf(frontier)) : null;
  must((statement.seal.previous_root ?? null) === before, "the root sealed before");
  must(statement.seal.previous_tree_size === size, "the root sealed before");
  const root = hexOf(await rootOf(await grown(frontier, size, journal.leaves.map(bytesOf))));
  must(root === journal.root && root === statement.seal.root, "root");
  must(statement.seal.tree_size === journal.tree_size, "the size of the tree");
  return root;
}

async function ofCheckpoint({ statement, journal }) {
  const lines = (await opened(journal.checkpoint, journal.log_key)).split("\n");
  must(lines[0] === `trustprop/journal/${statement.compound.compound_id}`, "another journal");
  must(journal.compound_id === statement.compound.compound_id, "another journal");
  must(lines[1] === String(journal.tree_size), "another size");
  must(hexOf(fromBase64(lines[2])) === journal.root, "another root");
  must(statement.seal.checkpoint === journal.checkpoint, "another checkpoint");
}

async function ofBalances({ statement, journal }) {
  must(journal.period === statement.figures.period, journal.period);
  const totals = new Map();
  const add = (fund, account, fen) =>
    totals.set(`${fund} ${account}`, (totals.get(`${fund} ${account}`) ?? 0) + fen);
  for (const balance of journal.opening) add(balance.fund, balance.account, balance.balance_fen);
  for (const entry of journal.entries) {
    const funds = new Map();
    for (const line of entry.lines) {
      funds.set(line.fund, (funds.get(line.fund) ?? 0) + line.signed_fen);
      add(line.fund, line.account, line.signed_fen);
    }
    must(entry.accounting_on.startsWith(journal.period), String(entry.number));
    must([...funds.values()].every((sum) => sum === 0), String(entry.number));
  }
  for (const balance of journal.closing) {
    const name = `${balance.fund} ${balance.account}`;
    must(totals.get(name) === balance.balance_fen, name);
    totals.delete(name);
  }
  must([...totals.values()].every((sum) => sum === 0), "an account is missing");
}

async function ofSummary({ statement }) {
  const told = statement.figures.summary;
  must(told.opening_fen + told.in_fen - told.out_fen === told.closing_fen, "summary");
}

const OFFICES = { trustee: "trustee_", owners: "committee_" };

async function checkAct(act, compound) {
  const digest = bytesOf(act.digest);
  let needed = { trustee: 1, owners: 1 };
  let document = null;
  if (act.payload !== null && act.payload !== undefined) {
    const payload = fromBase64(act.payload);
    must(same(await sha256(payload), digest), "the payload is not what was signed");
    document = JSON.parse(new TextDecoder().decode(payload));
    must(document.type === `trustprop/${act.kind}/v1`, "another act");
    must(document.compound_id === compound && document.act_id === act.act_id, "another act");
    needed = Object.fromEntries(document.required.map((rule) => [rule.party, rule.count]));
  }
  must(new Set(act.signatures.map((one) => one.key_id)).size === act.signatures.length, "one key twice");
  for (const one of act.signatures) {
    const key = bytesOf(one.public_key);
    must(one.office.startsWith(OFFICES[one.party] ?? "?"), one.office);
    must(hexOf(await sha256(key)) === one.key_id, one.key_id);
    must(await isSignedByPerson(one, digest, key), `${one.office} ${one.key_id.slice(0, 16)}`);
  }
  for (const [party, count] of Object.entries(needed)) {
    must(act.signatures.filter((one) => one.party === party).length >= count, party);
  }
  return document;
}

const isCash = (account) => account.startsWith("1001") || account.startsWith("1002");

async function ofPayments({ journal }) {
  const acts = new Map(journal.payments.map((act) => [act.entry_number, act]));
  must(acts.size === journal.payments.length, "two acts for one entry");
  for (const entry of journal.entries) {
    const banks = entry.lines.filter((line) => isCash(line.account));
    const out = -banks.reduce((sum, line) => sum + line.signed_fen, 0);
    const act = acts.get(entry.number);
    acts.delete(entry.number);
    if (!act) {
      must(out <= 0 || entry.kind === "opening", String(entry.number));
      continue;
    }
    const document = await checkAct(act, journal.compound_id);
    must(act.act_id === entry.act_id, String(entry.number));
    must(!document || document.body.amount_fen === out, String(entry.number));
  }
  must(acts.size === 0, "no such entry");
  return String(journal.payments.length);
}

async function ofClose({ statement, journal }) {
  const document = await checkAct(journal.close_act, journal.compound_id);
  must(document && journal.close_act.kind === "period-close", "not a close");
  must(document.body.period === journal.period, "period");
  must(document.body.tree_size === journal.tree_size, "tree_size");
  must(document.body.root === journal.root, "root");
  const figures = hexOf(await sha256(canonicalBytes(statement.figures)));
  must(document.body.figures_digest === figures, "figures");
  must(statement.close_act_digest === journal.close_act.digest, "digest");
}

export { isSignedByPerson, bytesOf };

export const CHECKS = [
  ["digest", ofDigest],
  ["note", ofNote],
  ["entries", ofEntries],
  ["memos", ofMemos],
  ["root", ofRoot],
  ["checkpoint", ofCheckpoint],
  ["balances", ofBalances],
  ["summary", ofSummary],
  ["payments", ofPayments],
  ["close", ofClose],
];

/** The findings in order: [{code, holds, detail}]. Raises Wrong when the bytes are no statement at all. */
export async function check(content) {
  const parts = content[0] === 0x25 ? await fromPdf(content) : fromBundle(content);
  const findings = [];
  for (const [code, look] of CHECKS) {
    try {
      findings.push({ code, holds: true, detail: (await look(parts)) ?? "" });
    } catch (error) {
      findings.push({ code, holds: false, detail: error.message });
    }
  }
  return { number: parts.statement.number, period: parts.statement.figures.period, findings };
}

function fromBundle(content) {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(content).replace(/\n$/, "");
  const document = parsed(text);
  must(canonical(document) === text, "not a statement bundle");
  return {
    ...document,
    statementBytes: canonicalBytes(document.statement),
    journalBytes: canonicalBytes(document.journal),
  };
}

function parsed(text) {
  try {
    const document = JSON.parse(text);
    must(document.statement && document.journal && typeof document.note === "string", "");
    return document;
  } catch {
    throw new Wrong("not a statement bundle");
  }
}

// The attachments of a PDF are compressed streams of their own: each is tried, and named by what it says.
async function fromPdf(content) {
  const parts = {};
  const latin = new TextDecoder("latin1").decode(content);
  for (const found of latin.matchAll(/stream\r?\n/g)) {
    if (latin.slice(found.index - 3, found.index) === "end") continue;
    const start = found.index + found[0].length;
    const told = /\/Length (\d+)(?! \d+ R)[^]*$/.exec(latin.slice(latin.lastIndexOf("obj", start), start));
    if (!told) continue;
    const stream = await inflated(content.subarray(start, start + Number(told[1])));
    if (stream) keep(parts, stream);
  }
  must(parts.statement && parts.journal && parts.note, "the attachments of a statement are missing");
  return parts;
}

function keep(parts, stream) {
  const head = new TextDecoder().decode(stream.subarray(0, 24));
  if (head.startsWith("trustprop/statement/")) parts.note = new TextDecoder().decode(stream);
  if (!head.startsWith("{")) return;
  try {
    const document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(stream));
    if (document.type === "trustprop/statement/v1")
      Object.assign(parts, { statement: document, statementBytes: stream });
    if (document.type === "trustprop/journal/v1")
      Object.assign(parts, { journal: document, journalBytes: stream });
  } catch {
    // Another stream that begins like JSON.
  }
}

async function inflated(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const chunks = [];
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) chunks.push(part.value);
  } catch {
    return null; // Not compressed in this way: a font, a picture.
  }
  return join(...chunks);
}
