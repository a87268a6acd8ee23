// What the extension's script does in each page: it hears the requests of Web
// eID, acknowledges them, and posts what the card answers. The origin is the
// browser's word, never the page's.
window.addEventListener("message", async (event) => {
  const action = event.data?.action;
  if (event.source !== window || typeof action !== "string" || !action.startsWith("web-eid:")) return;
  if (/-(ack|success|failure)$/.test(action)) return;
  const post = (message) => window.postMessage(message, event.origin);
  const reply = await window.virtualCard({ message: JSON.stringify(event.data), origin: location.origin });
  if (reply.ack) post({ action: action + "-ack" });
  if (reply.answer) post(JSON.parse(reply.answer));
});
