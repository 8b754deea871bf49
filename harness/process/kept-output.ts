/** How many bytes of each of a program's outputs are kept: the last ones. */
export const KEPT_OUTPUT_BYTES = 128 * 1024;
const KEPT_WARNINGS = 100;

/** Collects the lines in which a program warned, the first hundred, secrets left out. */
export class Warnings {
  readonly #redact: (text: string) => string;
  readonly #lines: string[] = [];

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  readonly look = (line: string): void => {
    if (/\bwarn/i.test(line) && this.#lines.length < KEPT_WARNINGS) this.#lines.push(this.#redact(line));
  };
}
