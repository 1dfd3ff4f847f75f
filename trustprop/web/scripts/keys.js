// Signing keys of this browser: passkeys, or a key that scripts can use and nobody can read.
// A page marks what it wants with data-sign (a form to sign with) or data-enrol (a form to enrol with).

const STORE = "trustprop-keys";

const hexOf = (bytes) => Array.from(new Uint8Array(bytes), (one) => one.toString(16).padStart(2, "0")).join("");
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const sha256 = (bytes) => crypto.subtle.digest("SHA-256", bytes);
const utf8 = (text) => new TextEncoder().encode(text);

function opened() {
  return new Promise((done, failed) => {
    const request = indexedDB.open(STORE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("keys");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

async function stored(mode, work) {
  const database = await opened();
  return new Promise((done, failed) => {
    const request = work(database.transaction("keys", mode).objectStore("keys"));
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

// RFC 8785 of a flat object of texts.
function canonical(told) {
  const names = Object.keys(told).sort();
  return utf8(`{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(told[name])}`).join(",")}}`);
}

async function assertion(challenge, credentialIds) {
  const found = await navigator.credentials.get({
    publicKey: {
      challenge,
      allowCredentials: credentialIds.map((id) => ({ type: "public-key", id: bytesOf(id) })),
      userVerification: "required",
      timeout: 120_000,
    },
  });
  const { authenticatorData, clientDataJSON, signature } = found.response;
  return {
    credentialId: hexOf(found.rawId),
    signature: canonical({
      authenticator_data: base64url(authenticatorData),
      client_data: base64url(clientDataJSON),
      signature: base64url(signature),
    }),
  };
}

async function p256(privateKey, digest) {
  return crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, digest);
}

async function sign(form) {
  const digest = bytesOf(form.dataset.digest);
  const keys = JSON.parse(form.dataset.keys);
  for (const key of keys.filter((one) => one.scheme === "p256")) {
    const privateKey = await stored("readonly", (store) => store.get(key.key_id));
    if (privateKey) return { key_id: key.key_id, signature: base64(await p256(privateKey, digest)) };
  }
  const passkeys = keys.filter((one) => one.scheme === "webauthn");
  if (!passkeys.length || !window.PublicKeyCredential) throw new Error(form.dataset.none);
  const made = await assertion(digest, passkeys.map((one) => one.credential_id));
  const key = passkeys.find((one) => one.credential_id === made.credentialId);
  return { key_id: key.key_id, signature: base64(made.signature) };
}

async function claim(form, scheme, publicKey) {
  return sha256(
    canonical({
      type: "trustprop/key-possession/v1",
      compound_id: form.dataset.compound,
      person_id: form.dataset.person,
      scheme,
      public_key: hexOf(publicKey),
    }),
  );
}

async function enrolPasskey(form) {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      rp: { name: form.dataset.name },
      user: {
        id: await sha256(utf8(`${form.dataset.compound}/${form.dataset.person}`)),
        name: form.dataset.login,
        displayName: form.dataset.login,
      },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
      timeout: 120_000,
    },
  });
  const point = new Uint8Array(made.response.getPublicKey()).slice(-65);
  const site = await sha256(utf8(location.hostname));
  const publicKey = new Uint8Array([...point, ...new Uint8Array(site)]);
  const digest = await claim(form, "webauthn", publicKey);
  const proof = await assertion(digest, [hexOf(made.rawId)]);
  return {
    scheme: "webauthn",
    public_key: base64(publicKey),
    proof: base64(proof.signature),
    credential_id: base64(made.rawId),
  };
}

async function enrolBrowser(form) {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const digest = await claim(form, "p256", publicKey);
  const proof = await p256(pair.privateKey, digest);
  const keyId = hexOf(await sha256(publicKey));
  await stored("readwrite", (store) => store.put(pair.privateKey, keyId));
  return { scheme: "p256", public_key: base64(publicKey), proof: base64(proof) };
}

function send(form, fields) {
  for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
  form.requestSubmit();
}

function when(selector, event, work) {
  for (const form of document.querySelectorAll(selector)) {
    for (const button of form.querySelectorAll("button[data-how]")) {
      button.addEventListener(event, async () => {
        const told = form.querySelector("[data-told]");
        told.textContent = "";
        button.disabled = true;
        try {
          send(form, await work(form, button.dataset.how));
        } catch (error) {
          told.textContent = `${form.dataset.failed} (${error.message})`;
        }
        button.disabled = false;
      });
    }
  }
}

when("form[data-sign]", "click", sign);
when("form[data-enrol]", "click", (form, how) =>
  how === "passkey" ? enrolPasskey(form) : enrolBrowser(form),
);
