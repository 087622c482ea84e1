// @ts-check

const PATIENCE = 10 * 60_000;

/**
 * Send a form, and hear how much of it is on its way, which `fetch` does not tell. Rejects when no answer comes, or
 * when it is given up.
 *
 * @param {string} address
 * @param {object} options
 * @param {Headers} options.headers
 * @param {FormData} options.form
 * @param {(part: number) => void} options.onProgress From 0 to 1.
 * @param {AbortSignal} options.signal
 * @returns {Promise<Response>}
 */
export function sendForm(address, { headers, form, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.timeout = PATIENCE;
    for (const [name, value] of headers) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => resolve(answerOf(request));
    request.onerror = request.ontimeout = request.onabort = () => reject(new Error("no answer"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/** @param {XMLHttpRequest} request */
function answerOf(request) {
  const headers = new Headers();
  for (const name of ["content-type", "retry-after"]) {
    const value = request.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(request.responseText || null, { status: request.status, headers });
}
