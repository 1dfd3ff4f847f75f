// The page around the check: fetches the statement or takes a file, and says in words what holds.
import { check } from "./check.js";

const page = document.querySelector("#check");
const words = JSON.parse(page.dataset.words);
const list = page.querySelector("#findings");
const verdict = page.querySelector("#verdict");
const again = page.querySelector("#again");

function say(kind, text) {
  verdict.className = kind;
  verdict.textContent = text;
}

async function judge(content) {
  list.replaceChildren();
  say("busy", words.busy);
  try {
    const report = await check(content);
    for (const { code, holds, detail } of report.findings) {
      const item = document.createElement("li");
      item.className = holds ? "holds" : "fails";
      item.textContent = `${holds ? "✓" : "✗"} ${words[code]}`;
      if (detail) {
        const small = document.createElement("span");
        small.className = "mono quiet";
        small.textContent = ` ${detail}`;
        item.append(small);
      }
      list.append(item);
    }
    const odd = report.findings.filter((finding) => !finding.holds).length;
    say(odd ? "bad" : "good", `${report.number} · ${report.period}: ${odd ? words.bad : words.good}`);
  } catch (error) {
    say("bad", `${words.unreadable} (${error.message})`);
  }
}

async function fetched() {
  say("busy", words.fetching);
  let answer;
  try {
    answer = await fetch(page.dataset.bundle, { credentials: "omit" });
    if (!answer.ok) throw new Error(String(answer.status));
    answer = new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    say("unknown", `${words.network} (${error.message})`);
    again.hidden = false;
    return;
  }
  again.hidden = true;
  await judge(answer);
}

async function taken(file) {
  if (file) await judge(new Uint8Array(await file.arrayBuffer()));
}

if (!globalThis.crypto?.subtle) {
  say("unknown", words.browser);
} else {
  page.querySelector("#file").addEventListener("change", (event) => taken(event.target.files[0]));
  page.addEventListener("dragover", (event) => event.preventDefault());
  page.addEventListener("drop", (event) => {
    event.preventDefault();
    taken(event.dataTransfer.files[0]);
  });
  again.addEventListener("click", fetched);
  if (page.dataset.bundle) fetched();
}
