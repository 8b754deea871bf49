import { IndeterminateWriteError, type MarkerLane, untilAborted } from 'dr-contracts/spi';
import pg from 'pg';
import { DRILL_SCHEMA } from './content.ts';

const ROWS_AT_ONCE = 1_000;
/** The server ends, or the connection is lost: the write may have been committed. */
const ENDING = /^(57P0[1-4]|08...|40003)$/;
/** SQL states of a missing database or table. */
const ABSENT = /^(3D000|3F000|42P01)$/;

/** Markers in a separate table, one transaction each. The table's own position gives the order of writing. */
export class Lane implements MarkerLane, AsyncDisposable {
  readonly name = 'table of markers';
  readonly #connect: () => pg.Client;
  #client: pg.Client | undefined;

  constructor(connect: () => pg.Client) {
    this.#connect = connect;
  }

  async write(sequence: number, body: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // A failed connection refuses the write, because nothing was sent yet.
    const client = await this.#connected();
    const text = `insert into ${DRILL_SCHEMA}.markers (sequence, body) values ($1, $2)`;
    try {
      await untilAborted(client.query(text, [sequence, body]), signal);
    } catch (error) {
      await this.#drop();
      if (error instanceof pg.DatabaseError && error.code !== undefined && !ENDING.test(error.code)) throw error;
      throw new IndeterminateWriteError(`nobody knows whether marker ${sequence} was committed`, { cause: error });
    }
  }

  async *read(signal: AbortSignal) {
    const client = this.#connect();
    try {
      await client.connect();
      let after = '0';
      for (;;) {
        signal.throwIfAborted();
        const { rows } = await client.query<{ position: string; sequence: number; body: string }>(
          `select position, sequence, body from ${DRILL_SCHEMA}.markers where position > $1 order by position limit ${ROWS_AT_ONCE}`,
          [after],
        );
        for (const { sequence, body } of rows) yield { sequence, body };
        const last = rows.at(-1);
        if (last === undefined) return;
        after = last.position;
      }
    } catch (error) {
      // If a restore brought no table, there are no markers.
      if (error instanceof pg.DatabaseError && ABSENT.test(error.code ?? '')) return;
      throw error;
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drop();
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const client = this.#connect();
    await client.connect();
    this.#client = client;
    return client;
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }
}
