// @ts-check
/** Small pictures of the files that were chosen here, as data URLs: the page's policy allows no others of them. */

/** Twice the largest size at which they are shown. */
const HEIGHT = 400;

/** @type {Map<string, string>} */
const made = new Map();

/** Empty: there is none. @param {string} id A file's here, or the attachment's that it has become. */
export function thumbnail(id) {
  return made.get(id) ?? "";
}

/** Empty for what is no picture that this browser can show. @param {string} id @param {File} file */
export async function makeThumbnail(id, file) {
  if (!file.type.startsWith("image/")) return "";
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, HEIGHT / bitmap.height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    made.set(id, canvas.toDataURL("image/webp", 0.8));
  } catch {
    return "";
  }
  return thumbnail(id);
}

/** The file has become an attachment: it need not be fetched to be shown. @param {string} id @param {string} attachment */
export function renameThumbnail(id, attachment) {
  const found = made.get(id);
  if (found) made.set(attachment, found);
}
