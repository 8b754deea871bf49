import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Sequences as ranges, e.g. 1 to 4 and 6 to 9. */
type Ranges = readonly (readonly [from: number, to: number])[];

/** The data in one object on all markers that were written to it: the last one in full, the others by number and by one digest. */
export interface Register {
  readonly sequence: number;
  readonly body: string;
  readonly written: Ranges;
  /** A chain of digests over every marker so far. */
  readonly proof: string;
}

const registerText = z.object({
  sequence: z.int(),
  body: z.string(),
  written: z.array(z.tuple([z.int(), z.int()])),
  proof: z.string(),
});

/** Returns the register after one more marker. */
export function withMarker(register: Register | undefined, sequence: number, body: string): Register {
  const written = register?.written ?? [];
  const last = written.at(-1);
  const grown: Ranges =
    last !== undefined && last[1] === sequence - 1
      ? [...written.slice(0, -1), [last[0], sequence]]
      : [...written, [sequence, sequence]];
  return { sequence, body, written: grown, proof: proofOf(register?.proof ?? '', sequence, body) };
}

export const textOf = (register: Register): string => JSON.stringify(register);

/** Returns the register in a text; undefined if there is none. */
export function registerIn(text: string): Register | undefined {
  try {
    return registerText.parse(JSON.parse(text));
  } catch {
    // A text that a restore has damaged is no register.
    return undefined;
  }
}

/**
 * Yields the markers of a register. All bodies but the last are taken from the written ones, if their proof is correct.
 * @param bodies the written bodies, by sequence.
 */
export function* markersIn(
  register: Register,
  bodies: ReadonlyMap<number, string>,
): Generator<{ sequence: number; body: string }> {
  const isProved = proofOver(register, bodies) === register.proof;
  for (const sequence of sequencesIn(register.written)) {
    const body = isProved ? bodies.get(sequence) : 'not what was written: the proof over the markers does not match';
    yield { sequence, body: sequence === register.sequence ? register.body : (body ?? '') };
  }
}

function proofOver({ written }: Register, bodies: ReadonlyMap<number, string>): string {
  let proof = '';
  for (const sequence of sequencesIn(written)) proof = proofOf(proof, sequence, bodies.get(sequence) ?? '');
  return proof;
}

function* sequencesIn(ranges: Ranges): Generator<number> {
  for (const [from, to] of ranges) for (let sequence = from; sequence <= to; sequence += 1) yield sequence;
}

const proofOf = (before: string, sequence: number, body: string): string =>
  createHash('sha256').update(`${before}\n${sequence}\n${body}`).digest('hex');
