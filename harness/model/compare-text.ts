/** For sorting: code units, not the order of a locale, so that every machine writes the same file. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
