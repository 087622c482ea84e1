// An untranslated catalogue, as Django serves it.
globalThis.gettext = (text) => text;
globalThis.ngettext = (one, many, count) => (count === 1 ? one : many);
globalThis.interpolate = (format, values, named) =>
  named ? format.replace(/%\((\w+)\)s/g, (_, name) => values[name]) : format.replace(/%s/g, () => values.shift());
