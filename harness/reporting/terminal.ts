import picocolors from 'picocolors';
import type { Verdict } from '../model/record.ts';

/** Capabilities of an output. */
export interface TerminalTraits {
  /** True if lines can be redrawn: a terminal that is neither dumb nor a CI log. */
  readonly live: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
  readonly unicode: boolean;
}

export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Width for an output of unknown width (a log, a file). */
const COLUMNS_ELSEWHERE = 100;

/** Respects `NO_COLOR` (https://no-color.org: any non-empty value) and `FORCE_COLOR`. */
export function traitsOf(stream: OutputStream, environment: Environment): TerminalTraits {
  const terminal = stream.isTTY === true && environment.TERM !== 'dumb';
  const noColour = (environment.NO_COLOR ?? '') !== '';
  const forced = !['', '0', 'false'].includes(environment.FORCE_COLOR ?? '');
  return {
    live: terminal && (environment.CI ?? '') === '',
    columns: stream.columns ?? COLUMNS_ELSEWHERE,
    rows: stream.rows ?? 24,
    colour: !noColour && (terminal || forced),
    unicode: terminal && environment.TERM !== 'linux' && speaksUtf8(environment),
  };
}

/** The first variable that is set decides, as in POSIX. */
function speaksUtf8(environment: Environment): boolean {
  const locale = [environment.LC_ALL, environment.LC_CTYPE, environment.LANG].find(
    (value) => value !== undefined && value !== '',
  );
  return /utf-?8/i.test(locale ?? '');
}

export interface Symbols {
  readonly rule: string;
  readonly none: string;
  readonly ellipsis: string;
  readonly spinner: readonly string[];
  readonly verdicts: Readonly<Record<Verdict, string>>;
}

const UNICODE: Symbols = {
  rule: '─',
  none: '–',
  ellipsis: '…',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  verdicts: { met: '✔', 'at-risk': '▲', breached: '✘', unproven: '?' },
};

const ASCII: Symbols = {
  rule: '-',
  none: '-',
  ellipsis: '...',
  spinner: ['|', '/', '-', '\\'],
  verdicts: { met: '+', 'at-risk': '!', breached: 'x', unproven: '?' },
};

export function symbolsFor(traits: TerminalTraits): Symbols {
  return traits.unicode ? UNICODE : ASCII;
}

export interface Palette {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly verdict: (verdict: Verdict, text: string) => string;
}

export function paletteFor(traits: TerminalTraits): Palette {
  const colours = picocolors.createColors(traits.colour);
  const byVerdict: Record<Verdict, (text: string) => string> = {
    met: colours.green,
    'at-risk': colours.yellow,
    breached: colours.red,
    unproven: colours.magenta,
  };
  return { dim: colours.dim, bold: colours.bold, verdict: (verdict, text) => byVerdict[verdict](text) };
}
