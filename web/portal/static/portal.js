// What the pages with a card do: ask the card, put its answer into the form, send
// the form. Everything else works without a script.
import { authenticate, getSigningCertificate, sign, WebEidError } from "./webeid.js";

const asks = {
  login: (d, o) => authenticate(d.nonce, o),
  offer: (d, o) => getSigningCertificate(o),
  sign: (d, o) => sign(d.certificate, d.hash, d.function, o),
};
const fields = { login: "token", offer: "offer", sign: "reply" };

// say shows one line of what the card is doing; "" none.
function say(line) {
  for (const p of document.querySelectorAll("[data-status]")) p.hidden = p.dataset.status !== line;
}

// told names the line for a failure.
function told(error) {
  const code = error instanceof WebEidError ? error.code : "";
  if (code === "ERR_WEBEID_EXTENSION_UNAVAILABLE" || code === "ERR_WEBEID_NATIVE_UNAVAILABLE") return "absent";
  if (code === "ERR_WEBEID_USER_CANCELLED" || code === "ERR_WEBEID_USER_TIMEOUT") return "cancelled";
  return "failed";
}

async function run(form, button) {
  const action = form.dataset.card;
  button.setAttribute("aria-disabled", "true");
  say("wait");
  try {
    const got = await asks[action](form.dataset, { lang: form.dataset.lang });
    form.elements[fields[action]].value = JSON.stringify(got);
    form.submit();
  } catch (error) {
    say(told(error));
    button.removeAttribute("aria-disabled");
  }
}

for (const form of document.querySelectorAll("form[data-card]")) {
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") !== "true") run(form, button);
  });
  if (form.dataset.auto) run(form, button);
}
