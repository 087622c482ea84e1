// Runs before the first paint, as a classic script: a module would come too late. Makes of the few colours that a site
// owner chose all those that the page needs, readable as WCAG 2.2 AA asks; `dress.js` puts them on the page.

var parleyColours = (() => {
  /** @typedef {[number, number, number]} Colour */

  const BLACK = /** @type {Colour} */ ([0, 0, 0]);
  const WHITE = /** @type {Colour} */ ([255, 255, 255]);
  const TEXT = 4.5;
  const EDGE = 3;
  const A_LITTLE = 0.25;
  /** So that what is rounded keeps it. */
  const A_HAIR = 0.05;

  /** What tokens.css has for either kind of ground. */
  const TOKENS = {
    light: {
      ground: "#ffffff",
      ink: "#1f1e1c",
      accent: "#2c56b0",
      meanings: { danger: "#b3261e", warning: "#7d4e00", success: "#1c6e40" },
      code: { keyword: "#85307f", string: "#1c6e40", number: "#8f4700", function: "#2c56b0", comment: "#67655e" },
    },
    dark: {
      ground: "#1a1a18",
      ink: "#e9e8e3",
      accent: "#93b3f6",
      meanings: { danger: "#f39a91", warning: "#e2b765", success: "#82c99a" },
      code: { keyword: "#dba5d7", string: "#8fcfa4", number: "#e2b765", function: "#93b3f6", comment: "#97958d" },
    },
  };

  const pen = document.createElement("canvas").getContext("2d");

  /** Whatever CSS takes for a colour; null for anything else. @param {unknown} value @returns {Colour | null} */
  function parse(value) {
    if (!pen || typeof value !== "string") return null;
    pen.fillStyle = "#010203";
    pen.fillStyle = value;
    const plain = String(pen.fillStyle);
    if (plain === "#010203") return null;
    const hex = /^#(..)(..)(..)$/.exec(plain);
    if (hex) return /** @type {Colour} */ (hex.slice(1).map((pair) => parseInt(pair, 16)));
    const [red, green, blue] = plain.startsWith("rgba(") ? plain.slice(5).split(",").map(Number) : [];
    return red === undefined || green === undefined || blue === undefined ? null : [red, green, blue];
  }

  /** @param {string} value One of our own. */
  const known = (value) => /** @type {Colour} */ (parse(value));

  /** @param {Colour} colour */
  const css = (colour) => `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

  /** @param {Colour} from @param {Colour} to @param {number} share */
  const mix = (from, to, share) =>
    /** @type {Colour} */ (from.map((part, at) => part + ((to[at] ?? 0) - part) * share));

  /** @param {Colour} colour */
  function luminance(colour) {
    const [red = 0, green = 0, blue = 0] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  /** @param {Colour} one @param {Colour} other */
  function contrast(one, other) {
    const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  /** Black or white, whichever is read better on it. @param {Colour} ground */
  const opposite = (ground) => (contrast(WHITE, ground) >= contrast(BLACK, ground) ? WHITE : BLACK);

  /**
   * The colour, or the nearest to it that can be read on all the grounds, which are alike.
   *
   * @param {Colour} colour @param {Colour[]} grounds @param {number} [least]
   */
  function readable(colour, grounds, least = TEXT) {
    const end = opposite(grounds[0] ?? WHITE);
    for (let share = 0; share < 1; share += 0.02) {
      const found = /** @type {Colour} */ (mix(colour, end, share).map(Math.round));
      if (grounds.every((ground) => contrast(found, ground) >= least + A_HAIR)) return found;
    }
    return end;
  }

  /**
   * Some of a colour on a ground, or less of it: one between black and white leaves little room for others to read on.
   *
   * @param {Colour} ground @param {Colour} colour @param {number} share
   */
  function tinted(ground, colour, share) {
    const end = opposite(ground);
    while (share > 0 && contrast(end, mix(ground, colour, share)) < TEXT + A_HAIR) share -= 0.01;
    return mix(ground, colour, Math.max(0, share));
  }

  /**
   * A ground and the ink on it, both chosen: the ground gives way a little, or else the ink gives way.
   *
   * @param {Colour} ground @param {Colour} ink
   * @returns {[Colour, Colour]}
   */
  function pair(ground, ink) {
    const nearer = mix(ground, opposite(ink), A_LITTLE);
    if (contrast(nearer, ink) < TEXT) return [ground, readable(ink, [ground])];
    return [readable(ground, [ink]), ink];
  }

  /**
   * All that stands on a ground of the site owner's.
   *
   * @param {Colour} ground @param {Colour | null} wish The ink.
   */
  function planesOn(ground, wish) {
    const scheme = opposite(ground) === BLACK ? "light" : "dark";
    const { ink, meanings, code } = TOKENS[scheme];
    const end = opposite(ground);
    const plane = (/** @type {number} */ share) => tinted(ground, end, share);
    const planes = { surface: plane(0.03), bubble: plane(0.05), hover: plane(0.07), active: plane(0.11) };
    const text = readable(wish ?? known(ink), [ground, planes.active]);
    /** @type {Record<string, Colour>} */
    const colours = {
      "color-bg": ground,
      "color-raised": scheme === "light" ? ground : plane(0.04),
      "color-text": text,
      "color-muted": readable(mix(text, ground, 0.34), [ground, planes.active]),
      "color-border": plane(0.13),
      "color-border-strong": readable(plane(0.4), [ground, planes.surface], EDGE),
    };
    for (const [name, colour] of Object.entries(planes)) colours[`color-${name}`] = colour;
    for (const [name, value] of Object.entries(meanings)) {
      const soft = tinted(ground, known(value), 0.1);
      const found = readable(known(value), [ground, soft, planes.hover]);
      Object.assign(colours, { [`color-${name}`]: found, [`color-${name}-soft`]: soft });
    }
    colours["color-danger-contrast"] = opposite(colours["color-danger"] ?? BLACK);
    colours["color-danger-hover"] = mix(colours["color-danger"] ?? BLACK, end, 0.15);
    for (const [name, value] of Object.entries(code)) colours[`code-${name}`] = readable(known(value), [planes.surface]);
    return { scheme, colours };
  }

  /** @param {Colour} wish @param {Colour} ground */
  function accentOn(wish, ground) {
    const end = opposite(ground);
    const soft = tinted(ground, wish, 0.1);
    const accent = readable(wish, [ground, soft, tinted(ground, end, 0.07)]);
    const on = opposite(accent);
    return {
      "color-accent": accent,
      "color-accent-hover": mix(accent, on === WHITE ? BLACK : WHITE, 0.18),
      "color-accent-contrast": on,
      "color-accent-soft": soft,
      "color-focus": accent,
    };
  }

  return { TOKENS, parse, known, css, mix, opposite, pair, readable, planesOn, accentOn };
})();
