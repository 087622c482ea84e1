// Runs before the first paint: the theme that was chosen or set, and the site owner's colours in both themes. The
// policy of the page allows no inline style; a style sheet made here is none.
(() => {
  const root = document.documentElement;
  // A frame without an origin of its own gets no modules, no socket and no storage: the page says so instead.
  if (self.origin === "null") root.dataset.sandboxed = "";
  if (parent !== window) root.dataset.framed = "";

  /** @type {Record<string, any>} */
  const { webChat } = JSON.parse(document.querySelector("#boot")?.textContent ?? "{}");
  if (!webChat) return;
  const usual = ["light", "dark"].includes(webChat.defaultThemeMode) ? webChat.defaultThemeMode : "";
  const theme = chosen() ?? usual;
  if (theme && theme !== "system") root.dataset.theme = theme;
  const sheet = new CSSStyleSheet();
  const light = rules("light", webChat.theme ?? {});
  const dark = rules("dark", { primaryColor: webChat.theme?.primaryColor, ...webChat.darkTheme });
  sheet.replaceSync(
    [
      ...light.map(({ on, style }) => `:root${on} { ${style} }`),
      "@media (prefers-color-scheme: dark) {",
      ...light.map(({ on, style }) => `:root[data-theme="light"]${on} { ${style} }`),
      ...dark.map(({ on, style }) => `:root:not([data-theme="light"])${on} { ${style} }`),
      "}",
      ...dark.map(({ on, style }) => `:root[data-theme="dark"]${on} { ${style} }`),
    ].join("\n"),
  );
  document.adoptedStyleSheets = [sheet];

  function chosen() {
    try {
      return webChat.enableThemeModeToggle ? localStorage.getItem(`parley.theme.${webChat.id}`) : null;
    } catch {
      return null; // Storage may be refused; then the usual theme is used.
    }
  }

  /**
   * @param {"light" | "dark"} scheme @param {Record<string, any>} theme
   * @returns {{on: string, style: string}[]}
   */
  function rules(scheme, theme) {
    const { TOKENS, parse, known, mix, opposite, pair, planesOn, accentOn } = parleyColours;
    const tokens = TOKENS[scheme];
    const [wanted, ground] = [parse(theme.primaryColor), parse(theme.conversationBackgroundColor)];
    const accent = wanted ?? known(tokens.accent);
    const bg = ground ?? known(tokens.ground);
    const all = [];
    if (ground) {
      const planes = planesOn(ground, null);
      all.push({ on: "", style: `color-scheme: ${planes.scheme}; ${declared(planes.colours)}` });
    }
    if (wanted || ground) all.push({ on: "", style: declared(accentOn(accent, bg)) });

    const barInk = parse(theme.navbarTextColor);
    if (barInk) {
      const [bar, ink] = pair(accent, barInk);
      all.push({ on: "", style: declared({ bar, "bar-text": ink, "bar-hover": mix(bar, opposite(ink), 0.12) }) });
    }
    const [own, ownInk] = [parse(theme.userMessageBackgroundColor), parse(theme.userMessageTextColor)];
    if (own || ownInk) {
      const plane = own ?? mix(bg, opposite(bg), 0.05);
      const [bubble, ink] = pair(plane, ownInk ?? opposite(plane));
      all.push({ on: " .bubble", style: `background: ${css(bubble)}; color: ${css(ink)}` });
    }
    if (theme.userMessageBackgroundShadowEnabled) all.push({ on: " .bubble", style: "box-shadow: var(--shadow-1)" });
    const [reply, replyInk] = [parse(theme.chatbotMessageBackgroundColor), parse(theme.chatbotMessageTextColor)];
    if (reply || replyInk) all.push({ on: " .msg--reply > .prose", style: boxed(reply, replyInk, bg, accent) });
    if (theme.chatbotMessageBackgroundShadowEnabled && reply) {
      all.push({ on: " .msg--reply > .prose", style: "box-shadow: var(--shadow-1)" });
    }
    return all;
  }

  /**
   * A reply on a ground of its own has all that stands on it again, readable there.
   *
   * @param {any} reply @param {any} ink @param {any} bg @param {any} accent
   */
  function boxed(reply, ink, bg, accent) {
    const { planesOn, accentOn, readable } = parleyColours;
    if (!reply) return `color: ${css(readable(ink, [bg]))}`;
    const { colours } = planesOn(reply, ink);
    const box = "padding: var(--space-3) var(--space-4); border-radius: var(--radius-xs) var(--radius-xl) var(--radius-xl)";
    return `${declared({ ...colours, ...accentOn(accent, reply) })}; ${box}; background: var(--color-bg); color: var(--color-text)`;
  }

  /** @param {Record<string, any>} colours */
  function declared(colours) {
    return Object.entries(colours)
      .map(([name, colour]) => `--${name}: ${css(colour)}`)
      .join("; ");
  }

  /** @param {any} colour */
  function css(colour) {
    return parleyColours.css(colour);
  }
})();
