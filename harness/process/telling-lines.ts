const SHOWN = 3;
const LONGEST = 400;

/** Lines that say where a program was and not what went wrong: stack frames, source excerpts, carets, fields of a printed error. */
const FRAMES: readonly RegExp[] = [
  // Node and Java: `    at resolve (node:internal/…)`, `\t... 12 more`.
  /^\s+at\s/,
  /^\s*\.\.\. \d+ more$/,
  /^\s*Node\.js v\d/,
  /^(node:|file:\/\/|\/)\S+:\d+$/,
  /^\s*[\^~]+\s*$/,
  // Fields of an error object that Node prints after its stack: `  code: 'ERR_MODULE_NOT_FOUND',`, `}`.
  /^\s+(code|errno|syscall|path|spawnargs|address|port|url|cause|\[cause\]|\[errors\])\b.*,?$/,
  /^\s*[[\]{}]+,?\s*$/,
  // Python: `Traceback (most recent call last):`, `  File "x.py", line 1, in <module>`.
  /^\s*Traceback \(most recent call last\):/,
  /^\s+File ".*", line \d+/,
  /^During handling of the above exception/,
  /^The above exception was the direct cause/,
  // Go: `goroutine 1 [running]:`, `main.main()`, `\t/src/main.go:12 +0x1d`.
  /^goroutine \d+ \[/,
  /^\s+\S+\.go:\d+( \+0x[0-9a-f]+)?$/,
  /^[\w./*()@-]+\((0x[0-9a-f]+|\{|\.\.\.|[, ])*.*\)$/,
  /^created by /,
  /^exit status \d+$/,
  // Ruby and Perl: `\tfrom x.rb:12:in 'main'`.
  /^\s+from \S+:\d+/,
];

/** What names the trouble itself: an error of a language's run time, or of a shell. */
const NAMES_IT =
  /(^|[\s\]:])([A-Za-z_.]*(Error|Exception)\b(\s\[\w+\])?:)|^(panic|fatal|error|fatal error|caused by):|: (command not found|not found|No such file or directory|Permission denied|Read-only file system|unbound variable|cannot execute)|\bcannot load such file\b|\bCan't locate\b|\bis not set\b/i;

/**
 * The lines of a failed program that say what is wrong, at most three: the last line that names an error, and what the program
 * said last. Stack frames are left out. Standard error is read first; standard output counts where that says nothing.
 */
export function tellingLines(stderr: string, stdout: string): readonly string[] {
  const fromErrors = said(stderr);
  const fromOutput = said(stdout);
  const named = fromErrors.findLast(namesIt) ?? fromOutput.findLast(namesIt);
  const last = (fromErrors.length > 0 ? fromErrors : fromOutput).slice(-SHOWN);
  if (named === undefined || last.includes(named)) return last;
  return [named, ...last.slice(1)].slice(0, SHOWN);
}

const namesIt = (line: string): boolean => NAMES_IT.test(line);

function said(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const telling = lines.filter((line, index) => !isFrame(line) && !isExcerpt(lines, index));
  // A program that printed nothing but frames is still shown with its last lines.
  return (telling.length > 0 ? telling : lines.slice(-SHOWN)).map((line) => shortened(line.trim()));
}

const isFrame = (line: string): boolean => FRAMES.some((frame) => frame.test(line));

/** The line of source code that Node prints below the location, and Python, indented further, below each `File "…", line …`. */
function isExcerpt(lines: readonly string[], index: number): boolean {
  const [line = '', before = ''] = [lines[index], lines[index - 1]];
  if (/^(node:|file:\/\/|\/)\S+:\d+$/.test(before)) return true;
  return /^\s{4}/.test(line) && [before, lines[index - 2] ?? ''].some((one) => /^\s+File ".*", line \d+/.test(one));
}

const shortened = (line: string): string => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line);
