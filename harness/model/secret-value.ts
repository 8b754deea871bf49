import { ExplainedError } from './errors.ts';

/** A value that its author declared secret. It reaches the programs of a drill; a text or a record never shows it. */
export class SecretValue {
  readonly #value: string | undefined;

  constructor(value: string | undefined) {
    this.#value = value;
  }

  /** @throws {ExplainedError} when there is no value: the variable of the environment that it was read from is not set. */
  reveal(variable: string): string {
    if (this.#value !== undefined && this.#value !== '') return this.#value;
    throw new ExplainedError({
      thing: `variable ${variable}`,
      expected: 'the value that the contract declares as secret(…)',
      observed: 'it is empty or not set',
      nextStep: 'Set it in the environment in which the drill is started.',
    });
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return 'secret(***)';
  }
}

/**
 * Declares a value secret: `environment: { GPG_PASSPHRASE: secret(process.env.GPG_PASSPHRASE) }`. The drill's programs get the value;
 * every text and record shows `***` in its place. A value that is not set fails the drill that needs it, and no other.
 */
export const secret = (value: string | undefined): SecretValue => new SecretValue(value);
