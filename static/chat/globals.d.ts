/** Django's JavaScriptCatalog, which every page loads before its modules. */
declare function gettext(text: string): string;
declare function pgettext(context: string, text: string): string;
declare function ngettext(one: string, many: string, count: number): string;
declare function interpolate(format: string, values: readonly unknown[]): string;
declare function interpolate(format: string, values: Readonly<Record<string, unknown>>, named: true): string;
