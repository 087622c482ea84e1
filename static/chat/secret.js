// The button beside a secret that is shown once. It is only there where the browser lets a page write to the clipboard.
for (const box of document.querySelectorAll(".parley-secret")) {
  const button = box.querySelector("button");
  const secret = box.querySelector("code")?.textContent ?? "";
  if (!button || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(secret);
      button.textContent = button.dataset.copied ?? "";
    } catch {
      button.hidden = true; // it can still be selected
    }
  });
}
