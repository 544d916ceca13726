// Keeps the preview in step with what is typed. Without scripts its button does the same.
const form = document.querySelector("[data-previews]");
const shown = form.querySelector("[data-preview]");
let waiting;
let asking = new AbortController();

async function preview() {
  asking.abort();
  asking = new AbortController();
  const fields = new FormData(form);
  fields.set("do", "preview");
  try {
    const options = { method: "POST", body: new URLSearchParams(fields), signal: asking.signal };
    const answer = await fetch(location.href, options);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-preview]");
    if (fresh) shown.replaceChildren(...fresh.childNodes);
  } catch {
    // Overtaken by the next one, or the app restarts: what is shown stays.
  }
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(preview, 150);
});
for (const button of form.querySelectorAll("button[value=preview]")) button.hidden = true;
