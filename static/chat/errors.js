// @ts-check
/** What each error code means, in words: what happened and what is safe. */

import { soonTime } from "./days.js";

/** @import { Message, Pause, Problem, ReplyError } from "./types.js" */

/**
 * Why a reply ended without being complete. The wording depends on whether a part of it can be read.
 *
 * @param {ReplyError} error
 * @param {boolean} partial
 */
export function replySentence(error, partial) {
  const sentences = partial ? partialSentences() : emptySentences();
  const reason = sentences[error.code] ?? (error.message || sentences.internal || "");
  if (!error.until || error.until < Date.now()) return reason;
  return interpolate(gettext("%(reason)s Try again after %(time)s."), { reason, time: soonTime(error.until) }, true);
}

/** Why the model is asked again, and within what time: that stays true while it passes. @param {Pause} pause */
export function pauseSentence({ code, until }) {
  const reason = pauses()[code] ?? gettext("The model did not answer.");
  const seconds = Math.ceil((until - Date.now()) / 1000);
  const sentence = seconds > 0 ? gettext("%(reason)s Trying again within %(seconds)s s.") : gettext("%(reason)s Trying again…");
  return interpolate(sentence, { reason, seconds }, true);
}

/** How a reply ended, to be heard. @param {Message} message */
export function outcomeSentence({ reply, content }) {
  if (reply?.state === "complete") return gettext("Reply finished");
  if (reply?.state === "stopped") return gettext("Reply stopped");
  const partial = content !== "";
  const title = partial ? gettext("The reply was interrupted") : gettext("No reply came");
  return reply?.error ? `${title}. ${replySentence(reply.error, partial)}` : title;
}

/** Why a message of one's own was not accepted. @param {Problem} problem */
export function refusalSentence(problem) {
  const sentences = refusals();
  return sentences[problem.code] ?? (problem.message || sentences.internal || "");
}

/** Why a request of the page failed: renaming, deleting, rating, loading. @param {Problem} problem */
export function requestSentence(problem) {
  /** @type {Record<string, string>} */
  const sentences = {
    offline: gettext("The server cannot be reached."),
    signed_out: gettext("You are logged out. Reload the page to log in."),
    not_found: gettext("You no longer have access to this conversation."),
    forbidden: gettext("You are not allowed to do this."),
    rate_limited: waitSentence(problem),
    daily_limit: gettext("This chat takes no more messages from you today. Try again tomorrow."),
    storage_busy: gettext("The server is busy. Try again in a moment."),
    storage_full: gettext("The server has no space left to save this."),
    conflict: gettext("Somebody else changed this first. Reload and try again."),
    token_refused: gettext("This browser is no longer known here. You can begin anew."),
    identity_refused: gettext("This site could not say who you are. Log in there again."),
    identity_required: gettext("Log in on this site to chat here."),
    closed: gettext("This chat is closed at the moment."),
    frame_refused: gettext("The chat cannot be shown on this site."),
    internal: gettext("Something went wrong on the server."),
  };
  return sentences[problem.code] ?? (problem.message || sentences.internal || "");
}

/** @param {number} bytes By how much a message is over the limit. @param {boolean} files Whether files are taken. */
export function tooLongSentence(bytes, files) {
  const size = Math.ceil(bytes / 1024);
  const sentence = files
    ? gettext("This message is %(size)s KB too long. Shorten it, or attach it as a file.")
    : gettext("This message is %(size)s KB too long. Shorten it, or send it in parts.");
  return interpolate(sentence, { size }, true);
}

/** @param {number} count By how many characters a message is over the limit. */
export function tooManyCharactersSentence(count) {
  return interpolate(
    ngettext(
      "This message is %(count)s character too long. Shorten it, or send it in parts.",
      "This message is %(count)s characters too long. Shorten it, or send it in parts.",
      count,
    ),
    { count },
    true,
  );
}

/** @param {Problem} problem */
function waitSentence({ retryAfter }) {
  if (!retryAfter) return gettext("That was many messages at once. Wait a moment and send again.");
  const seconds = Math.ceil(retryAfter);
  return interpolate(
    ngettext(
      "That was many messages at once. You can send again in %(seconds)s second.",
      "That was many messages at once. You can send again in %(seconds)s seconds.",
      seconds,
    ),
    { seconds },
    true,
  );
}

/** @returns {Record<string, string>} */
function partialSentences() {
  return {
    upstream_unreachable: gettext("The model could no longer be reached. What you see above is saved."),
    upstream_timeout: gettext("The model took too long. What you see above is saved."),
    upstream_timeout_first: gettext("The model took too long. What you see above is saved."),
    upstream_stalled: gettext("The model stopped part-way. What you see above is saved."),
    upstream_cut: gettext("The connection to the model was cut part-way. What you see above is saved."),
    upstream_bad_data: gettext("The model sent something that cannot be read. What you see above is saved."),
    upstream_busy: gettext("The model is busy. What you see above is saved."),
    upstream_error: gettext("The model reported an error part-way. What you see above is saved."),
    upstream_too_long: gettext("The reply reached its greatest length. What you see above is saved."),
    worker_lost: gettext("The server restarted part-way. What you see above is saved."),
    storage_busy: gettext("The server could not save the rest. What you see above is saved."),
    storage_full: gettext("The server has no space left for the rest. What you see above is saved."),
    internal: gettext("Something went wrong on the server. What you see above is saved."),
  };
}

/** @returns {Record<string, string>} */
function emptySentences() {
  return {
    upstream_unreachable: gettext("The model could not be reached. Your message is saved."),
    upstream_timeout: gettext("The model took too long. Your message is saved."),
    upstream_timeout_first: gettext("The model did not begin to answer in time. Your message is saved."),
    upstream_stalled: gettext("The model stopped before its first word. Your message is saved."),
    upstream_cut: gettext("The connection to the model was cut. Your message is saved."),
    upstream_bad_data: gettext("The model sent something that cannot be read. Your message is saved."),
    upstream_busy: gettext("The model is busy at the moment. Your message is saved."),
    upstream_error: gettext("The model reported an error. Your message is saved."),
    upstream_too_long: gettext("The reply would have been too long. Your message is saved."),
    daily_limit: gettext("This chat has answered as much today as it can. Your message is saved."),
    worker_lost: gettext("The server restarted before the first word. Your message is saved."),
    storage_busy: gettext("The server could not save a reply. Your message is saved."),
    storage_full: gettext("The server has no space left for a reply. Your message is saved."),
    internal: gettext("Something went wrong on the server. Your message is saved."),
  };
}

/** @returns {Record<string, string>} */
function pauses() {
  return {
    upstream_busy: gettext("The model is busy."),
    upstream_error: gettext("The model is not ready."),
    upstream_unreachable: gettext("The model cannot be reached."),
    upstream_cut: gettext("The connection to the model was cut."),
  };
}

/** @returns {Record<string, string>} */
function refusals() {
  return {
    too_large: gettext("This message is too long. Shorten it and send it again."),
    rate_limited: gettext("That was many messages at once. Your message waits here and is sent again."),
    daily_limit: gettext("This chat takes no more messages from you today. Your message is kept here: send it tomorrow."),
    storage_busy: gettext("The server is busy saving. Your message waits here and is sent again."),
    storage_full: gettext("The server has no space left. Your message waits here and is sent again."),
    slow_consumer: gettext("The connection was too slow. Your message waits here and is sent again."),
    forbidden: gettext("You are not allowed to write in this conversation. Your message is kept here."),
    chatbot_off: gettext("This chatbot is switched off. Your message is kept here."),
    not_found: gettext("You no longer have access to this conversation. Your message is kept here."),
    bad_request: gettext("The server could not read this message. It is kept here."),
    conflict: gettext("Somebody else changed this first. Your message is kept here."),
    internal: gettext("Something went wrong on the server. Your message is kept here."),
  };
}
