// @ts-check
/** Days as people name them, in the reader's own time zone. */


const DAY = 24 * 60 * 60 * 1000;

/** Midnight of a moment's day. @param {number} moment */
function midnight(moment) {
  return new Date(moment).setHours(0, 0, 0, 0);
}

/** Days between two moments by the calendar; a day of 23 or 25 hours counts as one. @param {number} from @param {number} to */
function daysBetween(from, to) {
  return Math.round((midnight(to) - midnight(from)) / DAY);
}

/** The sidebar's group of a moment. @param {number} moment @param {number} [now] */
export function groupOf(moment, now = Date.now()) {
  const days = daysBetween(moment, now);
  if (days <= 0) return gettext("Today");
  if (days === 1) return gettext("Yesterday");
  return days <= 7 ? gettext("Previous 7 days") : gettext("Older");
}

/** The name of a moment's day in the thread. @param {number} moment @param {number} [now] */
export function dayOf(moment, now = Date.now()) {
  const days = daysBetween(moment, now);
  if (days <= 0) return gettext("Today");
  if (days === 1) return gettext("Yesterday");
  const sameYear = new Date(moment).getFullYear() === new Date(now).getFullYear();
  return new Date(moment).toLocaleDateString(document.documentElement.lang, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

/** A time of today by its hour, any other with its day. @param {number} moment @param {number} [now] */
export function soonTime(moment, now = Date.now()) {
  if (daysBetween(moment, now) !== 0) return exactTime(moment);
  return new Date(moment).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
}

/** The exact time, for a tooltip. @param {number} moment */
export function exactTime(moment) {
  return new Date(moment).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
}
