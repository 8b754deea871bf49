import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Sequences as ranges, e.g. 1 to 4 and 6 to 9. */
type Ranges = readonly (readonly [from: number, to: number])[];

/** What one object says about all markers that were written to it: the last one whole, the others by number and by one digest. */
export interface Register {
  readonly sequence: number;
  readonly body: string;
  readonly written: Ranges;
  /** Over every marker so far, each digest made from the one before it. */
  readonly proof: string;
}

const registerText = z.object({
  sequence: z.int(),
  body: z.string(),
  written: z.array(z.tuple([z.int(), z.int()])),
  proof: z.string(),
});

/** The register after one more marker. */
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

/** The register that a text holds; undefined when it holds none. */
export function registerIn(text: string): Register | undefined {
  try {
    return registerText.parse(JSON.parse(text));
  } catch {
    // A text that a restore has spoilt is no register.
    return undefined;
  }
}

/**
 * The markers that a register holds. The bodies of all but the last are those that were written, if the proof over them is right.
 * @param bodies what was written, by sequence.
 */
export function* markersIn(
  register: Register,
  bodies: ReadonlyMap<number, string>,
): Generator<{ sequence: number; body: string }> {
  const isProved = proofOver(register, bodies) === register.proof;
  for (const sequence of sequencesIn(register.written)) {
    const body = isProved ? bodies.get(sequence) : 'not what was written: the proof over the markers is another one';
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
