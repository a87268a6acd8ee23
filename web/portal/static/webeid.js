// The page's side of Web eID: it asks the browser's extension for what an
// ID-card can do, and hands back what the card said. Nothing is judged here; the
// server believes none of it before it has verified it.
//
// Every function returns a promise. It fails with a WebEidError whose code is
// one of those of Web eID (ERR_WEBEID_…). Options, all optional:
//   lang                    language of the app's window, such as "et"
//   userInteractionTimeout  how long a person may take, in ms (two minutes)

// The version of the protocol that is spoken here; extension and app must have
// the same major version.
const VERSION = "2.1.0";

// Times, in ms.
const LOADING = 1000; // after the page was loaded, until the extension listens
const ACK = 1000; // until the extension says that it is there
const APP = 5000; // until the extension has started the app
const USER = 120000; // until the person has found card and PIN

const CODES = new Set([
  "ACTION_TIMEOUT", "USER_TIMEOUT", "VERSION_MISMATCH", "VERSION_INVALID", "EXTENSION_UNAVAILABLE",
  "NATIVE_UNAVAILABLE", "UNKNOWN_ERROR", "CONTEXT_INSECURE", "USER_CANCELLED", "NATIVE_INVALID_ARGUMENT",
  "NATIVE_FATAL", "ACTION_PENDING", "MISSING_PARAMETER",
].map((c) => "ERR_WEBEID_" + c));

export class WebEidError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "WebEidError";
    this.code = CODES.has(code) ? code : "ERR_WEBEID_UNKNOWN_ERROR";
  }
}

// Actions that wait for an answer: one of each kind at a time.
const pending = new Set();

// status returns {library, extension, nativeApp}: the versions that are installed.
export async function status(options) {
  const versions = await ask("status", {}, options, 0);
  for (const v of [versions.extension, versions.nativeApp]) {
    const parts = /^v?(\d+)\.\d+\.\d+/.exec(v);
    if (!parts) throw new WebEidError("ERR_WEBEID_VERSION_INVALID", "a version that cannot be read");
    if (parts[1] !== VERSION.split(".")[0]) throw new WebEidError("ERR_WEBEID_VERSION_MISMATCH", "another major version");
  }
  return versions;
}

// authenticate asks for PIN1 and returns the token for the server.
export function authenticate(challengeNonce, options) {
  return ask("authenticate", { challengeNonce }, options, 1);
}

// getSigningCertificate returns {certificate, supportedSignatureAlgorithms}.
export function getSigningCertificate(options) {
  return ask("get-signing-certificate", {}, options, 2);
}

// sign asks for PIN2 and returns {signature, signatureAlgorithm}. The first two
// arguments are base64, the third is a name such as "SHA-384".
export function sign(certificate, hash, hashFunction, options) {
  return ask("sign", { certificate, hash, hashFunction }, options, 2);
}

// ask sends one request; a person gets so many times the time of the options.
async function ask(name, fields, options = {}, times) {
  if (!window.isSecureContext) {
    throw new WebEidError("ERR_WEBEID_CONTEXT_INSECURE", "the page was not loaded by https");
  }
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value !== "string" || value === "") {
      throw new WebEidError("ERR_WEBEID_MISSING_PARAMETER", field + " is missing");
    }
  }
  if (pending.has(name)) {
    throw new WebEidError("ERR_WEBEID_ACTION_PENDING", name + " is not answered yet");
  }
  pending.add(name);
  try {
    await extensionLoaded();
    const { lang, userInteractionTimeout = USER } = options;
    const message = { action: "web-eid:" + name, libraryVersion: VERSION, ...fields, options: { userInteractionTimeout } };
    if (lang) message.options.lang = lang;
    return await exchange(message, ACK + APP + times * userInteractionTimeout, times > 0);
  } finally {
    pending.delete(name);
  }
}

// extensionLoaded waits until an extension that is installed listens.
async function extensionLoaded() {
  if (document.readyState !== "complete") {
    await new Promise((done) => window.addEventListener("load", done, { once: true }));
  }
  const loaded = performance.getEntriesByType("navigation")[0]?.domContentLoadedEventEnd ?? 0;
  const rest = loaded + LOADING - performance.now();
  if (rest > 0) await new Promise((done) => setTimeout(done, rest));
}

// exchange posts a message and waits for its answer, ms at most.
function exchange(message, ms, user) {
  return new Promise((resolve, reject) => {
    const fail = (code, text) => finish(reject, new WebEidError("ERR_WEBEID_" + code, text));
    const timers = [
      setTimeout(() => fail("EXTENSION_UNAVAILABLE", "no extension answers"), ACK),
      setTimeout(() => fail(user ? "USER_TIMEOUT" : "ACTION_TIMEOUT", "no answer in time"), ms),
    ];
    const finish = (settle, value) => {
      timers.forEach(clearTimeout);
      window.removeEventListener("message", heard);
      settle(value);
    };
    const heard = (event) => {
      // The extension's script speaks from within this window, and to it alone.
      if (event.source !== window || event.origin !== window.location.origin) return;
      const { action, error, ...fields } = event.data ?? {};
      switch (action) {
        case message.action + "-ack":
          clearTimeout(timers[0]);
          break;
        case message.action + "-success":
          finish(resolve, fields);
          break;
        case message.action + "-failure":
          finish(reject, new WebEidError(error?.code, String(error?.message ?? "")));
          break;
      }
    };
    window.addEventListener("message", heard);
    window.postMessage(message, window.location.origin);
  });
}
