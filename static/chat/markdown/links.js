// @ts-check
/** Links: a new tab that knows nothing of this one, and the true address on hover. */

/** @param {ParentNode} root */
export function dressLinks(root) {
  for (const link of root.querySelectorAll("a")) {
    if (!link.hasAttribute("href")) {
      link.replaceWith(...link.childNodes);
      continue;
    }
    link.rel = "noopener noreferrer nofollow";
    link.target = "_blank";
    link.title = link.href;
  }
}
