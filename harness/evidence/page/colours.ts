/** A colour for each theme, as #rrggbb. */
interface Colour {
  readonly light: string;
  readonly dark: string;
}

/** Every colour of the page. The style sheet is made of these, and a test computes their contrast. */
export const colours = {
  page: { light: '#ffffff', dark: '#0f1318' },
  surface: { light: '#f5f7f9', dark: '#171c23' },
  text: { light: '#1b1f24', dark: '#e6eaef' },
  muted: { light: '#545d68', dark: '#a3adb9' },
  line: { light: '#cfd6dd', dark: '#38414c' },
  link: { light: '#0a52a8', dark: '#7fb9ff' },
  met: { light: '#116329', dark: '#5fd682' },
  'met-tint': { light: '#e2f4e6', dark: '#12301c' },
  'at-risk': { light: '#7a4a00', dark: '#e8b650' },
  'at-risk-tint': { light: '#fcf0d5', dark: '#33270c' },
  breached: { light: '#a9141b', dark: '#ff928b' },
  'breached-tint': { light: '#fce8e7', dark: '#3c1618' },
  unproven: { light: '#5735b0', dark: '#c1abff' },
  'unproven-tint': { light: '#eee8fb', dark: '#291f4a' },
  'not-run': { light: '#545d68', dark: '#a3adb9' },
  'not-run-tint': { light: '#eceff2', dark: '#232a33' },
  measured: { light: '#2a67ad', dark: '#6ea8ec' },
  budgeted: { light: '#6f7a86', dark: '#8b96a3' },
  band: { light: '#c9dcf2', dark: '#1f3a5a' },
} as const satisfies Readonly<Record<string, Colour>>;

export type ColourName = keyof typeof colours;
export type Theme = 'light' | 'dark';
